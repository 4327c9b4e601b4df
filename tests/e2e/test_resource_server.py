"""The gateway as an OAuth 2.1 resource server: a client of the SDK logs in by itself, gets more scopes, keys rotate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Literal
from urllib.parse import parse_qsl, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import attrs
import httpx2
import pytest
import trio
from mcp.client import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from mcp.shared.exceptions import MCPError
from pydantic import AnyUrl

from tests.e2e import gateway
from tests.e2e.clients import CALL_SECONDS, MODERN, words
from tests.e2e.gateway import Gateway, Json
from tests.e2e.ports import free_port
from tests.e2e.raw import LEGACY, Raw
from tests.servers.authorization_server import AuthorizationServer, running_authorization_server

BACK = "http://127.0.0.1:1/back"
"""Where the user is sent with the code; nobody goes there."""
ROLES: Json = {
    "reader": {"allow": ["tool:docs__echo", "tool:docs__fail", "tool:docs__structured"]},
    "admin": {"allow": ["*"]},
}
ALL = "docs.write docs.audit docs.fail"
SCOPES: Json = {"tool:docs__fail": ["docs.write", "docs.audit"], "tool:docs__f*": ["docs.fail"]}


@pytest.fixture(scope="module")
def issuer() -> Iterator[AuthorizationServer]:
    with running_authorization_server() as found:
        yield found


@pytest.fixture(scope="module")
def argus(issuer: AuthorizationServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    config: Json = {
        "server": {"public_url": url},
        "middleware": [
            {
                "type": "authentication",
                "methods": [{"type": "jwt", "issuer": issuer.url, "audience": f"{url}/mcp"}],
            },
            {"type": "rbac", "roles": ROLES, "scopes": SCOPES},
        ],
        "backends": {"docs": gateway.stdio("echo.py")},
    }
    folder = tmp_path_factory.mktemp("resource")
    with gateway.running(config, folder, arguments=["--port", str(port)]) as found:
        yield found


class Bearer(Raw):
    """A client with a token."""

    def __init__(self, argus: Gateway, revision: str, token: str) -> None:
        self.token = token
        super().__init__(argus.url, revision)

    def post(self, message: object, **headers: str) -> tuple[int, dict[str, str], bytes]:
        return super().post(message, **{"Authorization": f"Bearer {self.token}", **headers})

    def whole(self, tool: str) -> tuple[int, dict[str, str], Json]:
        message, headers = self.message("tools/call", {"name": tool, "arguments": {"text": "x"}})
        status, answered, body = self.post(message, **headers)
        return status, answered, json.loads(body) if body.startswith(b"{") else {}


@pytest.mark.parametrize("revision", [LEGACY, MODERN])
def test_a_token_with_roles_sees_its_part(argus: Gateway, issuer: AuthorizationServer, revision: str) -> None:
    audience = f"{argus.url}/mcp"
    for roles, shown in ((["reader"], 3), (["admin", "x"], 13), ([], 0), (None, 0)):
        client = Bearer(argus, revision, issuer.token(aud=audience, roles=roles, scope=ALL))
        assert len(client.result("tools/list")["tools"]) == shown


@pytest.mark.parametrize("revision", [LEGACY, MODERN])
def test_scopes_that_are_missing_are_named_all_at_once_and_with_them_the_call_passes(
    argus: Gateway, issuer: AuthorizationServer, revision: str
) -> None:
    audience = f"{argus.url}/mcp"
    client = Bearer(argus, revision, issuer.token(aud=audience, scope="docs.audit"))
    status, headers, body = client.whole("docs__fail")
    assert (status, body["error"]["code"]) == (403, -31010)
    assert sorted(body["error"]["data"]["scopes"]) == ["docs.fail", "docs.write"]
    challenge = headers["www-authenticate"]
    assert challenge.startswith("Bearer ")
    assert 'error="insufficient_scope"' in challenge
    assert f'resource_metadata="{argus.url}/.well-known/oauth-protected-resource/mcp"' in challenge
    named = challenge.partition('scope="')[2].partition('"')[0].split()
    assert sorted(named) == ["docs.fail", "docs.write"]
    client.token = issuer.token(aud=audience, scope=" ".join(["docs.audit", *named]))
    assert client.whole("docs__fail")[0] == 200
    # What no role shows is not there, whatever scopes a token has.
    status, headers, body = client.whole("docs__environment")
    assert "www-authenticate" not in headers
    assert client.error("tools/call", name="docs__environment", arguments={})["code"] == -32602


def test_keys_rotate_while_sessions_go_on(argus: Gateway, issuer: AuthorizationServer) -> None:
    audience = f"{argus.url}/mcp"
    before = issuer.token(aud=audience)
    clients = [Bearer(argus, revision, before) for revision in (LEGACY, MODERN)]
    for client in clients:
        client.call("docs__echo", text="before")
    issuer.rotate("second", "third", curve=False)
    for key in ("second", "third"):
        for client in clients:
            client.token = issuer.token(aud=audience, key=key)
            assert client.call("docs__echo", text=key)["content"][0]["text"] == key
    of_another_key = issuer.token(aud=audience, key="second", header={"kid": "third"})
    assert clients[1].post({}, Authorization=f"Bearer {of_another_key}")[0] == 401
    # Of a key that nobody knows; as long as it may be newer than those that were fetched, its token is not thrown away.
    newer = issuer.token(aud=audience, header={"kid": "nobody's"})
    assert clients[1].post({}, Authorization=f"Bearer {newer}")[0] in (401, 503)
    issuer.is_down = True
    assert clients[0].call("docs__echo", text="down")["content"][0]["text"] == "down"
    issuer.is_down = False


@attrs.define
class Kept:
    """What a client keeps: tokens, and what it was registered as."""

    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


class Stays(HTTPRedirectHandler):
    """Follows no redirect: it is what we want to see."""

    def http_error_302(self, *arguments: object) -> object:
        return arguments[1]


def provider(argus: Gateway) -> OAuthClientProvider:
    """The SDK's OAuth client, with a user who agrees."""
    back: list[AuthorizationCodeResult] = []

    async def agree(url: str) -> None:
        answer = await trio.to_thread.run_sync(lambda: build_opener(Stays).open(Request(url), timeout=10))
        query = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
        back.append(AuthorizationCodeResult(code=query["code"], state=query["state"], iss=query["iss"]))

    async def come_back() -> AuthorizationCodeResult:
        return back.pop()

    metadata = OAuthClientMetadata(redirect_uris=[AnyUrl(BACK)], token_endpoint_auth_method="none")
    return OAuthClientProvider(f"{argus.url}/mcp", metadata, Kept(), agree, come_back)


