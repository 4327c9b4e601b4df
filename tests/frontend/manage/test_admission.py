"""Who is let in to the management API, by which door."""

from __future__ import annotations

import hashlib
import socket
from pathlib import Path

import attrs
import pytest
import trio

from argus_trio.config.model.backend import HttpBackend
from argus_trio.config.model.config import Config
from argus_trio.config.model.server import Server, ServerLimits, ServerManagement
from argus_trio.core.access.access import Access, nobody_manages
from argus_trio.core.access.arrival import RequestArrival, Unadmitted
from argus_trio.core.access.forwarded import TrustedProxies
from argus_trio.core.access.principal import ANONYMOUS, OPERATOR, Principal, operator
from argus_trio.errors import ListenFailed
from argus_trio.frontend.gateway import Management
from argus_trio.frontend.http.receive_queue import ReceiveQueue
from argus_trio.frontend.http.request import AsgiScope, Door, IncomingRequest
from argus_trio.frontend.http.served_settings import CurrentSettings, ManagementAccess, ServedSettings
from argus_trio.frontend.manage.admission import Doorkeeper, may_stream_on
from argus_trio.frontend.manage.answer import ManageProblem
from argus_trio.frontend.server.listeners import open_listeners
from argus_trio.frontend.server.socket_activation import Inherited
from tests.frontend.support.serving import Answer, Client, Served, ask, call, connected, initialized, serving

TOKEN = "0123456789abcdef"
DIGEST = hashlib.sha256(TOKEN.encode()).digest()
BEARER = {"authorization": f"Bearer {TOKEN}"}
WITH_TOKEN = Server(port=0, management=ServerManagement(token=TOKEN))
ELSEWHERE = "198.51.100.7"
PATH = "/manage/v1/backends"


async def asked(served: Served, headers: dict[str, str] | None = None, path: str = PATH) -> Answer:
    return await ask(served, "GET", path, headers)


def own(served: Served) -> str:
    return f"127.0.0.1:{served.port}"


@pytest.mark.parametrize("written", [TOKEN, f"sha256:{DIGEST.hex()}"])
async def test_the_token_lets_in_and_nothing_else_does(written: str) -> None:
    async with serving(settings=Server(port=0, management=ServerManagement(token=written))) as served:
        for scheme in ("Bearer", "bearer", "BEARER"):
            assert (await asked(served, {"authorization": f"{scheme} {TOKEN}"})).status == 200
        without = await asked(served)
        assert (without.status, without.headers["www-authenticate"]) == (401, 'Bearer realm="argus"')
        assert without.json["error"] == "unauthorized"
        assert without.json["detail"] == "credentials are needed here: Authorization: Bearer TOKEN"
        for wrong in (f"Bearer {TOKEN}x", f"Bearer {TOKEN}, Bearer {TOKEN}", f"Bearer sha256:{DIGEST.hex()}"):
            answer = await asked(served, {"authorization": wrong})
            assert (answer.status, 'error="invalid_token"' in answer.headers["www-authenticate"]) == (401, True)
        assert (await asked(served, {"authorization": f"Basic {TOKEN}"})).status == 401
        for probe in ("/manage/v1/health", "/manage/v1/ready"):
            assert (await asked(served, path=probe)).status == 200
        assert (await asked(served, path="/manage/v1/nothing")).status == 401  # which tells nothing of what there is


