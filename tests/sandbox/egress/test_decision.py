"""What a container may reach, as a table of values."""

from __future__ import annotations

import ipaddress
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from argus_trio.config.model.container import NetworkMode
from argus_trio.core.egress.reasons import EgressReason
from argus_trio.sandbox.egress.decision import (
    AS_MEANT,
    PUBLIC_ONLY,
    THIS_MACHINE,
    EgressAllowed,
    EgressDenied,
    decide,
    is_address_like,
    plain_name,
)
from argus_trio.sandbox.plan.network import HostRule, NetworkPolicy

PUBLIC = NetworkPolicy()
NAMES = st.text(string.ascii_letters + string.digits + ".-_:[]%xé\u3002 \x00\r\n/@", max_size=40) | st.text(
    max_size=300
)
MODES: tuple[NetworkMode, ...] = ("public", "allow", "none", "bridge")


def rule(text: str) -> HostRule:
    host, _, port = text.rpartition(":")
    return HostRule(host=host, port=int(port))


def policy(mode: NetworkMode, *, allow: tuple[str, ...] = (), services: tuple[str, ...] = ()) -> NetworkPolicy:
    return NetworkPolicy(mode=mode, allow=tuple(map(rule, allow)), services=tuple(map(rule, services)))


def why(found: object) -> EgressReason | None:
    return found.reason if isinstance(found, EgressDenied) else None


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("example.com", None),
        ("EXAMPLE.com.", None),
        ("xn--bcher-kva.example", None),
        ("bücher.example", None),
        ("a_b.example", None),
        ("localhost", "this_machine"),
        ("LocalHost.", "this_machine"),
        ("api.localhost", "this_machine"),
        ("host.docker.internal", "this_machine"),
        ("host.containers.internal", "this_machine"),
        ("gateway.docker.internal", "this_machine"),
        ("127.0.0.1", "this_machine"),
        ("[::1]", "this_machine"),
        ("ｌocalhost", "this_machine"),
        ("host。docker。internal", "this_machine"),
        ("127.0.0.2", "bare_address"),
        ("127.1", "bare_address"),
        ("0x7f.1", "bare_address"),
        ("2130706433", "bare_address"),
        ("0x7f000001", "bare_address"),
        ("0177.0.0.1", "bare_address"),
        ("1.1.1.1", "bare_address"),
        ("1.1.1.1.", "bare_address"),
        ("2606:4700::1111", "bare_address"),
        ("[2606:4700::1111]", "bare_address"),
        ("::ffff:127.0.0.1", "bare_address"),
        ("169.254.169.254", "never_dialled"),
        ("fd00:ec2::254", "never_dialled"),
        ("fe80::1%eth0", "no_name"),
        ("a%00b", "no_name"),
        ("", "no_name"),
        (".", "no_name"),
        ("a..b", "no_name"),
        ("example.com..", "no_name"),
        ("-a.example", "no_name"),
        ("a b", "no_name"),
        ("user@example.com", "no_name"),
        ("a/b", "no_name"),
        ("example.com\x00.evil", "no_name"),
        ("a" * 64 + ".example", "no_name"),
        (".".join(["abcdefgh"] * 29), "no_name"),
        ("*.example.com", "no_name"),
    ],
)
def test_of_the_public_network_names_are_let_through_and_nothing_else(host: str, reason: EgressReason | None) -> None:
    found = decide(PUBLIC, host, 443)
    assert why(found) == reason
    if reason is None:
        assert isinstance(found, EgressAllowed)
        assert (found.by, found.guard) == ("public", PUBLIC_ONLY)
        assert found.host == found.host.lower()
        assert found.host.isascii()
        assert not found.host.endswith(".")


def test_a_port_that_a_service_has_is_not_open_to_other_hosts() -> None:
    known = policy("public", services=("db:5432",))
    assert isinstance(decide(known, "db", 5432), EgressAllowed)
    assert why(decide(known, "other.example", 5432)) == "other_port"
    assert isinstance(decide(known, "other.example", 80), EgressAllowed)


ALLOWING = policy("allow", allow=("api.github.com:443", "*.example.com:443", "8.8.8.8:53"))


