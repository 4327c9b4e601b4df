"""The metadata of the protected resources (RFC 9728): one for each endpoint, each where its clients look for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from argus_trio.core.access.resource_url import MCP, WELL_KNOWN, metadata_url
from argus_trio.wire.envelope import encode


def metadata_documents(
    base: str, *, issuers: Iterable[str], scopes: Iterable[str], views: Iterable[str]
) -> Mapping[str, bytes]:
    """The documents by path. `base` is the public URL in its one spelling.

    The root form is that of `/mcp`: clients ask for it when they do not find the one of their endpoint.
    """
    facts = {
        "authorization_servers": list(dict.fromkeys(issuers)),
        "scopes_supported": sorted(set(scopes)),
        "bearer_methods_supported": ["header"],
    }
    if not facts["scopes_supported"]:
        del facts["scopes_supported"]
    documents: dict[str, bytes] = {}
    for endpoint, name in _endpoints(views):
        resource = base + endpoint
        document = encode({"resource": resource, **facts, "resource_name": name})
        documents[f"{WELL_KNOWN}{endpoint}"] = documents[urlsplit(metadata_url(resource)).path] = document
    documents[WELL_KNOWN] = documents[urlsplit(metadata_url(base)).path] = documents[f"{WELL_KNOWN}{MCP}"]
    return MappingProxyType(documents)


def _endpoints(views: Iterable[str]) -> Iterator[tuple[str, str]]:
    for edge in (MCP, "/sse"):
        yield edge, "Argus"
    for view in views:
        for edge in (MCP, "/sse"):
            yield f"{edge}/{view}", f"Argus: {view}"