@pytest.mark.parametrize(
    ("origin", "site", "status"),
    [
        (None, None, 200),
        (None, "none", 200),
        (None, "same-origin", 200),
        ("http://{own}", None, 200),
        ("HTTP://{own}", "same-origin", 200),
        ("http://{own}", "cross-site", 403),
        (None, "cross-site", 403),
        (None, "same-site", 403),
        ("https://{own}", None, 403),
        ("http://127.0.0.1:1", None, 403),
        ("http://127.0.0.1", None, 403),
        ("http://localhost:{port}", None, 403),
        ("https://listed.example", None, 403),
        ("https://argus.example", None, 200),
        ("https://argus.example.evil.example", None, 403),
        ("null", None, 403),
        ("", None, 403),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
async def test_no_page_of_another_origin_is_answered(
    method: str, origin: str | None, site: str | None, status: int
) -> None:
    settings = Server(port=0, allowed_origins=("https://listed.example",), public_url="https://argus.example/tools")
    async with serving(settings=settings) as served:
        headers = {} if origin is None else {"origin": origin.format(own=own(served), port=served.port)}
        headers |= {} if site is None else {"sec-fetch-site": site}
        answer = await ask(served, method, PATH, headers)
    good = {"GET": 200, "HEAD": 200, "OPTIONS": 204, "POST": 405}
    assert answer.status == (good[method] if status == 200 else 403)
    assert not any(name.startswith("access-control") for name in answer.headers)
    if status != 200 and method != "HEAD":
        assert answer.json["error"] == "wrong_origin"


async def test_its_own_page_may_ask_by_every_name_of_the_gateway() -> None:
    async with serving(settings=Server(port=0, allowed_hosts=("argus.example",))) as served:
        for host in ("argus.example", f"localhost:{served.port}"):
            assert (await asked(served, {"host": host, "origin": f"http://{host}"})).status == 200
        answer = await asked(served, {"host": "evil.example", "origin": "http://evil.example"})
    assert (answer.status, answer.json["error"]) == (421, "wrong_host")


@pytest.mark.parametrize("path", [PATH, "/manage/v1/health", "/manage/v1/nothing", "/manage/x"])
@pytest.mark.parametrize("headers", [{}, {"origin": "http://evil.example"}, {"host": "evil.example"}, BEARER])
async def test_nothing_is_kept_by_whoever_it_passes(path: str, headers: dict[str, str]) -> None:
    async with serving(settings=WITH_TOKEN) as served:
        for method in ("GET", "HEAD", "DELETE", "POST"):
            answer = await ask(served, method, path, headers)
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert (answer.body == b"") == (method == "HEAD")


async def test_wrong_tokens_are_held_back_and_right_ones_are_not() -> None:
    async with serving(settings=WITH_TOKEN) as served:
        began = trio.current_time()
        for _ in range(10):
            await asked(served, {"authorization": "Bearer wrong"})
        free = trio.current_time() - began
        for _ in range(3):
            assert (await asked(served, {"authorization": "Bearer wrong"})).status == 401
        held = trio.current_time() - began - free
        began = trio.current_time()
        assert (await asked(served, BEARER)).status == 200
        assert held > 0.0625 + 0.125 + 0.25
        assert trio.current_time() - began < held


def requested(
    fields: dict[str, str] | None = None, *, address: str = "127.0.0.1", door: Door | None = None
) -> IncomingRequest:
    """A request with these header fields from an address, or by another door."""
    scope: AsgiScope = {
        "method": "GET",
        "path": PATH,
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in (fields or {}).items()],
        "extensions": {"argus.disconnect": ReceiveQueue()},
        "client": (address, 1) if address else None,
    }
    if door is not None:
        scope["state"] = {"door": door}
    return IncomingRequest.of(scope, None, None)  # type: ignore[arg-type]  # nothing is received or sent


async def judged(
    access: Access,
    settings: Server = WITH_TOKEN,
    *,
    fields: dict[str, str] | None = None,
    address: str = "127.0.0.1",
    door: Door | None = None,
) -> Principal:
    """Who asks, as the doorkeeper of a process of user 7 has it."""
    http = requested(fields, address=address, door=door)
    current = CurrentSettings(ServedSettings.of(settings, access=access))
    doorkeeper = Doorkeeper(settings=current, process_user=7)
    if door is not None:
        doorkeeper.require_own_page(http, is_probe=False)
    await doorkeeper.let_in(http, access)
    return http.principal


async def test_beyond_loopback_somebody_has_to_say_who_asks() -> None:
    plain = Server()
    for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1", ""):
        assert await judged(Access(), plain, address=address) is ANONYMOUS
    with pytest.raises(ManageProblem, match=r"loopback alone; set server\.management\.token") as refused:
        await judged(Access(), plain, address=ELSEWHERE)
    assert refused.value.word == "forbidden"
    assert (await judged(Access(), address=ELSEWHERE, fields=BEARER)).name == OPERATOR


async def test_behind_a_proxy_the_clients_address_counts() -> None:
    behind = Access(trusted_proxies=TrustedProxies.of(["127.0.0.1"]))
    fields = {"x-forwarded-for": ELSEWHERE}
    with pytest.raises(ManageProblem, match="loopback alone"):
        await judged(behind, Server(), fields=fields)
    assert await judged(Access(), Server(), fields=fields) is ANONYMOUS  # what nobody trusted says counts for nothing
    with pytest.raises(ManageProblem, match="loopback alone"):
        await judged(behind, Server(), address=ELSEWHERE, fields={"x-forwarded-for": "127.0.0.1"})


async def test_the_loopback_of_a_proxy_elsewhere_is_not_ours() -> None:
    behind = Access(trusted_proxies=TrustedProxies.of([ELSEWHERE]))
    for told in ("127.0.0.1", "::1", "[::1]:80", "127.0.0.1, 127.0.0.1"):
        with pytest.raises(ManageProblem, match="loopback alone"):
            await judged(behind, Server(), address=ELSEWHERE, fields={"x-forwarded-for": told})


async def admits_ops(arrival: RequestArrival) -> Principal:
    given = arrival.fields.get(b"authorization")
    if given == b"Bearer ops":
        return Principal(name="ops")
    if given is not None:
        raise Unadmitted("unauthorized", "who are you?")
    return ANONYMOUS


RIGHTLESS = Access(admit=admits_ops, authenticates=True, may_manage=nobody_manages)


async def test_others_are_who_they_are_for_mcp_and_nobody_comes_without_saying_so() -> None:
    asking = RIGHTLESS
    assert (await judged(asking, fields={"authorization": "Bearer ops"})).name == "ops"
    assert await judged(asking, fields=BEARER) == operator(DIGEST)
    with pytest.raises(Unadmitted):
        await judged(asking, fields={"authorization": "Bearer wrong"})
    with pytest.raises(ManageProblem, match="credentials are needed"):
        await judged(asking)
    assert await judged(asking, Server(), address=ELSEWHERE) is ANONYMOUS  # whom rules judge, as ever
    assert asking.may_manage(operator(), "admin")
    assert not asking.may_manage(ANONYMOUS, "read")


async def test_over_the_socket_the_user_decides_and_nothing_that_is_sent() -> None:
    sent = {"origin": "http://evil.example", **BEARER}
    for user in (7, 0):
        assert await judged(Access(), fields=sent, door=Door(serves="management", peer=user)) == operator()
    with pytest.raises(ManageProblem, match="for the user that runs the gateway"):
        await judged(Access(), fields=sent, door=Door(serves="management", peer=8))


def opened_by(principal: Principal, door: Door | None = None) -> IncomingRequest:
    http = requested(door=door)
    http.principal = principal
    return http


def test_what_an_old_token_opened_ends_at_a_reload() -> None:
    now, without = ServedSettings.of(WITH_TOKEN), ServedSettings.of(Server())
    by_socket = Door(serves="management", peer=7)
    assert may_stream_on(opened_by(operator(DIGEST)), now)
    assert not may_stream_on(opened_by(operator(hashlib.sha256(b"old").digest())), now)
    assert not may_stream_on(opened_by(operator(DIGEST)), without)
    assert may_stream_on(opened_by(operator(), by_socket), without)
    assert not may_stream_on(opened_by(ANONYMOUS), now)
    assert may_stream_on(opened_by(ANONYMOUS), without)
    gone = attrs.evolve(now, access=Access(stands=lambda _: False))
    assert not may_stream_on(opened_by(Principal(name="ops")), gone)


def test_a_reload_changes_the_token_and_not_whether_there_is_a_socket(tmp_path: Path) -> None:
    current = CurrentSettings(ServedSettings.of(Server()))
    with_socket = ServerManagement(socket=str(tmp_path / "a"), token=TOKEN)
    current.renew(ServedSettings.of(Server(management=with_socket)))
    assert current.now.management == ManagementAccess(digest=DIGEST, has_socket=False)
    assert TOKEN not in repr(current.now)
    assert DIGEST.hex() not in repr(current.now)


async def test_every_door_is_opened_and_serves_what_is_its(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    management = ServerManagement(listen="127.0.0.1:0", socket=str(path))
    settings = Server(port=0, management=management)
    opened = await open_listeners(CurrentSettings(ServedSettings.of(settings)))
    assert [each.door.serves for each in opened.listeners] == ["clients", "management", "management"]
    assert opened.management_urls[0].startswith("http://127.0.0.1:")
    assert opened.management_urls[1] == f"unix:{path}"
    assert opened.has_users_socket
    for each in opened.listeners:
        await each.aclose()
    assert not path.exists()


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_door_that_cannot_be_opened_closes_the_others(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for management, words in (
            (
                ServerManagement(listen=f"127.0.0.1:{port}"),
                r"in use; .* another server\.management\.listen",
            ),
            (ServerManagement(listen="192.0.2.1:0"), r"server\.management\.listen that is an address"),
            (ServerManagement(socket=str(tmp_path / "none" / "a.sock")), "make its folder"),
        ):
            before = descriptors()
            with pytest.raises(ListenFailed, match=words):
                await open_listeners(CurrentSettings(ServedSettings.of(Server(port=0, management=management))))
            assert descriptors() == before


async def test_sockets_of_the_service_manager_may_be_for_operators(tmp_path: Path) -> None:
    given = socket.socket(socket.AF_UNIX)
    given.bind(str(tmp_path / "given.sock"))
    given.listen()
    async with serving(inherited=[Inherited(given, "descriptor 3 (management)", "management")]) as served:
        assert served.url.startswith("http://127.0.0.1:")  # clients have their own address as ever
        assert (await asked(served)).status == 401  # for there is a socket to come by
        assert (await over_unix(tmp_path / "given.sock")).status == 200
    assert (tmp_path / "given.sock").is_socket()
    given = socket.create_server(("127.0.0.1", 0))
    async with serving(inherited=[Inherited(given, "descriptor 3 (management)", "management")]) as served:
        assert (await asked(served)).status == 404  # for it is served elsewhere
        async with await trio.open_tcp_stream("127.0.0.1", given.getsockname()[1]) as stream:
            assert (await Client(stream, "localhost").ask("GET", PATH)).status == 200


async def over_unix(path: Path) -> Answer:
    stream = await trio.open_unix_socket(str(path))
    async with stream:
        return await Client(stream, "any.example").ask("GET", PATH)


async def test_operators_come_in_over_the_socket_when_clients_fill_the_gateway(tmp_path: Path) -> None:
    limits = ServerLimits(connections=1, requests=1)
    management = ServerManagement(socket=str(tmp_path / "a.sock"))
    async with serving(settings=Server(port=0, limits=limits, management=management)) as served:
        headers = await initialized(served)
        async with connected(served) as client:
            await client.send("POST", "/mcp", headers, call("wait"))
            await served.backstage.waiting.wait()
            assert (await asked(served)).status == 503
            assert (await over_unix(tmp_path / "a.sock")).status == 200


async def test_where_management_is_elsewhere_its_paths_are_as_any_where_nothing_is() -> None:
    settings = Server(port=0, management=ServerManagement(listen="127.0.0.1:0", token=TOKEN))
    async with serving(settings=settings) as served:
        answers = [await asked(served, BEARER, path) for path in (PATH, "/manage/v1/", "/manage", "/nothing")]
        assert [each.status for each in answers] == [404] * 4
        assert len({each.body for each in answers}) == 1
        for probe in ("/manage/v1/health", "/manage/v1/ready/"):
            assert (await asked(served, path=probe)).status == 200


async def test_a_stream_ends_when_a_reload_changes_the_token_or_takes_the_right_away() -> None:
    backend = HttpBackend(name="files", url="http://127.0.0.1:1/mcp")
    management = Management(config=lambda: Config(backends={"files": backend}))
    asking = Access(admit=admits_ops, authenticates=True)
    settings = ServedSettings.of(WITH_TOKEN, access=asking)
    other_token = Server(port=0, management=ServerManagement(token=TOKEN[::-1]))
    async with serving(settings=WITH_TOKEN, management=management) as served:
        for fields, before, after in (
            (BEARER, settings, ServedSettings.of(other_token, access=asking)),
            ({"authorization": "Bearer ops"}, settings, attrs.evolve(settings, access=RIGHTLESS)),
        ):
            served.settings.renew(before)
            async with connected(served) as client:
                await client.send("GET", "/manage/v1/logs/files?follow=true", fields)
                status, headers = await client.head()
                assert (status, headers["cache-control"]) == (200, "no-store")
                served.settings.renew(before)
                await client.part()  # it goes on
                served.settings.renew(after)
                async for _ in client.parts():
                    pass