@pytest.mark.parametrize("mode", ["legacy", MODERN])
async def test_the_sdks_client_logs_in_by_itself_and_asks_for_more_when_it_is_told_to(
    argus: Gateway, issuer: AuthorizationServer, mode: Literal["legacy", "2026-07-28"]
) -> None:
    asked, granted = len(issuer.asked_for), len(issuer.granted)
    issuer.withheld = {"docs.write", "docs.fail"}
    with trio.fail_after(CALL_SECONDS):
        async with httpx2.AsyncClient(auth=provider(argus)) as http:
            transport = streamable_http_client(f"{argus.url}/mcp", http_client=http)
            async with Client(transport, mode=mode) as client:
                assert words(await client.call_tool("docs__echo", {"text": "hello"})) == "hello"
                assert len(issuer.granted) - granted == 1
                assert issuer.asked_for[asked]["resource"] == f"{argus.url}/mcp"
                issuer.withheld.clear()
                assert words(await client.call_tool("docs__fail", {"text": "more"})) == "more"
                assert len(issuer.granted) - granted == 2
                with pytest.raises(MCPError, match="unknown tool"):
                    await client.call_tool("docs__environment", {})
    assert {"docs.write", "docs.audit", "docs.fail"} <= set(issuer.asked_for[-1]["scope"].split())
