"""Credentials of the file, by their digests."""

from __future__ import annotations

import hashlib

import pytest

from argus_trio.core.access.credential import NoCredential, credential_digest, written_digest


def test_a_credential_and_its_written_digest_are_the_same() -> None:
    digest = hashlib.sha256(b"secret").hexdigest()
    for written in ("secret", f"sha256:{digest}", f"sha256:{digest.upper()}"):
        assert written_digest(written) == credential_digest(b"secret")


@pytest.mark.parametrize("written", ["", " ", "a b", "ä", "a\n", "sha256:", "sha256:abc", f"sha256:{'g' * 64}"])
def test_what_can_be_no_credential_is_told_without_it(written: str) -> None:
    with pytest.raises(NoCredential) as caught:
        written_digest(written)
    assert not written.strip() or "abc" not in str(caught.value)
