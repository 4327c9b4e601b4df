"""From a name to a connection: every address is judged before it is dialled, and dialled is what was judged."""

from __future__ import annotations

import socket
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from argus_trio.core.egress.reasons import EgressReason
from argus_trio.sandbox.egress.decision import AS_MEANT, PUBLIC_ONLY, THIS_MACHINE, EgressAllowed
from argus_trio.sandbox.egress.outward import (
    DIAL_SECONDS,
    LOOKUP_SECONDS,
    MOST_ADDRESSES,
    NEXT_ADDRESS_SECONDS,
    NotReached,
    Outward,
    SystemLookUp,
    _families_mixed,
    dial_address,
    is_own_address,
)
from tests.sandbox.egress.outside import Outside
from tests.servers.certificates import make_authority

NAMED = EgressAllowed(host="h.example", by="public", guard=PUBLIC_ONLY)
MEANT = EgressAllowed(host="h.example", by="service", guard=AS_MEANT)


def outward(outside: Outside, **environ: str) -> Outward:
    return Outward(environ=environ, look_up=outside.look_up, dial=outside.dial, is_own=outside.is_own)


def leading(*addresses: str) -> Outside:
    return Outside(addresses={"h.example": addresses})


async def reached(outside: Outside, allowed: EgressAllowed = NAMED, **environ: str) -> list[str]:
    """What was dialled; all of it is closed."""
    stream = await outward(outside, **environ).open(allowed, 443)
    await stream.aclose()
    outside.close()
    return outside.reached


async def refusal(outside: Outside, allowed: EgressAllowed = NAMED, **environ: str) -> EgressReason:
    with pytest.raises(NotReached) as caught:
        await outward(outside, **environ).open(allowed, 443)
    return caught.value.reason


PRIVATE = ("127.0.0.1", "10.1.2.3", "192.168.0.1", "100.64.0.1", "::1", "fc00::1", "64:ff9b::a00:1", "::ffff:10.0.0.1")
NEVER = (
    "169.254.169.254",
    "fe80::1",
    "224.0.0.1",
    "0.0.0.0",
    "::",
    "168.63.129.16",
    "fd00:ec2::254",
    "2002:a9fe:a9fe::1",
)


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_private_address_is_dialled_for_a_service_alone(address: str) -> None:
    outside = leading(address)
    assert await refusal(outside) == "not_public"
    assert outside.reached == []
    assert await reached(outside, MEANT) == [f"{address} 443"]


@pytest.mark.parametrize("address", NEVER)
async def test_where_secrets_are_told_is_never_dialled(address: str) -> None:
    outside = leading(address)
    assert await refusal(outside) == "never_dialled"
    assert await refusal(outside, MEANT) == "never_dialled"
    assert outside.reached == []


async def test_of_a_mixed_answer_only_public_addresses_are_dialled() -> None:
    outside = leading("10.0.0.1", "93.184.216.34", "169.254.169.254")
    assert await reached(outside) == ["93.184.216.34 443"]


async def test_an_answer_is_asked_for_once_and_dialled_as_it_was_judged() -> None:
    answers = [("93.184.216.34",), ("127.0.0.1",)]

    async def rebinding(_name: str, _port: int) -> tuple[str, ...]:
        return answers.pop(0)

    outside = Outside()
    stream = await Outward(look_up=rebinding, dial=outside.dial, is_own=outside.is_own).open(NAMED, 443)
    await stream.aclose()
    outside.close()
    assert outside.reached == ["93.184.216.34 443"]
    assert answers == [("127.0.0.1",)]


async def test_a_public_address_of_this_machine_is_a_service_as_well() -> None:
    outside = leading("93.184.216.34")
    outside.own.add("93.184.216.34")
    assert await refusal(outside) == "this_machine"
    assert await reached(outside, MEANT) == ["93.184.216.34 443"]


async def test_this_machine_is_not_looked_up() -> None:
    outside = Outside(takes={"127.0.0.1": -0.01})
    local = EgressAllowed(host=THIS_MACHINE, by="service", guard=AS_MEANT)
    assert await reached(outside, local, https_proxy="http://127.0.0.1:1") == ["127.0.0.1 443", "::1 443"]
    assert outside.names == []


