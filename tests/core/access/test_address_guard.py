"""Which addresses may be dialled where others name the URL."""

from __future__ import annotations

import pytest

from argus_trio.core.access.address_guard import AddressGuard, AddressRefused, is_loopback_host

STRICT = AddressGuard()
PRIVATE = AddressGuard(allows_private=True, allows_loopback=True)


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_may_be_dialled(address: str) -> None:
    STRICT.check(address, "x")


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "172.16.5.5",
        "192.168.1.1",
        "100.64.0.1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::1",
        "fec0::2",
        "192.0.0.8",
        "3fff::1",
    ],
)
def test_private_addresses_may_be_dialled_where_that_is_meant(address: str) -> None:
    with pytest.raises(AddressRefused, match="private"):
        STRICT.check(address, "x")
    PRIVATE.check(address, "x")


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"])
def test_this_machine_may_be_dialled_where_that_is_meant(address: str) -> None:
    for guard in (STRICT, AddressGuard(allows_private=True)):
        with pytest.raises(AddressRefused, match="loopback"):
            guard.check(address, "x")
    AddressGuard(allows_loopback=True).check(address, "x")


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "fe80::1%eth0", "224.0.0.1", "ff02::1", "0.0.0.0", "::", "168.63.129.16", "100.100.100.200",
     "fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "no address", "::7f00:1"],
)  # fmt: skip
def test_some_addresses_are_never_dialled(address: str) -> None:
    for guard in (STRICT, PRIVATE):
        with pytest.raises(AddressRefused):
            guard.check(address, "x")


def test_plain_http_is_for_this_machine_and_private_networks() -> None:
    assert not STRICT.allows_plain("127.0.0.1")
    assert AddressGuard(allows_loopback=True).allows_plain("localhost")
    assert not AddressGuard(allows_loopback=True).allows_plain("idp.example")
    assert PRIVATE.allows_plain("idp.example")


@pytest.mark.parametrize(
    ("host", "is_it"), [("LocalHost", True), ("127.1.1.1", True), ("::1", True), ("a.example", False)]
)
def test_a_host_is_this_machine_by_its_name(host: str, is_it: bool) -> None:
    assert is_loopback_host(host) is is_it