@pytest.mark.parametrize(
    ("host", "port", "is_let_through"),
    [
        ("api.github.com", 443, True),
        ("API.GitHub.com.", 443, True),
        ("api.github.com", 80, False),
        ("github.com", 443, False),
        ("evil-api.github.com", 443, False),
        ("a.example.com", 443, True),
        ("a.b.example.com", 443, True),
        ("example.com", 443, False),
        ("badexample.com", 443, False),
        ("example.com.evil", 443, False),
        ("8.8.8.8", 53, True),
        ("0x08080808", 53, False),
        ("134744072", 53, False),
        ("8.8.2056", 53, False),
    ],
)
def test_rules_cover_what_they_name_and_no_more(host: str, port: int, is_let_through: bool) -> None:
    found = decide(ALLOWING, host, port)
    assert isinstance(found, EgressAllowed) == is_let_through
    if isinstance(found, EgressAllowed):
        assert (found.by, found.guard) == ("allow", PUBLIC_ONLY)
    else:
        assert found.reason == ("bare_address" if host[-1].isdigit() else "not_allowed")


def test_a_pattern_covers_no_address() -> None:
    odd = policy("allow", allow=("*.0.0.1:80", "*.7:80"))
    assert why(decide(odd, "127.0.0.1", 80)) == "this_machine"
    assert why(decide(odd, "10.0.0.1", 80)) == "bare_address"
    assert why(decide(odd, "a.7", 80)) == "bare_address"


@pytest.mark.parametrize("mode", ["public", "allow"])
@pytest.mark.parametrize(
    "host", ["localhost", "host.docker.internal", "host.containers.internal", "gateway.docker.internal", "127.0.0.1"]
)
@pytest.mark.parametrize("written", ["localhost", "127.0.0.1", "host.docker.internal", "::1", "LOCALHOST"])
def test_a_service_of_this_machine_is_reached_by_each_of_its_names(mode: NetworkMode, host: str, written: str) -> None:
    known = NetworkPolicy(mode=mode, services=(HostRule(host=written, port=5432),))
    assert decide(known, host, 5432) == EgressAllowed(host=THIS_MACHINE, by="service", guard=AS_MEANT)
    assert why(decide(known, host, 5433)) == "this_machine"


def test_a_service_is_let_through_in_every_mode_that_lets_anything_through() -> None:
    found = {mode: decide(policy(mode, services=("db:5432",)), "DB", 5432) for mode in MODES}
    meant = EgressAllowed(host="db", by="service", guard=AS_MEANT)
    assert found == {
        "public": meant,
        "allow": meant,
        "none": EgressDenied("no_network"),
        "bridge": EgressDenied("no_network"),
    }


def test_rules_are_compared_in_the_form_of_names() -> None:
    known = policy("allow", allow=("Bücher.example.:443", "*.STRASSE.example:443"))
    assert isinstance(decide(known, "xn--bcher-kva.example", 443), EgressAllowed)
    assert isinstance(decide(known, "a.strasse.example", 443), EgressAllowed)


@given(NAMES, st.sampled_from([80, 443]) | st.integers(1, 65535), st.sampled_from(MODES))
@example("0x7f.0.0.1", 80, "public")
@example("1\u30022\u30023\u30024", 80, "public")
@example("\u2488.example", 80, "public")
def test_nothing_that_can_be_taken_for_an_address_is_let_through_unnamed(
    host: str, port: int, mode: NetworkMode
) -> None:
    found = decide(policy(mode), host, port)
    if not isinstance(found, EgressAllowed):
        return
    assert mode == "public"
    assert port in (80, 443)
    assert found.guard == PUBLIC_ONLY
    assert len(found.host) <= 253
    assert all(0 < len(label) < 64 for label in found.host.split("."))
    assert set(found.host) <= set(string.ascii_lowercase + string.digits + "-_.")
    last = found.host.rpartition(".")[2]
    assert not last.isdigit()
    assert found.host != "localhost"


@given(NAMES)
def test_a_plain_name_stays_as_it_is(host: str) -> None:
    name = plain_name(host)
    assert name is None or plain_name(name) == name


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6))
def test_every_address_is_taken_for_one(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    name = plain_name(str(address))
    assert name == THIS_MACHINE or name is None or is_address_like(name)
    assert not isinstance(decide(PUBLIC, str(address), 443), EgressAllowed)


@given(st.integers(0, 2**32 - 1))
def test_every_number_is_taken_for_an_address(number: int) -> None:
    for text in (str(number), hex(number), f"0{number:o}", f"0X{number:X}"):
        assert why(decide(PUBLIC, text, 80)) in ("bare_address", "never_dialled")