async def test_a_name_that_leads_nowhere_is_told(autojump_clock: MockClock) -> None:
    assert await refusal(Outside()) == "not_found"
    assert await refusal(leading()) == "not_found"
    slow = Outside(addresses={"h.example": ("93.184.216.34",)}, lookup_seconds=LOOKUP_SECONDS + 1)
    began = trio.current_time()
    assert await refusal(slow) == "not_found"
    assert trio.current_time() - began == pytest.approx(LOOKUP_SECONDS)
    with pytest.raises(NotReached) as caught:
        await outward(Outside()).open(NAMED, 443)
    assert caught.value.detail == "no such host"


async def test_the_next_address_is_tried_when_one_is_slow_or_refuses(autojump_clock: MockClock) -> None:
    outside = Outside(
        addresses={"h.example": ("93.184.216.1", "93.184.216.2", "93.184.216.3")},
        takes={"93.184.216.1": 100.0, "93.184.216.2": -0.1, "93.184.216.3": 0.1},
    )
    began = trio.current_time()
    stream = await outward(outside).open(NAMED, 443)
    assert trio.current_time() - began == pytest.approx(NEXT_ADDRESS_SECONDS + 0.2)
    assert outside.reached == ["93.184.216.1 443", "93.184.216.2 443", "93.184.216.3 443"]
    await stream.send_all(b"there")
    assert await outside.ends[0].receive_some() == b"there"
    await stream.aclose()
    outside.close()


async def test_of_two_that_answer_at_once_one_is_closed(autojump_clock: MockClock) -> None:
    outside = Outside(
        addresses={"h.example": ("93.184.216.1", "93.184.216.2")},
        takes={"93.184.216.1": 2 * NEXT_ADDRESS_SECONDS, "93.184.216.2": NEXT_ADDRESS_SECONDS},
    )
    stream = await outward(outside).open(NAMED, 443)
    await stream.aclose()
    for end in outside.ends:
        assert await end.receive_some() == b""
    outside.close()


async def test_nobody_is_waited_for_beyond_the_deadline(autojump_clock: MockClock) -> None:
    many = [f"93.184.216.{number}" for number in range(20)]
    outside = Outside(addresses={"h.example": many}, takes=dict.fromkeys(many, 1000.0))
    began = trio.current_time()
    assert await refusal(outside) == "not_reached"
    assert trio.current_time() - began == pytest.approx(DIAL_SECONDS)
    assert len(outside.reached) == MOST_ADDRESSES


async def test_what_is_cancelled_while_it_connects_leaves_nothing_open(autojump_clock: MockClock) -> None:
    outside = Outside(addresses={"h.example": ("93.184.216.1",)}, takes={"93.184.216.1": 5.0})
    with trio.move_on_after(1) as scope:
        await outward(outside).open(NAMED, 443)
    assert scope.cancelled_caught
    assert outside.ends == []


@given(st.lists(st.sampled_from(["1.1.1.1", "2.2.2.2", "3.3.3.3", "2606::1", "2606::2"]), unique=True))
def test_families_are_tried_in_turn(addresses: list[str]) -> None:
    found = _families_mixed(addresses)
    assert sorted(found) == sorted(addresses)
    kinds = [":" in each for each in found]
    both = min(kinds.count(True), kinds.count(False))
    assert all(one != other for one, other in pairwise(kinds[: 2 * both]))


async def tunnelling(stream: trio.abc.Stream, asked: list[bytes], answer: bytes = b"200 OK") -> None:
    data = b""
    while b"\r\n\r\n" not in data:
        data += await stream.receive_some()
    asked.append(data)
    await stream.send_all(b"HTTP/1.1 " + answer + b"\r\n\r\n")
    async for chunk in stream:
        await stream.send_all(chunk)


