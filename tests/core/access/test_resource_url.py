"""What endpoints and principals are called."""

from __future__ import annotations

import pytest

from argus_trio.core.access.resource_url import (
    NoUrl,
    canonical_url,
    endpoint_of,
    metadata_url,
    principal_prefixes,
)


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTPS://Argus.Example/", "https://argus.example"),
        ("https://argus.example:443/Tools/Argus/", "https://argus.example/Tools/Argus"),
        ("http://[::1]:9000", "http://[::1]:9000"),
        ("http://a:80", "http://a"),
        ("https://a:80", "https://a:80"),
    ],
)
def test_a_url_has_one_spelling(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical


@pytest.mark.parametrize(
    "url",
    ["", "argus.example", "ftp://a", "https://", "https://a:b", "https://u:p@a", "https://a?b", "https://a#", "https://ä",
     'https://a/"x', "https://a/ b", "https://a/\n", "https://[::1", "https://a:99999"],
)  # fmt: skip
def test_what_is_no_url_here_is_told(url: str) -> None:
    with pytest.raises(NoUrl):
        canonical_url(url)


def test_the_metadata_path_stands_before_the_resources_own() -> None:
    known = "https://a.example/.well-known/oauth-protected-resource"
    assert metadata_url("https://a.example/mcp") == f"{known}/mcp"
    assert metadata_url("https://a.example/tools/argus/mcp/safe") == f"{known}/tools/argus/mcp/safe"


@pytest.mark.parametrize(
    ("path", "endpoint"),
    [("/mcp", "/mcp"), ("/mcp/safe", "/mcp/safe"), ("/sse", "/sse"), ("/sse/safe", "/sse/safe"), ("/messages", "/sse"),
     ("/sse/messages", "/sse"), ("/sse/safe/messages", "/sse/safe"), ("/manage/v1/backends", ""), ("/", ""),
     ("/mcp/a/b", ""), ("/mcpx", "")],
)  # fmt: skip
def test_a_path_belongs_to_an_endpoint_or_to_none(path: str, endpoint: str) -> None:
    assert endpoint_of(path) == endpoint


def test_principals_are_named_by_the_issuers_host_and_by_all_of_it_where_hosts_are_shared() -> None:
    one, two = "https://Kc.example/realms/a", "https://kc.example:8443/realms/b/"
    assert principal_prefixes([one, "https://idp.example:8443/x", one]) == {
        one: "kc.example",
        "https://idp.example:8443/x": "idp.example",
    }
    assert principal_prefixes([one, two]) == {one: "kc.example/realms/a", two: "kc.example:8443/realms/b"}
