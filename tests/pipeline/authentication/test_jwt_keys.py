"""Which keys of a key set are taken, and which of them can have signed a token."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from argus_trio.pipeline.authentication.jwt_keys import IssuerKeys, KeysUnusable
from tests.servers.oidc_issuer import Json

EC_KEY: Json = dict(ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key(), as_dict=True))
RSA_PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
RSA_KEY: Json = dict(RSAAlgorithm.to_jwk(RSA_PRIVATE.public_key(), as_dict=True))
SMALL: Json = dict(RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 1024).public_key(), as_dict=True))
ED_KEY: Json = dict(OKPAlgorithm.to_jwk(ed25519.Ed25519PrivateKey.generate().public_key(), as_dict=True))
OCT: Json = {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA", "alg": "HS256"}


def keys(*entries: object) -> IssuerKeys:
    return IssuerKeys.of(json.dumps({"keys": entries}).encode())


def named(found: IssuerKeys, key_id: str | None, algorithm: str) -> list[str | None]:
    return [each.key_id for each in found.candidates(key_id, algorithm)]


def test_a_key_is_matched_by_its_name_and_by_what_it_can_sign() -> None:
    found = keys({**EC_KEY, "kid": "a"}, {**RSA_KEY, "kid": "a"}, {**RSA_KEY, "kid": "b", "alg": "PS256"}, ED_KEY)
    assert named(found, "a", "ES256") == ["a"]
    assert named(found, "a", "RS512") == ["a"]
    assert named(found, "b", "PS256") == ["b"]
    assert named(found, "b", "RS256") == []
    assert named(found, "a", "ES384") == []
    assert named(found, "a", "HS256") == []
    assert named(found, None, "EdDSA") == [None]
    assert named(found, None, "PS256") == []


@pytest.mark.parametrize(
    "entry",
    [OCT, SMALL, {**EC_KEY, "use": "enc"}, {**RSA_KEY, "key_ops": ["encrypt"]}, {**RSA_KEY, "alg": "HS256"},
     {**EC_KEY, "x": 1}, {**EC_KEY, "x": "YQ"}, {**EC_KEY, "crv": "secp256k1"}, {"kty": "RSA"}, {}, 1,
     {**RSA_KEY, "n": "%"}, {**RSA_KEY, "kty": ["RSA"]}],
)  # fmt: skip
def test_a_key_that_is_not_for_signatures_or_cannot_be_used_is_left_out(entry: object) -> None:
    with pytest.raises(KeysUnusable):
        keys(entry)
    assert len(keys(entry, EC_KEY).keys) == 1


def test_the_private_part_of_a_key_that_was_published_is_not_kept() -> None:
    private: Json = dict(RSAAlgorithm.to_jwk(RSA_PRIVATE, as_dict=True))
    (key,) = keys({**private, "key_ops": ["verify"]}).keys
    assert isinstance(key.key.key, rsa.RSAPublicKey)


@pytest.mark.parametrize("text", [b"", b"[]", b'{"keys":1}', b"{}", b"<html>"])
def test_what_is_no_key_set_is_told_as_such(text: bytes) -> None:
    with pytest.raises(KeysUnusable):
        IssuerKeys.of(text)
