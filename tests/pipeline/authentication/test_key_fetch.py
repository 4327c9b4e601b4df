"""How an issuer's keys are found and fetched, and where nobody is sent for them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import attrs
import pytest
import trio

from argus_trio.core.access.address_guard import AddressRefused
from argus_trio.errors import HttpRefused, LinkFailed
from argus_trio.pipeline.authentication.jwt_keys import KeysUnusable
from argus_trio.pipeline.authentication.key_fetch import MOST_DOCUMENT_BYTES, KeyPlace, metadata_urls
from tests.servers.oidc_issuer import Issuer, running_issuer


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with running_issuer(path="/realms/a") as found:
        yield found


def place(issuer: Issuer, jwks_uri: str | None = None) -> KeyPlace:
    return KeyPlace(issuer=issuer.url, jwks_uri=jwks_uri)


@pytest.mark.parametrize(
    "path",
    [
        "/realms/a/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server/realms/a",
        "/.well-known/openid-configuration/realms/a",
    ],
)
async def test_metadata_are_found_wherever_they_may_be(issuer: Issuer, path: str) -> None:
    issuer.metadata_path = path
    assert len((await place(issuer).fetch()).keys) == 1
    assert issuer.asked[-2:] == [path, "/keys"]


def test_an_issuer_without_a_path_has_two_places() -> None:
    assert metadata_urls("https://idp.example/") == (
        "https://idp.example/.well-known/openid-configuration",
        "https://idp.example/.well-known/oauth-authorization-server",
    )


async def test_a_written_key_place_spares_the_metadata(issuer: Issuer) -> None:
    await place(issuer, f"{issuer.origin}/keys").fetch()
    assert issuer.asked == ["/keys"]


async def test_metadata_of_another_issuer_are_not_believed(issuer: Issuer) -> None:
    issuer.metadata["issuer"] = f"{issuer.url}/"
    with pytest.raises(KeysUnusable, match=r"name another issuer: 'http://127.0.0.1:\d+/realms/a/'"):
        await place(issuer).fetch()


async def test_metadata_that_say_nothing_are_told_with_every_place(issuer: Issuer) -> None:
    del issuer.metadata["jwks_uri"]
    with pytest.raises(KeysUnusable, match=r"no jwks_uri; .*HTTP 404.*; .*HTTP 404"):
        await place(issuer).fetch()


@pytest.mark.parametrize(
    "uri",
    ["http://169.254.169.254/keys", "https://10.0.0.1/keys", "http://idp.example/keys", "https://[::ffff:10.1.1.1]/k"],
)
async def test_metadata_do_not_lead_inside(issuer: Issuer, uri: str) -> None:
    issuer.metadata["jwks_uri"] = uri
    with trio.fail_after(5), pytest.raises(AddressRefused):
        await place(issuer).fetch()


async def test_metadata_of_a_public_issuer_do_not_lead_to_this_machine(issuer: Issuer) -> None:
    public = KeyPlace(issuer="https://idp.example", jwks_uri="https://idp.example/keys")
    inside = attrs.evolve(public, jwks_uri=None)
    for url in (f"{issuer.origin}/keys", "https://localhost/keys", "https://127.0.0.1/keys"):
        with pytest.raises(AddressRefused):
            await inside.document(url)
    assert issuer.asked == []


async def test_a_redirect_to_another_origin_is_not_followed(issuer: Issuer) -> None:
    issuer.redirects["/keys"] = "http://169.254.169.254/keys"
    with pytest.raises(HttpRefused, match="redirects"):
        await place(issuer, f"{issuer.origin}/keys").fetch()
    issuer.redirects["/keys"] = "/elsewhere"
    issuer.redirects["/elsewhere"] = "/keys"
    with pytest.raises(HttpRefused, match="more than"):
        await place(issuer, f"{issuer.origin}/keys").fetch()


async def test_what_is_too_large_is_not_read(issuer: Issuer) -> None:
    issuer.metadata["more"] = "x" * MOST_DOCUMENT_BYTES
    with pytest.raises(LinkFailed, match="larger than"):
        await place(issuer).fetch()


async def test_an_issuer_that_is_not_there_is_told_as_such() -> None:
    gone = KeyPlace(issuer="http://127.0.0.1:1", jwks_uri=None)
    with pytest.raises(LinkFailed, match="cannot connect to"):
        await gone.fetch()


async def test_keys_that_cannot_be_used_are_told_as_such(issuer: Issuer) -> None:
    issuer.keys = {}
    with pytest.raises(KeysUnusable, match="no key that"):
        await place(issuer).fetch()
    assert json.dumps(issuer.key_set()) == '{"keys": []}'
