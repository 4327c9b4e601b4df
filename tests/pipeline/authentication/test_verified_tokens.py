"""Tokens that were verified: for how long, how many."""

from __future__ import annotations

from argus_trio.core.access.principal import Principal
from argus_trio.pipeline.authentication.token_rules import VerifiedToken
from argus_trio.pipeline.authentication.verified_tokens import MOST_TOKEN_BYTES, MOST_TOKENS, VerifiedTokens


def token(expires: float = 1000, role: str = "a") -> VerifiedToken:
    principal = Principal(name="idp/ann", roles=frozenset({role}))
    return VerifiedToken(principal=principal, audiences=frozenset(), expires=expires)


def test_a_token_is_relied_on_until_it_is_verified_again_and_never_past_its_end() -> None:
    tokens = VerifiedTokens()
    first, second = token(), token(expires=30)
    tokens.put(b"1", first, 60)
    tokens.put(b"2", second, 60)
    assert (tokens.get(b"1", 29), tokens.get(b"2", 29)) == (first, second)
    assert (tokens.get(b"1", 30), tokens.get(b"2", 30)) == (first, None)
    assert tokens.get(b"1", 60) is None
    assert tokens.get(b"3", 0) is None


def test_the_one_that_was_not_used_for_longest_is_forgotten_first() -> None:
    tokens = VerifiedTokens()
    for number in range(MOST_TOKENS):
        tokens.put(b"%d" % number, token(), 60)
    assert tokens.get(b"0", 0) is not None
    tokens.put(b"more", token(), 60)
    assert tokens.get(b"0", 0) is not None
    assert tokens.get(b"1", 0) is None
    assert tokens.get(b"more", 0) is not None


def test_large_ones_are_bounded_together() -> None:
    tokens = VerifiedTokens()
    large = token(role="x" * (MOST_TOKEN_BYTES // 4))
    for number in range(6):
        tokens.put(b"%d" % number, large, 60)
        tokens.put(b"%d" % number, large, 60)
    assert [tokens.get(b"%d" % number, 0) is not None for number in range(6)] == [False, False, False, True, True, True]
    assert "idp/ann" not in repr(tokens)
