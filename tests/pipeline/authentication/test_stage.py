"""Who is let in by credentials of the file or a proxy's word, and what becomes of everybody else."""

from __future__ import annotations

import hashlib

import pytest
import trio
from structlog.testing import capture_logs

from argus_trio.core.access.principal import ANONYMOUS, Principal
from argus_trio.core.journal import Journal
from argus_trio.pipeline.authentication.stage import MOST_HELD
from argus_trio.pipeline.pipeline import Pipeline
from tests.pipeline.support.arrivals import admitted, arrival, bearer, pipeline_of, refused

OPS = "ops-token-0123456789abcdef"
HASHED = "hashed-token-0123456789abcdef"
KEY = "ci-key-0123456789abcdef"
PLAIN = 'Bearer realm="argus"'
WRONG = f'{PLAIN}, error="invalid_token", error_description='
BEARER = f"""
      - type: bearer
        tokens:
          - {{token: {OPS}, principal: ops, roles: [admin]}}
          - {{token: 'sha256:{hashlib.sha256(HASHED.encode()).hexdigest().upper()}', principal: hashed}}"""
API_KEY = f"""
      - type: api_key
        keys: [{{key: {KEY}, principal: ci, roles: [reader]}}]"""
PROXY = """
      - {type: header, header: X-Forwarded-User, roles_header: X-Forwarded-Groups}"""
ANONYMOUS_GUEST = """
    anonymous: {roles: [guest]}"""


def made(*methods: str, anonymous: bool = False, journal: Journal | None = None) -> Pipeline:
    listed = "".join(methods)
    return pipeline_of(
        f"""
server: {{trusted_proxies: [10.0.0.0/8]}}
middleware:
  - type: authentication
    methods:{listed}{ANONYMOUS_GUEST if anonymous else ""}
""",
        journal=journal,
    )


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_a_token_of_the_file_stands_for_its_principal(scheme: str) -> None:
    found = await admitted(made(BEARER), arrival({"Authorization": f"{scheme} {OPS}"}))
    assert found == Principal(name="ops", roles=frozenset({"admin"}), method="bearer")


async def test_a_token_may_stand_in_the_file_as_its_digest_and_the_digest_itself_lets_nobody_in() -> None:
    pipeline = made(BEARER)
    assert (await admitted(pipeline, bearer(HASHED))).name == "hashed"
    digest = hashlib.sha256(HASHED.encode()).hexdigest()
    for text in (f"sha256:{digest}", digest):
        assert (await refused(pipeline, bearer(text))).status == 401


async def test_a_key_of_the_file_stands_for_its_principal() -> None:
    found = await admitted(made(API_KEY), arrival({"X-API-Key": f" {KEY} "}))
    assert found == Principal(name="ci", roles=frozenset({"reader"}), method="api_key")


async def test_a_proxys_word_counts_where_it_comes_from_a_trusted_proxy() -> None:
    fields = {"X-Forwarded-User": "zoë", "X-Forwarded-Groups": "reader, , admin"}
    found = await admitted(made(PROXY), arrival(fields, is_from_proxy=True))
    assert found == Principal(name="zoë", roles=frozenset({"reader", "admin"}), method="header")


async def test_who_is_no_proxy_names_nobody() -> None:
    fields = {"X-Forwarded-User": "zoe", "X-Forwarded-Groups": "admin"}
    assert (await refused(made(PROXY), arrival(fields))).error == "unauthorized"
    found = await admitted(made(PROXY, anonymous=True), arrival(fields))
    assert (found.name, found.roles) == ("anonymous", frozenset({"guest"}))


@pytest.mark.parametrize("name", ["", "zoe, ann", "idp.example/zoe", "ops", "anonymous", "operator", "a\tb", "x" * 257])
async def test_a_proxys_word_that_names_nobody_or_somebody_elses_name_is_refused(name: str) -> None:
    request = arrival({"X-Forwarded-User": name}, is_from_proxy=True)
    assert (await refused(made(PROXY, BEARER, anonymous=True), request)).error == "invalid_token"


async def test_who_brings_nothing_is_anonymous_where_that_is_written_and_else_refused() -> None:
    found = await admitted(made(BEARER, anonymous=True), arrival())
    assert found == Principal(name=ANONYMOUS.name, roles=frozenset({"guest"}))
    refusal = await refused(made(BEARER), arrival())
    assert (refusal.status, refusal.error, refusal.challenge) == (401, "unauthorized", PLAIN)
    assert refusal.message == "credentials are needed here: Authorization: Bearer TOKEN"
    both = await refused(made(API_KEY, PROXY, BEARER), arrival())
    assert both.message == "credentials are needed here: X-API-Key: KEY or Authorization: Bearer TOKEN"