@pytest.mark.parametrize(
    ("addresses", "is_asked"),
    [(("93.184.216.34",), True), ((), True), (("10.0.0.1",), False), (("93.184.216.34", "10.0.0.1"), False)],
)
async def test_a_proxy_gets_what_may_be_reached_and_what_only_it_can_look_up(
    addresses: tuple[str, ...],
    is_asked: bool,
) -> None:
    asked: list[bytes] = []
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, lambda stream: tunnelling(stream, asked), 0)
        proxy = f"http://u:p@127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        outside = leading(*addresses)
        with trio.fail_after(5):
            if is_asked:
                stream = await outward(outside, HTTPS_PROXY=proxy).open(NAMED, 443)
                await stream.send_all(b"over there")
                assert await stream.receive_some() == b"over there"
                await stream.aclose()
            else:
                assert await refusal(outside, HTTPS_PROXY=proxy) == "not_public"
        assert outside.reached == []
        assert [each.startswith(b"CONNECT h.example:443 HTTP/1.1\r\n") for each in asked] == [True] * is_asked
        assert all(b"Basic dTpw" in each for each in asked)
        nursery.cancel_scope.cancel()


async def test_a_proxy_under_tls_is_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ca_file, served = make_authority(tmp_path)
    asked: list[bytes] = []

    async def under_tls(stream: trio.SocketStream) -> None:
        with suppress(trio.BrokenResourceError):  # it is left without a farewell
            await tunnelling(trio.SSLStream(stream, served, server_side=True), asked)

    monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, under_tls, 0)
        proxy = f"https://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        ways = outward(leading("93.184.216.34"), HTTPS_PROXY=proxy)
        for _ in range(2):
            with trio.fail_after(5):
                stream = await ways.open(NAMED, 443)
                await stream.send_all(b"over there")
                assert await stream.receive_some() == b"over there"
                await trio.aclose_forcefully(stream)
        assert len(asked) == 2
        nursery.cancel_scope.cancel()


async def test_a_service_that_is_near_is_reached_without_the_proxy() -> None:
    outside = leading("10.0.0.1")
    assert await reached(outside, MEANT, HTTPS_PROXY="http://127.0.0.1:1") == ["10.0.0.1 443"]


async def test_the_proxy_itself_is_reached_without_it() -> None:
    proxy = EgressAllowed(host="h.example", by="service", guard=AS_MEANT)
    assert await reached(leading("93.184.216.34"), proxy, HTTPS_PROXY="http://h.example:443") == ["93.184.216.34 443"]


async def test_no_proxy_is_heeded() -> None:
    outside = leading("93.184.216.34")
    assert await reached(outside, HTTPS_PROXY="http://127.0.0.1:1", NO_PROXY=".example") == ["93.184.216.34 443"]


async def test_a_proxy_that_refuses_or_is_none_is_told() -> None:
    asked: list[bytes] = []
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, lambda stream: tunnelling(stream, asked, b"407 no"), 0)
        proxy = f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        for url, told in ((proxy, "HTTP 407"), ("socks5://h:1", "https_proxy is not the address of an HTTP proxy")):
            with trio.fail_after(5), pytest.raises(NotReached) as caught:
                await outward(leading("93.184.216.34"), https_proxy=url).open(NAMED, 443)
            assert caught.value.reason == "not_reached"
            assert told in caught.value.detail
        nursery.cancel_scope.cancel()


async def test_the_system_looks_up_what_it_has_and_dials_by_address() -> None:
    assert "127.0.0.1" in await SystemLookUp()("127.0.0.1", 80)
    with pytest.raises(socket.gaierror):
        await SystemLookUp()("nowhere.invalid", 80)
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, lambda stream: stream.send_all(b"hello"), 0)
        stream = await dial_address("127.0.0.1", listeners[0].socket.getsockname()[1])
        assert await stream.receive_some() == b"hello"
        await stream.aclose()
        nursery.cancel_scope.cancel()


def test_the_addresses_of_this_machine_are_known() -> None:
    assert is_own_address("127.0.0.1")
    assert not is_own_address("203.0.113.7")
    assert not is_own_address("not an address")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("203.0.113.7", 9))
        except OSError:
            pytest.skip("this machine has no way out: it has no address but loopback")
        own = probe.getsockname()[0]
    assert is_own_address(own)
