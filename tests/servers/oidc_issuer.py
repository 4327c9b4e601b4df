"""A small OpenID Connect issuer of the tests' own: metadata and keys over HTTP, tokens of every kind, rotation."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

AUDIENCE = "https://argus.example/mcp"
Json = dict[str, Any]
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class Issuer:
    """A running issuer. What it serves may be changed at any time."""

    def __init__(self, url: str, *, path: str = "") -> None:
        self.url = f"{url}{path}"
        self.origin = url
        self.keys: dict[str, PrivateKey] = {}
        self.asked: list[str] = []
        """The path of each request that came."""
        self.is_down = False
        self.metadata_path = f"{path}/.well-known/openid-configuration"
        self.metadata: Json = {"issuer": self.url, "jwks_uri": f"{url}/keys"}
        self.redirects: dict[str, str] = {}
        self.held = threading.Event()
        """Answers wait for it."""
        self.held.set()
        self.rotate("first")

    def rotate(self, *names: str, curve: bool = True) -> None:
        """Publish new keys under these names alone."""
        self.keys = {
            name: ec.generate_private_key(ec.SECP256R1())
            if curve
            else rsa.generate_private_key(public_exponent=65537, key_size=2048)
            for name in names
        }

    def key_set(self) -> Json:
        return {"keys": [{**_public(key), "kid": name, "use": "sig"} for name, key in self.keys.items()]}

    def claims(self, **changes: object) -> Json:
        """The claims of a token that is right, changed; None takes one out."""
        now = int(time.time())
        claims: Json = {
            "iss": self.url, "aud": AUDIENCE, "sub": "ann", "iat": now, "nbf": now - 1, "exp": now + 300,
            "roles": ["reader"], "scope": "docs.read docs.write",
        }  # fmt: skip
        return {name: value for name, value in {**claims, **changes}.items() if value is not None}

    def token(self, *, header: Mapping[str, object] | None = None, key: str | None = None, **changes: object) -> str:
        """A token that it has signed, right but for what is changed."""
        name = key or next(iter(self.keys))
        private = self.keys[name]
        algorithm = "ES256" if isinstance(private, ec.EllipticCurvePrivateKey) else "RS256"
        headers: Json = {"kid": name, "typ": "at+jwt", **(header or {})}
        if headers["kid"] is None:
            del headers["kid"]
        payload = json.dumps(self.claims(**changes)).encode()  # by PyJWS, which does not mind what claims say
        return jwt.PyJWS().encode(payload, private, algorithm=algorithm, headers=headers)

    def public_pem(self, name: str) -> bytes:
        return (
            self.keys[name]
            .public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )

    def answer(self, path: str) -> tuple[int, bytes, str | None]:
        """Status, body and Location of an answer."""
        self.asked.append(path)
        self.held.wait(20)
        if self.is_down:
            return 503, b"down", None
        if path in self.redirects:
            return 302, b"", self.redirects[path]
        if path == self.metadata_path:
            return 200, json.dumps(self.metadata).encode(), None
        if path == "/keys":
            return 200, json.dumps(self.key_set()).encode(), None
        return 404, b"nothing here", None

    def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Status and body of the answer to what is posted: nothing is taken."""
        self.asked.append(path)
        return 405, body[:0]


IssuerT = TypeVar("IssuerT", bound=Issuer)


def part(value: object) -> str:
    """One part of a token, as JSON or as it is."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _public(key: PrivateKey) -> Json:
    public = key.public_key()
    if isinstance(public, ec.EllipticCurvePublicKey):
        return dict(ECAlgorithm.to_jwk(public, as_dict=True))
    return dict(RSAAlgorithm.to_jwk(public, as_dict=True))


@contextmanager
def running_issuer(*, path: str = "") -> Iterator[Issuer]:
    """An issuer on loopback, in a thread of its own."""
    with serving_issuer(lambda url: Issuer(url, path=path)) as issuer:
        yield issuer


@contextmanager
def serving_issuer(make: Callable[[str], IssuerT]) -> Iterator[IssuerT]:
    """The issuer that `make` makes of its origin, served on loopback in a thread of its own."""
    box: list[IssuerT] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body, location = box[0].answer(self.path)
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            if location is not None:
                self.send_header("location", location)
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            status, body = box[0].post(self.path, self.rfile.read(int(self.headers["content-length"])))
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    box.append(make(f"http://127.0.0.1:{server.server_address[1]}"))
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    try:
        yield box[0]
    finally:
        box[0].held.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