@pytest.mark.parametrize(
    "value",
    ["Bearer wrong", "Bearer", "Bearer ", "", " ", f"Bearer {OPS}x", f"Bearer {OPS}, Bearer {OPS}",
     f"Bearer {'x' * 20_000}", "Bearer a.b.c", f"Bearer {OPS} ", f"Bearer ü{OPS}"],
)  # fmt: skip
async def test_a_wrong_token_is_refused_and_nobody_is_anonymous_by_it(value: str) -> None:
    request = arrival({"Authorization": value})
    if value.strip() == f"Bearer {OPS}":
        assert (await admitted(made(BEARER), request)).name == "ops"
        return
    for anonymous in (True, False):
        refusal = await refused(made(BEARER, anonymous=anonymous), request)
        assert (refusal.status, refusal.error) == (401, "invalid_token")
        assert refusal.challenge is not None
        assert refusal.challenge.startswith(WRONG)


@pytest.mark.parametrize("value", ["Basic b3BzOm9wcw==", f"Token {OPS}", f"DPoP {OPS}", OPS])
async def test_another_scheme_is_no_token_and_not_anonymous_either(value: str) -> None:
    for pipeline in (made(BEARER, anonymous=True), made(API_KEY, anonymous=True), made(BEARER)):
        refusal = await refused(pipeline, arrival({"Authorization": value}))
        assert (refusal.status, refusal.challenge) == (401, PLAIN)


async def test_another_scheme_does_not_keep_out_who_brings_something_that_is_read() -> None:
    fields = {"Authorization": "Basic eDp5", "X-Forwarded-User": "zoe", "X-API-Key": KEY}
    assert (await admitted(made(BEARER, PROXY), arrival(fields, is_from_proxy=True))).name == "zoe"
    assert (await admitted(made(BEARER, API_KEY), arrival(fields))).name == "ci"


async def test_the_first_method_of_the_file_whose_credential_is_there_decides() -> None:
    both = arrival({"Authorization": f"Bearer {OPS}", "X-API-Key": KEY})
    assert (await admitted(made(BEARER, API_KEY), both)).name == "ops"
    assert (await admitted(made(API_KEY, BEARER), both)).name == "ci"
    wrong = arrival({"Authorization": "Bearer wrong", "X-API-Key": KEY})
    assert (await refused(made(BEARER, API_KEY), wrong)).error == "invalid_token"
    assert (await admitted(made(API_KEY, BEARER), wrong)).name == "ci"


@pytest.mark.parametrize("value", ["", KEY[:-1], f"{KEY}, {KEY}", "x" * 20_000])
async def test_a_wrong_key_is_refused(value: str) -> None:
    assert (await refused(made(API_KEY, anonymous=True), arrival({"X-API-Key": value}))).error == "invalid_token"


async def test_a_key_is_no_token_and_a_token_no_key() -> None:
    pipeline = made(BEARER, API_KEY)
    await refused(pipeline, bearer(KEY))
    await refused(pipeline, arrival({"X-API-Key": OPS}))


async def test_static_tokens_have_no_metadata(autojump_clock: trio.abc.Clock) -> None:
    assert made(BEARER, API_KEY, PROXY).access.documents == {}


async def test_after_ten_wrong_ones_refusals_are_held_back_and_right_ones_never(
    autojump_clock: trio.abc.Clock,
) -> None:
    pipeline = made(BEARER)

    async def seconds(token: str) -> float:
        begun = trio.current_time()
        if token == OPS:
            await admitted(pipeline, bearer(token))
        else:
            await refused(pipeline, bearer(token))
        return trio.current_time() - begun

    assert [await seconds("wrong") for _ in range(10)] == [0.0] * 10
    held = [await seconds("wrong") for _ in range(7)]
    assert held == [0.0625, 0.125, 0.25, 0.5, 1.0, 1.0, 1.0]
    assert await seconds(OPS) == 0
    begun = trio.current_time()
    await refused(pipeline, arrival({"Authorization": "Bearer wrong"}, address="192.0.2.8"))
    assert trio.current_time() == begun
    await refused(pipeline, arrival())
    assert trio.current_time() == begun
    await trio.sleep(61)
    assert await seconds("wrong") == 0


async def test_refused_credentials_and_a_lock_out_are_noted_once_each(autojump_clock: trio.abc.Clock) -> None:
    journal = Journal(now=trio.current_time)
    pipeline = made(BEARER, journal=journal)
    for _ in range(15):
        await refused(pipeline, bearer("wrong"))
    refusal, locked = journal.since(1)[0]
    assert (refusal.stage, refusal.severity, refusal.details["address"]) == (
        "credentials_refused",
        "warning",
        "192.0.2.7",
    )
    assert (locked.stage, locked.severity, locked.details) == ("locked_out", "warning", {"address": "192.0.2.7"})


