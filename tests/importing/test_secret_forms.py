"""What is taken for a secret, and what is not."""

from __future__ import annotations

import pytest

from argus_trio.client_files.server import VariableReference, WrittenText
from argus_trio.importing.secret_forms import (
    HiddenPiece,
    TextPiece,
    header_pieces,
    is_secret_name,
    named_pieces,
    unnamed_pieces,
)

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"


def hidden(pieces: tuple[TextPiece, ...]) -> list[str]:
    return [each.value for each in pieces if isinstance(each, HiddenPiece)]


def whole(pieces: tuple[TextPiece, ...]) -> str:
    return "".join(each.value if isinstance(each, HiddenPiece) else str(each) for each in pieces)


@pytest.mark.parametrize(
    "name",
    ["GITHUB_TOKEN", "API_KEY", "apiKey", "--api-key", "DB_PASSWORD", "GITHUB_PAT", "X-Auth", "Authorization", "secret",
     "AWS_SECRET_ACCESS_KEY", "PGPASSWORD", "CREDENTIALS", "accessToken", "SENTRY_DSN", "Cookie"],
)  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name", ["PATH", "KEYBOARD", "LOG_LEVEL", "PATTERN", "AUTHOR", "MONKEY", "HOST", "COMPASS", "--path"]
)
def test_names_of_no_secrets(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize("value", ["true", "8080", "", "/home/u/.ssh/id_rsa", "./key.pem", "~/token.txt", "none"])
def test_a_value_that_can_be_no_secret_stays_whatever_its_name(value: str) -> None:
    assert hidden(named_pieces(WrittenText((value,)), "API_KEY")) == []


@pytest.mark.parametrize(
    ("value", "secrets"),
    [
        ("ghp_abcdefghijklmnopqrst", ["ghp_abcdefghijklmnopqrst"]),
        ("x glpat-abcdefghijklmnopqrst y", ["glpat-abcdefghijklmnopqrst"]),
        ("xoxb-1234567890-abcdef", ["xoxb-1234567890-abcdef"]),
        ("AKIAABCDEFGHIJKLMNOP", ["AKIAABCDEFGHIJKLMNOP"]),
        (JWT, [JWT]),
        ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"]),
        ("postgres://bob:s3cr3t@db:5432/x", ["s3cr3t"]),
        ("postgres://bob:a/b@db/x", ["postgres://bob:a/b@db/x"]),
        ("redis://:hunter22@h", ["hunter22"]),
        ("http://h:9583/private_zctpwlX7ZkIAr7oqdfLPxw", ["private_zctpwlX7ZkIAr7oqdfLPxw"]),
        ('{"Authorization": "Bearer ntn_shortsec1"}', ["ntn_shortsec1"]),
        ("k: -----BEGIN PRIVATE KEY-----\nMIIE\n-----END", ["-----BEGIN PRIVATE KEY-----\nMIIE\n-----END"]),
        ("Server=h;User=u;Password=hunter22;Port=1", ["hunter22"]),
        ("https://h/mcp?api_key=abcdef&x=1", ["abcdef"]),
        ("https://h/s/0f8fad5b-d9cb-469f-a165-70867728950e/mcp", ["0f8fad5b-d9cb-469f-a165-70867728950e"]),
    ],
)
def test_secrets_that_their_form_tells(value: str, secrets: list[str]) -> None:
    pieces = unnamed_pieces(WrittenText((value,)))
    assert hidden(pieces) == secrets
    assert whole(pieces) == value


@pytest.mark.parametrize(
    "value",
    ["@modelcontextprotocol/server-sequential-thinking", "mcp-server-time==2025.1.17",
     "/home/user/projects/something/else",
     "git+https://github.com/a/b@v1.2.3", "https://mcp.example.com/v1/streamable-http/mcp", "--local-timezone", "UTC",
     "postgres://db/x", "user@example.com", "npx", "ghcr.io/github/github-mcp-server:0.5.0", "http://localhost:8080/sse",
     "a-very-long-name-of-a-package-without-any-digit-in-it", "2024-01-01T00:00:00"],
)  # fmt: skip
def test_what_is_no_secret_stays_as_it_is(value: str) -> None:
    assert hidden(unnamed_pieces(WrittenText((value,)))) == []


def test_the_scheme_of_an_authorization_stays() -> None:
    pieces = header_pieces(WrittenText(("Bearer abc123",)), "Authorization")
    assert (pieces[0], hidden(pieces)) == ("Bearer ", ["abc123"])
    assert hidden(header_pieces(WrittenText(("abc123",)), "authorization")) == ["abc123"]
    assert hidden(header_pieces(WrittenText(("application/json",)), "X-Format")) == []


def test_a_variable_is_no_secret() -> None:
    text = WrittenText(("Bearer ", VariableReference(name="TOKEN")))
    assert header_pieces(text, "Authorization") == text.parts


def test_the_value_of_a_secret_is_in_no_repr() -> None:
    assert "abc123" not in repr(header_pieces(WrittenText(("Bearer abc123",)), "Authorization"))
