"""Tokens of a real issuer over HTTP: right ones, wrong ones in each way, keys that rotate or cannot be had."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import attrs
import pytest
import trio
from structlog.testing import capture_logs

from argus_trio.config.model.authentication import JwtMethod
from argus_trio.pipeline.authentication.jwt_method import JwtReader, jwt_judges
from argus_trio.pipeline.authentication.readers import AuthorizationReader, StaticCredentials
from argus_trio.pipeline.authentication.refusals import CredentialWrong
from argus_trio.pipeline.kept_state import KeptState
from tests.pipeline.support.arrivals import admitted, arrival, bearer, living, refused
from tests.servers.oidc_issuer import AUDIENCE, Issuer, Json, part, running_issuer

DOCUMENT = 'Bearer realm="argus", resource_metadata="https://argus.example/.well-known/oauth-protected-resource'


@pytest.fixture(scope="module")
def shared() -> Iterator[Issuer]:
    with running_issuer(path="/realms/a") as found:
        yield found


@pytest.fixture
def issuer(shared: Issuer) -> Issuer:
    shared.asked.clear()
    shared.is_down = False
    shared.rotate("first")
    return shared


def text(issuer: Issuer, more: str = "", methods: str = "", anonymous: str = "") -> str:
    return f"""
server: {{public_url: https://argus.example}}
views: {{safe: {{}}}}
middleware:
  - type: authentication
    {anonymous}
    methods:
      - {{type: jwt, issuer: '{issuer.url}', audience: '{AUDIENCE}'{more}}}{methods}
"""


def by_hmac(issuer: Issuer, key: bytes) -> str:
    """A token whose signature is an HMAC with the public key, which anybody can make."""
    head = f"{part({'alg': 'HS256', 'kid': 'first', 'typ': 'JWT'})}.{part(issuer.claims())}"
    digest = hmac.new(key, head.encode(), hashlib.sha256).digest()
    return f"{head}.{part(digest)}"


def unsigned(issuer: Issuer, algorithm: str, signature: str = "") -> str:
    return f"{part({'alg': algorithm, 'kid': 'first'})}.{part(issuer.claims())}.{signature}"


def another(issuer: Issuer) -> str:
    """A token with the name of a known key, signed by another one."""
    with_other = Issuer("http://127.0.0.1:1")
    with_other.url = issuer.url
    return with_other.token(key="first")


def changed(token: str, **claims: object) -> str:
    """The token with other claims than those that were signed."""
    head, payload, signature = token.split(".")
    old = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return f"{head}.{part({**old, **claims})}.{signature}"


WRONG: dict[str, Callable[[Issuer], str]] = {
    "audience": lambda issuer: issuer.token(aud="https://other.example/mcp"),
    "audience missing": lambda issuer: issuer.token(aud=None),
    "audience of no text": lambda issuer: issuer.token(aud=[1, None]),
    "audience of a view": lambda issuer: issuer.token(aud=f"{AUDIENCE}/safe"),
    "issuer": lambda issuer: issuer.token(iss="https://other.example"),
    "issuer with a slash": lambda issuer: issuer.token(iss=f"{issuer.url}/"),
    "issuer missing": lambda issuer: issuer.token(iss=None),
    "issuer as a list": lambda issuer: issuer.token(iss=[issuer.url]),
    "expired": lambda issuer: issuer.token(exp=int(time.time()) - 31),
    "exp missing": lambda issuer: issuer.token(exp=None),
    "exp true": lambda issuer: issuer.token(exp=True),
    "exp without end": lambda issuer: issuer.token(exp=float("inf")),
    "exp beyond a float": lambda issuer: issuer.token(exp=10**400),
    "nbf beyond a float": lambda issuer: issuer.token(nbf=10**400),
    "exp as text": lambda issuer: issuer.token(exp=str(int(time.time()) + 300)),
    "not yet": lambda issuer: issuer.token(nbf=int(time.time()) + 60),
    "issued later": lambda issuer: issuer.token(iat=int(time.time()) + 60),
    "alg none": lambda issuer: unsigned(issuer, "none"),
    "alg none with a signature": lambda issuer: unsigned(issuer, "None", "YQ"),
    "no signature": lambda issuer: unsigned(issuer, "ES256"),
    "HS256 with the public key": lambda issuer: by_hmac(issuer, issuer.public_pem("first")),
    "HS256 with the key set": lambda issuer: by_hmac(issuer, json.dumps(issuer.key_set()["keys"][0]).encode()),
    "unknown key": lambda issuer: issuer.token(header={"kid": "nobody"}),
    "garbage for a signature": lambda issuer: unsigned(issuer, "ES256", "YQ"),
    "key named by a number": lambda issuer: f"{part({'alg': 'ES256', 'kid': 1})}.{part(issuer.claims())}.YQ",
    "another key": another,
    "crit": lambda issuer: issuer.token(header={"crit": ["exp"]}),
    "empty crit": lambda issuer: issuer.token(header={"crit": []}),
    "typ": lambda issuer: issuer.token(header={"typ": "logout+jwt"}),
    "changed claims": lambda issuer: changed(issuer.token(), sub="root"),
    "truncated": lambda issuer: issuer.token()[:-10],
    "no claims": lambda issuer: f"{issuer.token().split('.')[0]}..{issuer.token().split('.')[2]}",
    "claims that are no object": lambda issuer: f"{part({'alg': 'ES256'})}.{part([1])}.YQ",
    "header that is no JSON": lambda issuer: f"{part(b'x')}.{part(issuer.claims())}.YQ",
    "deep": lambda issuer: f"{part({'alg': 'ES256'})}.{part(b'[' * 5000)}.YQ",
    "huge": lambda issuer: issuer.token(more="x" * 20_000),
    "four parts": lambda issuer: issuer.token() + ".YQ",
    "encrypted": lambda issuer: "YQ.YQ.YQ.YQ.YQ",
    "sub missing": lambda issuer: issuer.token(sub=None),
    "sub empty": lambda issuer: issuer.token(sub=" "),
    "sub with a line": lambda issuer: issuer.token(sub="a\nb"),
    "sub as a number": lambda issuer: issuer.token(sub=7),
}


async def test_a_right_token_names_its_principal_by_its_issuer(issuer: Issuer) -> None:
    async with living(text(issuer)) as pipeline:
        token = issuer.token()
        for _ in range(2):
            found = await admitted(pipeline, bearer(token))
            assert found.name == "127.0.0.1/ann"
            assert found.roles == {"reader"}
            assert found.scopes == frozenset({"docs.read", "docs.write"})
            assert found.method == "jwt"
            assert found.expires is not None
            assert 320 < found.expires - time.time() <= 331


@pytest.mark.parametrize("anonymous", ["", "anonymous: {}"])
async def test_a_wrong_token_is_refused_with_the_challenge_of_its_endpoint_and_no_more(
    issuer: Issuer, anonymous: str
) -> None:
    async with living(text(issuer, anonymous=anonymous)) as pipeline:
        await admitted(pipeline, bearer(issuer.token()))
        with capture_logs() as logs:
            for number, (way, make) in enumerate(WRONG.items()):
                token = make(issuer)
                fields = {"Authorization": f"Bearer {token}"}
                refusal = await refused(pipeline, arrival(fields, address=f"192.0.2.{number}"))
                assert (refusal.status, refusal.error, refusal.retry_after) == (401, "invalid_token", None), way
                assert refusal.challenge is not None
                begin, _, description = refusal.challenge.partition(', error="invalid_token", error_description="')
                assert begin == f'{DOCUMENT}/mcp"', way
                assert description.rstrip('"') == refusal.message
                assert "ann" not in refusal.message
                assert token[-40:] not in repr(logs), way


@pytest.mark.parametrize(
    ("path", "document"),
    [("/mcp", "/mcp"), ("/mcp/safe", "/mcp/safe"), ("/sse", "/sse"), ("/messages", "/sse"),
     ("/sse/safe/messages", "/sse/safe"), ("/mcp/other", "/mcp"), ("/manage/v1/backends", "/mcp"), ("/", "/mcp")],
)  # fmt: skip
async def test_each_endpoint_has_its_challenge_and_its_document(issuer: Issuer, path: str, document: str) -> None:
    async with living(text(issuer)) as pipeline:
        refusal = await refused(pipeline, arrival(path=path))
        assert refusal.challenge == f'{DOCUMENT}{document}"'
        found = json.loads(pipeline.access.documents[f"/.well-known/oauth-protected-resource{document}"])
        assert found["resource"] == f"https://argus.example{document}"
        assert found["authorization_servers"] == [issuer.url]


async def test_a_token_for_one_endpoint_is_good_there_alone(issuer: Issuer) -> None:
    async with living(text(issuer)) as pipeline:
        token = issuer.token(aud=[f"{AUDIENCE}/safe", "https://elsewhere.example"])
        assert (await admitted(pipeline, bearer(token, path="/mcp/safe"))).name == "127.0.0.1/ann"
        assert (await refused(pipeline, bearer(token, path="/mcp"))).error == "invalid_token"
        assert (await refused(pipeline, bearer(token, path="/manage/v1/backends"))).error == "invalid_token"
        assert (await admitted(pipeline, bearer(issuer.token(), path="/mcp/safe"))).name == "127.0.0.1/ann"


@pytest.mark.parametrize("header", [{"typ": "JWT"}, {"typ": None}, {"typ": "application/at+JWT"}, {"kid": None}])
async def test_headers_that_leave_things_open_are_no_reason_to_refuse(
    issuer: Issuer, header: dict[str, object]
) -> None:
    async with living(text(issuer)) as pipeline:
        await admitted(pipeline, bearer(issuer.token(header=header)))


@pytest.mark.parametrize(
    ("claim", "claims", "roles"),
    [
        ("roles", {"roles": "admin reader"}, {"admin", "reader"}),
        ("realm_access.roles", {"realm_access": {"roles": ["admin", 1]}}, {"admin"}),
        ("https://a.example/roles", {"https://a.example/roles": ["admin"]}, {"admin"}),
        ("realm_access.roles", {"realm_access": ["admin"]}, set()),
        ("roles", {"roles": {"admin": True}}, set()),
    ],
)
async def test_roles_are_where_the_file_says(
    issuer: Issuer, claim: str, claims: dict[str, object], roles: set[str]
) -> None:
    async with living(text(issuer, f", roles_claim: '{claim}'")) as pipeline:
        changes: Json = {"roles": None, "scope": None, "scp": ["a", "b"], **claims}
        found = await admitted(pipeline, bearer(issuer.token(**changes)))
        assert (found.roles, found.scopes) == (frozenset(roles), frozenset({"a", "b"}))


async def test_algorithms_that_are_not_listed_are_refused_before_a_key_is_asked_for(issuer: Issuer) -> None:
    async with living(text(issuer, ", algorithms: [RS256]")) as pipeline:
        await refused(pipeline, bearer(issuer.token()))
        await refused(pipeline, bearer(by_hmac(issuer, b"x")))
        assert issuer.asked == []
        issuer.rotate("big", curve=False)
        await admitted(pipeline, bearer(issuer.token()))


async def test_keys_are_fetched_once_for_many_who_come_at_once(issuer: Issuer) -> None:
    async with living(text(issuer)) as pipeline:
        assert issuer.asked == []
        async with trio.open_nursery() as nursery:
            for number in range(20):
                nursery.start_soon(admitted, pipeline, bearer(issuer.token(sub=f"u{number}")))
        assert issuer.asked == [issuer.metadata_path, "/keys"]


async def test_a_new_key_is_found_and_unknown_ones_ask_once(issuer: Issuer) -> None:
    async with living(text(issuer)) as pipeline:
        old = issuer.token()
        await admitted(pipeline, bearer(old))
        issuer.rotate("second")
        await admitted(pipeline, bearer(issuer.token()))
        asked = len(issuer.asked)
        for number in range(5):
            unknown = await refused(pipeline, bearer(issuer.token(header={"kid": f"x{number}"})))
            assert unknown.status == 503  # it may be newer than the keys
        assert len(issuer.asked) == asked
        assert (await refused(pipeline, bearer(issuer.token(header={"kid": "first"})))).status == 401


async def test_keys_that_cannot_be_had_are_no_reason_to_throw_a_token_away(issuer: Issuer) -> None:
    issuer.is_down = True
    async with living(text(issuer)) as pipeline:
        with capture_logs() as logs:
            for _ in range(3):
                refusal = await refused(pipeline, bearer(issuer.token()))
                assert (refusal.status, refusal.error, refusal.challenge) == (503, "keys_unavailable", None)
                assert refusal.retry_after == 2
        (line,) = (each for each in logs if each["event"] == "issuer_keys_unavailable")
        assert "HTTP 503" in line["reason"]
        assert len(issuer.asked) == 3


async def test_keys_and_verified_tokens_are_kept_over_a_reload(issuer: Issuer) -> None:
    async with living(text(issuer)) as before:
        token = issuer.token()
        await admitted(before, bearer(token))
        async with living(
            text(issuer, methods="\n      - {type: api_key, keys: [{key: 0123456789abcdef, principal: a}]}"), before
        ) as after:
            issuer.is_down = True
            await admitted(after, bearer(token))
            await admitted(after, bearer(issuer.token(sub="bob")))
            assert len(issuer.asked) == 2


async def test_a_token_of_the_file_and_one_of_an_issuer_stand_side_by_side(issuer: Issuer) -> None:
    static = "a.static.token-0123456789"
    more = f"\n      - {{type: bearer, tokens: [{{token: {static}, principal: ops}}]}}"
    async with living(text(issuer, methods=more)) as pipeline:
        assert (await admitted(pipeline, bearer(static))).name == "ops"
        assert (await admitted(pipeline, bearer(issuer.token()))).name == "127.0.0.1/ann"
        await refused(pipeline, bearer("opaque"))


async def test_each_issuer_judges_its_own_tokens_under_names_of_its_own(issuer: Issuer) -> None:
    with running_issuer(path="/realms/b") as other:
        more = f"\n      - {{type: jwt, issuer: '{other.url}', audience: '{AUDIENCE}'}}"
        async with living(text(issuer, methods=more)) as pipeline:
            port, other_port = issuer.origin.rpartition(":")[2], other.origin.rpartition(":")[2]
            assert (await admitted(pipeline, bearer(issuer.token()))).name == f"127.0.0.1:{port}/realms/a/ann"
            assert (await admitted(pipeline, bearer(other.token()))).name == f"127.0.0.1:{other_port}/realms/b/ann"
            await refused(pipeline, bearer(other.token(iss=issuer.url)))


async def test_a_token_is_verified_again_after_a_while_and_ends_with_its_exp_and_the_leeway(issuer: Issuer) -> None:
    now = time.time()
    method = JwtMethod(issuer=issuer.url, audience=(AUDIENCE,), leeway=10)
    judges = jwt_judges([method], {issuer.url: "idp"}, None, KeptState({}))
    (reader,) = judges.readers
    assert isinstance(reader, JwtReader)
    assert judges.lifetime is not None

    async def comes_in(token: str, after: float) -> bool:
        later = attrs.evolve(reader, now=lambda: now + after)
        edge = AuthorizationReader(static=StaticCredentials({}), issuers=(later,))
        try:
            return await edge.read(bearer(token)) is not None
        except CredentialWrong:
            return False

    async with trio.open_nursery() as nursery:
        await nursery.start(judges.lifetime.run)
        short, long = issuer.token(exp=int(now) + 30), issuer.token()
        assert [await comes_in(short, after) for after in (0, 29, 35, 41, 50)] == [True, True, True, False, False]
        assert await comes_in(long, 0)
        issuer.rotate("second")
        await comes_in(issuer.token(), 0)  # brings the new keys, without the old one
        assert [await comes_in(long, after) for after in (0, 59, 61)] == [True, True, False]
        nursery.cancel_scope.cancel()


def test_nothing_that_verifies_tokens_is_loaded_where_no_issuer_is_configured() -> None:
    code = """
import sys
from tests.pipeline.support.arrivals import pipeline_of
method = "{type: api_key, keys: [{key: 0123456789abcdef, principal: a}]}"
pipeline_of("middleware: [{type: authentication, methods: [" + method + "]}]")
assert "jwt" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
