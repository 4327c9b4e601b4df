"""A small OAuth 2.1 authorization server of the tests' own: metadata, registration, codes with PKCE, signed tokens."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from tests.servers.oidc_issuer import Issuer, Json, serving_issuer


class AuthorizationServer(Issuer):
    """An issuer whose user says yes to everything; it gives the scopes that a client asks for."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.metadata_path = "/.well-known/oauth-authorization-server"
        self.metadata |= {
            "authorization_endpoint": f"{url}/authorize",
            "token_endpoint": f"{url}/token",
            "registration_endpoint": f"{url}/register",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "token_endpoint_auth_methods_supported": ["none"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }
        self.asked_for: list[dict[str, str]] = []
        """The query of each authorization."""
        self.granted: list[str] = []
        """The tokens that were given."""
        self.withheld: set[str] = set()
        """Scopes that it does not give for now, whoever asks for them."""
        self._codes: dict[str, dict[str, str]] = {}

    def answer(self, path: str) -> tuple[int, bytes, str | None]:
        """Metadata and keys; `/authorize` sends the user back with a code at once."""
        split = urlsplit(path)
        if split.path != "/authorize":
            return super().answer(path)
        query = dict(parse_qsl(split.query))
        self.asked_for.append(query)
        code = secrets.token_hex(8)
        self._codes[code] = query
        back = urlencode({"code": code, "state": query["state"], "iss": self.url})
        return 302, b"", f"{query['redirect_uri']}?{back}"

    def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Register a client, or give the token that a code is for."""
        if path == "/register":
            client: Json = {**json.loads(body), "client_id": secrets.token_hex(8)}
            return 201, json.dumps(client).encode()
        if path == "/token":
            return self._token({name: values[0] for name, values in parse_qs(body.decode()).items()})
        return super().post(path, body)

    def _token(self, form: dict[str, str]) -> tuple[int, bytes]:
        query = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if query is None or query["code_challenge"] != challenge or form.get("resource") != query["resource"]:
            return 400, b'{"error":"invalid_grant"}'
        scope = " ".join(each for each in query.get("scope", "").split() if each not in self.withheld)
        token = self.token(aud=form["resource"], scope=scope or None)
        self.granted.append(token)
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": 300, "scope": scope}
        return 200, json.dumps(answer).encode()


@contextmanager
def running_authorization_server() -> Iterator[AuthorizationServer]:
    """One on loopback, in a thread of its own."""
    with serving_issuer(AuthorizationServer) as server:
        yield server