async def test_no_more_refusals_are_held_back_than_there_is_room_for(autojump_clock: trio.abc.Clock) -> None:
    pipeline = made(BEARER)
    answered = 0

    async def ask() -> None:
        nonlocal answered
        await refused(pipeline, bearer("wrong"))
        answered += 1

    async with trio.open_nursery() as nursery:
        for _ in range(MOST_HELD + 30):
            nursery.start_soon(ask)
        await trio.testing.wait_all_tasks_blocked()
        assert answered == 30


async def test_a_reload_keeps_the_count_of_wrong_ones(autojump_clock: trio.abc.Clock) -> None:
    before = made(BEARER)
    for _ in range(10):
        await refused(before, bearer("wrong"))
    method = "{type: api_key, keys: [{key: 0123456789abcdef, principal: a}]}"
    after = pipeline_of(f"middleware: [{{type: authentication, methods: [{method}]}}]", before)
    begun = trio.current_time()
    await refused(after, arrival({"X-API-Key": "wrong"}))
    assert trio.current_time() > begun


async def test_the_log_is_told_of_wrong_ones_once_a_minute_and_nothing_of_them(autojump_clock: trio.abc.Clock) -> None:
    pipeline = made(BEARER)
    with capture_logs() as logs:
        for _ in range(3):
            await refused(pipeline, bearer("canary"))
        await trio.sleep(61)
        await refused(pipeline, bearer("canary"))
    assert [(each["reason"], each["count"]) for each in logs] == [("unknown_token", 1), ("unknown_token", 3)]
    assert logs[0]["address"] == "192.0.2.7"
    assert "canary" not in repr(logs)


def test_whoever_could_still_come_in_is_known_after_a_reload() -> None:
    issuer = "\n      - {type: jwt, issuer: 'https://Idp.Example', audience: a}"
    knows = made(BEARER, PROXY, issuer, anonymous=True).access.knows
    assert knows(Principal(name="ops", method="bearer"))
    assert knows(Principal(name="zoe", method="header"))
    assert knows(Principal(name="idp.example/ann", method="jwt"))
    assert knows(ANONYMOUS)
    less = made(API_KEY).access.knows
    assert not less(Principal(name="ops", method="bearer"))
    assert not less(Principal(name="zoe", method="header"))
    assert not less(Principal(name="idp.example/ann", method="jwt"))
    assert not less(ANONYMOUS)
    assert not made(issuer).access.knows(Principal(name="other.example/ann", method="jwt"))


def test_nothing_of_a_credential_is_in_what_is_shown_of_the_stage() -> None:
    shown = repr(made(BEARER, API_KEY).stages)
    assert OPS not in shown
    assert hashlib.sha256(OPS.encode()).hexdigest() not in shown


async def test_a_credential_stands_while_the_file_has_it_with_the_same_roles() -> None:
    came = await admitted(made(BEARER, API_KEY), bearer(OPS))
    by_key = await admitted(made(BEARER, API_KEY), arrival({"X-API-Key": KEY}))
    nobody = await admitted(made(BEARER, anonymous=True), arrival())
    proxied = await admitted(made(PROXY), arrival({"X-Forwarded-User": "ann"}, is_from_proxy=True))

    def stand(*methods: str, anonymous: bool = False) -> list[bool]:
        access = made(*methods, anonymous=anonymous).access
        return [access.stands(each) for each in (came, by_key, nobody, proxied)]

    assert stand(BEARER, API_KEY, PROXY, anonymous=True) == [True, True, True, True]
    assert stand(BEARER) == [True, False, False, False]
    rotated = BEARER.replace(OPS, "another-token-0123456789abcdef")
    assert stand(rotated, API_KEY) == [False, True, False, False]
    assert made(rotated, API_KEY).access.knows(came)  # its sessions go on, with the new token
    assert stand(BEARER.replace("[admin]", "[reader]"), API_KEY) == [False, True, False, False]
    assert stand(BEARER.replace("principal: ops", "principal: others"), API_KEY) == [False, True, False, False]
    assert "credential" not in repr(came)


async def test_whom_a_proxy_names_ends_when_the_file_gives_the_name_to_a_credential() -> None:
    proxied = await admitted(made(PROXY), arrival({"X-Forwarded-User": "ci"}, is_from_proxy=True))
    assert made(PROXY).access.knows(proxied)
    assert not made(PROXY, API_KEY).access.knows(proxied)
