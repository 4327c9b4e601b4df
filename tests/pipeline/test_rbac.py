"""`type: rbac` in the chain: what is denied is as if it were not there, and nothing is looked up for it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from argus_trio.config.model.config import Config
from argus_trio.core.access.arrival import RequestArrival
from argus_trio.core.access.denials import ArgumentsRefused, InsufficientScope
from argus_trio.core.access.principal import OPERATOR_ROLE, Principal, operator
from argus_trio.core.access.target import Target
from argus_trio.core.call.exchange import Call, Exchange, Handler
from argus_trio.core.call.unknown_targets import UnknownName
from argus_trio.errors import InvalidParams, MethodUnknown, ResourceUnknown, RpcError
from argus_trio.pipeline.build import build_pipeline
from argus_trio.pipeline.chain import chain
from argus_trio.pipeline.rbac import Rbac
from argus_trio.pipeline.stage import Resolve
from argus_trio.wire.envelope import encode_raw
from argus_trio.wire.revisions import Era
from tests.config.support.reading import read
from tests.pipeline.support.exchanges import PlainExchange
from tests.stopwatch import cost

BACKENDS = """
    server: {{public_url: "https://argus.example/gate/"}}
    backends:
      docs: {{type: streamable-http, url: "https://docs.example/mcp", tool_overrides: {{search: {{name: find}}}}}}
      web: {{type: streamable-http, url: "https://web.example/mcp"}}
    conflict_resolution: {{strategy: {strategy}}}
    views:
      safe: {{tools: {{deny: ["*write*"]}}}}
    middleware:
    - type: authentication
      methods: [{{type: jwt, issuer: "https://idp.example", audience: "https://argus.example/mcp"}}]
"""
ROLES = """
    - type: rbac
      default: {default}
      roles:
        admin: {{allow: ["*"]}}
        reader: {{allow: ["tool:docs__*", "prompt:docs__*", "resource:file:///srv/*", "manage:read", "method:acme/*"],
                  deny: ["tool:docs__write*"]}}
        finder: {{allow: ["backend:docs/tool:search", "backend:docs/resource:*", "backend:docs/method:*"]}}
        nosy: {{allow: ["tool:*"], deny: ["backend:web/tool:read"]}}
        guest: {{allow: ["tool:docs__read", "resource:x:*", "method:acme/get"],
                 when: {{"tool:docs__read": {{/path: {{under: /srv/public}}, /force: {{absent: true}}}},
                         "resource:x:*": {{/uri: {{glob: "x:a*"}}}}, "method:acme/get": {{/n: {{max: 3}}}}}}}}
      scopes: {{"tool:docs__write*": [docs.write, docs.read], "tool:docs__*": [docs.read], "manage:*": [argus]}}
"""


class Asked(PlainExchange):
    def __init__(self, call: Call) -> None:
        super().__init__()
        self.call = call


def config(*, strategy: str = "prefix", default: str = "deny", head: str = BACKENDS) -> Config:
    return read(head.format(strategy=strategy) + ROLES.format(default=default))


def looks_nothing_up(call: Call) -> Target | None:
    raise AssertionError(f"{call.method} was looked up")


def call(
    method: str, *roles: str, era: Era = Era.LEGACY, scopes: frozenset[str] | None = None, **params: object
) -> Call:
    principal = Principal(name="p", roles=frozenset(roles), scopes=scopes)
    raw = {key: encode_raw(value) for key, value in params.items()}
    return Call(method=method, params=raw, era=era, revision="", principal=principal)


def tool(name: str, *roles: str, arguments: object = None, scopes: frozenset[str] | None = None) -> Call:
    given: Mapping[str, object] = {} if arguments is None else {"arguments": arguments}
    return call("tools/call", *roles, scopes=scopes, name=name, **given)  # type: ignore[arg-type]  # params by key


async def outcome(asked: Call, made: Config, resolve: Resolve = looks_nothing_up) -> RpcError | None:
    """What the chain of this configuration says of the call; None if it reaches the end."""

    async def end(_: Exchange) -> bytes:
        return b"{}"

    stage = Rbac.of(made).stage()
    assert stage.call is not None
    try:
        assert await chain([stage.call(resolve)], end)(Asked(asked)) == b"{}"
    except RpcError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        (tool("docs__write", "reader"), UnknownName, "unknown tool: docs__write"),
        (tool("web__x", "reader"), UnknownName, "unknown tool: web__x"),
        (tool("nothing", "reader"), UnknownName, "unknown tool: nothing"),
        (tool("docs__x"), UnknownName, "unknown tool: docs__x"),
        (tool("docs__x", "no such role"), UnknownName, "unknown tool: docs__x"),
        (tool("docs__x" * 100, "guest"), UnknownName, "unknown tool: " + ("docs__x" * 100)[:200]),
        (call("prompts/get", "reader", name="web__p"), UnknownName, "unknown prompt: web__p"),
        (call("resources/read", "reader", uri="file:///etc"), ResourceUnknown, "unknown resource: file:///etc"),
        (call("resources/subscribe", "reader", uri="a:b"), ResourceUnknown, "unknown resource: a:b"),
        (call("resources/unsubscribe", "reader", uri="a:b"), ResourceUnknown, "unknown resource: a:b"),
        (
            call("resources/read", "reader", era=Era.MODERN, uri="file:///etc"),
            InvalidParams,
            "unknown resource: file:///etc",
        ),
        (
            call("completion/complete", "reader", ref={"type": "ref/prompt", "name": "web__p"}, argument={}),
            UnknownName,
            "unknown prompt: web__p",
        ),
        (
            call("completion/complete", "reader", ref={"type": "ref/resource", "uri": "a:{b}"}, argument={}),
            InvalidParams,
            "unknown resource or template: a:{b}",
        ),
        (call("other/method", "reader"), MethodUnknown, "unknown method: other/method"),
        (call("subscriptions/listen", "guest"), MethodUnknown, "unknown method: subscriptions/listen"),
    ],
)
async def test_what_no_role_shows_is_not_there(asked: Call, error: type[RpcError], message: str) -> None:
    found = await outcome(asked, config())
    assert type(found) is error
    assert found.message == message
    assert not found.http_headers


@pytest.mark.parametrize(
    "asked",
    [
        tool("docs__x", "reader"),
        tool("docs__x", "reader", "guest"),
        tool("anything", "admin"),
        call("prompts/get", "reader", name="docs__p"),
        call("resources/read", "reader", uri="file:///srv/a"),
        call("completion/complete", "reader", ref={"type": "ref/prompt", "name": "docs__p"}, argument={}),
        call("acme/x", "reader"),
        call("tools/list"),
        call("prompts/list"),
        call("resources/list"),
        call("resources/templates/list"),
        call("tasks/get", taskId="x"),
        call("tools/call"),
        call("resources/read"),
    ],
)
async def test_what_a_role_shows_goes_on_and_so_does_what_is_for_everybody(asked: Call) -> None:
    assert await outcome(asked, config(head=BACKENDS.replace("docs.example", "d.example"))) is None


@pytest.mark.parametrize(
    "uri",
    [
        "file:///srv/..%2fetc/passwd",
        "file:///srv/%252e%252e/e",
        "file:///srv/..%255c..%255ce",
        "file:///srv/..%5Ce",
        "file:///srv/a/..%2f..%2f..%2fetc",
        "file:///srv/../etc/passwd",
        "file:///srv/%2e%2e/etc/passwd",
        "FILE:///srv/./../etc",
        "file://localhost/srv/../e",
    ],
)
async def test_a_uri_is_judged_as_it_is_meant_and_not_as_it_is_spelled(uri: str) -> None:
    assert isinstance(await outcome(call("resources/read", "reader", uri=uri), config()), ResourceUnknown)


async def test_another_spelling_of_what_is_allowed_is_allowed() -> None:
    for uri in (
        "file:///srv/a b",
        "file:///srv/a%20b",
        "FILE:///srv/x/../a",
        "file:///srv/x%2f..%2fa",
        "file:///srv/a..b",
        "file:///srv/100%",
    ):
        assert await outcome(call("resources/read", "reader", uri=uri), config()) is None


async def test_with_prefixes_the_file_alone_says_whose_a_tool_is() -> None:
    made = config(head=BACKENDS.replace("tool_overrides", "filters: {{}}, tool_overrides"))
    assert await outcome(tool("docs__search2", "finder"), made) is not None
    assert await outcome(tool("web__search", "finder"), made) is not None
    plain = config(head=BACKENDS.replace("find}}", "find}}, old: {{name: search}}"))
    # What is shown as docs__search is called old there: the new name for search widens nothing.
    assert await outcome(tool("docs__search", "finder"), plain) is not None


async def test_a_renamed_tool_is_decided_by_its_own_name() -> None:
    made = config()

    def is_search(_: Call) -> Target:
        return Target(kind="tool", shown="docs__find", backend="docs", own="search")

    def is_find(_: Call) -> Target:
        return Target(kind="tool", shown="docs__find", backend="docs", own="find")

    assert await outcome(tool("docs__find", "finder"), made, is_search) is None
    assert await outcome(tool("docs__find", "finder"), made, is_find) is not None
    assert await outcome(tool("docs__find", "finder"), made, lambda _: None) is not None


async def test_as_long_as_nobody_knows_whose_a_name_is_every_deny_counts() -> None:
    made = config(strategy="first-wins")

    def of(backend: str) -> Resolve:
        return lambda _: Target(kind="tool", shown="read", backend=backend, own="read")

    assert await outcome(tool("read", "nosy"), made, of("docs")) is None
    assert await outcome(tool("read", "nosy"), made, of("web")) is not None
    assert await outcome(tool("read", "nosy"), made, lambda _: None) is not None
    assert await outcome(tool("other", "nosy"), made, lambda _: None) is None
    assert await outcome(tool("search", "finder"), made, lambda _: None) is not None


async def test_a_uri_may_go_on_to_those_backends_that_it_is_allowed_of() -> None:
    def of(backend: str) -> Resolve:
        return lambda _: Target(kind="resource", shown="a:b", backend=backend, own="a:b")

    asked = call("resources/read", "finder", uri="a:b")
    assert await outcome(asked, config(), of("docs")) is None
    assert await outcome(asked, config(), of("web")) is None  # as if nobody had it: the router asks docs alone
    assert await outcome(asked, config(), lambda _: None) is None
    assert await outcome(replace(asked, principal=Principal(name="p")), config(), lambda _: None) is not None


async def test_a_method_may_go_on_to_those_backends_that_it_is_allowed_of() -> None:
    assert await outcome(call("any/method", "finder"), config()) is None
    assert isinstance(await outcome(call("any/method", "nosy"), config()), MethodUnknown)


async def test_every_scope_that_is_missing_is_asked_for_at_once() -> None:
    made = config()
    found = await outcome(tool("docs__write", "admin", scopes=frozenset()), made)
    assert isinstance(found, InsufficientScope)
    assert (found.code, found.http_status, found.scopes) == (-31010, 403, ("docs.write", "docs.read"))
    assert dict(found.http_headers)[b"www-authenticate"] == (
        b'Bearer error="insufficient_scope", scope="docs.write docs.read", '
        b'resource_metadata="https://argus.example/.well-known/oauth-protected-resource/gate/mcp"'
    )
    found = await outcome(tool("docs__write", "admin", scopes=frozenset(["docs.read"])), made)
    assert isinstance(found, InsufficientScope)
    assert found.scopes == ("docs.write",)
    assert await outcome(tool("docs__write", "admin", scopes=frozenset(["docs.read", "docs.write"])), made) is None
    assert await outcome(tool("docs__write", "admin", scopes=None), made) is None
    asked = replace(tool("docs__x", "admin", scopes=frozenset()), endpoint="safe")
    found = await outcome(asked, made)
    assert isinstance(found, InsufficientScope)
    assert found.http_headers[0][1].endswith(b'/gate/mcp/safe"')


async def test_a_scope_is_asked_for_only_of_what_a_role_shows() -> None:
    assert isinstance(await outcome(tool("docs__write", "reader", scopes=frozenset()), config()), InvalidParams)


async def test_a_view_hides_from_whoever_may_do_everything() -> None:
    asked = tool("docs__write", "admin")
    assert await outcome(asked, config()) is None
    assert isinstance(await outcome(replace(asked, endpoint="safe"), config()), InvalidParams)


@pytest.mark.parametrize("default", ["deny", "allow"])
async def test_arguments_that_no_rule_allows_are_named_and_what_is_wanted_is_not(default: str) -> None:
    made = config(default=default)
    assert await outcome(tool("docs__read", "guest", arguments={"path": "/srv/public/a"}), made) is None
    for arguments, pointers in (
        ({"path": "/srv/public/../a"}, ["/path"]),
        ({"path": "/etc", "force": True}, ["/path", "/force"]),
        ({}, ["/path"]),
        (None, ["/path"]),
    ):
        found = await outcome(tool("docs__read", "guest", arguments=arguments), made)
        assert isinstance(found, ArgumentsRefused)
        assert (found.code, found.data) == (-31011, {"arguments": pointers})
        assert "/srv" not in found.message
    assert await outcome(tool("docs__read", "guest", "admin", arguments={}), made) is None


async def test_conditions_look_into_the_params_of_what_has_no_arguments() -> None:
    assert await outcome(call("resources/read", "guest", uri="x:ab"), config()) is None
    assert isinstance(await outcome(call("resources/read", "guest", uri="x:b"), config()), ArgumentsRefused)
    assert await outcome(call("acme/get", "guest", n=3), config()) is None
    assert isinstance(await outcome(call("acme/get", "guest", n=4), config()), ArgumentsRefused)
    ref = {"type": "ref/resource", "uri": "x:{b}"}
    assert await outcome(call("completion/complete", "guest", ref=ref, argument={}), config()) is None


def test_managing_is_decided_by_the_same_rules() -> None:
    stage = Rbac.of(config()).stage()
    assert stage.may_manage is not None
    assert stage.may_manage(Principal(name="p", roles=frozenset(["reader"])), "read")
    assert not stage.may_manage(Principal(name="p", roles=frozenset(["reader"])), "operate")
    assert stage.may_manage(Principal(name="p", roles=frozenset(["admin"])), "admin")
    assert not stage.may_manage(Principal(name="p", roles=frozenset(["admin"]), scopes=frozenset()), "admin")


def test_it_is_built_from_the_file() -> None:
    built = build_pipeline(read("middleware: [{type: rbac, roles: {a: {allow: ['manage:read']}}}]"))
    assert built.access.may_manage(Principal(name="p", roles=frozenset(["a"])), "read")
    assert not built.access.may_manage(Principal(name="p"), "read")


class Counting:
    """A middleware that counts, as a limit does."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self, exchange: Exchange, call_next: Handler) -> bytes:
        self.count += 1
        return await call_next(exchange)


@pytest.mark.parametrize(("rbac_first", "counted"), [(True, 1), (False, 3)])
async def test_what_is_denied_counts_only_for_what_stands_before_it(rbac_first: bool, counted: int) -> None:
    async def end(_: Exchange) -> bytes:
        return b"{}"

    counting, stage = Counting(), Rbac.of(config()).stage()
    assert stage.call is not None
    links = [stage.call(looks_nothing_up), counting] if rbac_first else [counting, stage.call(looks_nothing_up)]
    handler = chain(links, end)
    for name in ("docs__x", "docs__write", "web__x"):
        try:
            await handler(Asked(tool(name, "reader")))
        except InvalidParams:
            continue
    assert counting.count == counted


async def test_a_decision_costs_little_with_a_hundred_backends() -> None:
    many = "".join(f'      b{n}: {{type: streamable-http, url: "https://b{n}.example/mcp"}}\n' for n in range(100))
    head = BACKENDS.format(strategy="prefix").replace("    conflict_resolution", many + "    conflict_resolution")
    rbac = Rbac.of(read(head + ROLES.format(default="deny")))
    asked = tool("docs__x", "reader", "finder", "nosy")

    def decide() -> None:
        for _ in range(100):
            rbac.require(asked, looks_nothing_up)

    assert cost(decide) < 40


RULE = st.sampled_from(
    [
        "*",
        "tool:*",
        "tool:docs__*",
        "tool:web__a",
        "backend:docs",
        "backend:docs/tool:a",
        "backend:web/tool:*",
        "tool:b",
    ]
)


@given(
    st.lists(RULE, max_size=3),
    st.lists(RULE, max_size=2),
    st.sampled_from(["docs__a", "docs__b", "web__a", "web__b", "a", "b", "docs__find"]),
    st.sampled_from(["prefix", "first-wins"]),
)
def test_an_answer_tells_nothing_of_what_is_there(allow: list[str], deny: list[str], name: str, strategy: str) -> None:
    rules = f"roles: {{r: {{allow: {allow}, deny: {deny}}}}}"
    rbac = Rbac.of(read(BACKENDS.format(strategy=strategy) + f"    - {{type: rbac, {rules}}}\n"))

    def answer(found: Target | None) -> str:
        try:
            rbac.require(tool(name, "r"), lambda _: found)
        except RpcError as error:
            return f"{type(error)} {error.code} {error.message} {error.data} {error.http_headers}"
        return ""

    answers = {
        backend: answer(Target(kind="tool", shown=name, backend=backend, own="a")) for backend in ("docs", "web")
    }
    refusals = {*answers.values(), answer(None)} - {""}
    assert refusals <= {f"{UnknownName} -32602 unknown tool: {name} None ()"}
    if strategy == "prefix" and name != "docs__find":  # the file says whose it is
        assert len({*answers.values(), answer(None)}) == 1
    if not any(rule.startswith("backend:") for rule in (*allow, *deny)):
        assert len({*answers.values(), answer(None)}) == 1


def listening(*uris: str, role: str = "reader", scopes: frozenset[str] | None = None) -> Call:
    return call(
        "subscriptions/listen",
        role,
        era=Era.MODERN,
        scopes=scopes,
        notifications={"toolsListChanged": True, "resourceSubscriptions": list(uris)},
    )


async def test_everybody_may_listen_for_what_is_theirs() -> None:
    made = config()
    for asked in (listening(), listening("file:///srv/a", "file:///etc"), listening("file:///etc", role="nobody")):
        assert await outcome(asked, made) is None
    malformed = call("subscriptions/listen", "reader", era=Era.MODERN, notifications=5)
    assert await outcome(malformed, made) is None  # its edge says what is wrong
    assert isinstance(await outcome(call("subscriptions/listen", "reader"), made), MethodUnknown)  # of no legacy client


async def test_what_may_not_be_read_may_not_be_listened_to_either() -> None:
    refused = await outcome(listening("x:a", "x:b", role="guest"), config())
    assert isinstance(refused, ArgumentsRefused)
    made = read(
        BACKENDS.format(strategy="prefix")
        + """
    - type: rbac
      roles: {reader: {allow: ["resource:*"]}}
      scopes: {"resource:a:*": [a.read], "resource:b:*": [b.read], "resource:c:*": [c.read]}
"""
    )
    lacking = await outcome(listening("a:1", "b:1", "c:1", scopes=frozenset({"c.read"})), made)
    assert isinstance(lacking, InsufficientScope)
    assert lacking.scopes == ("a.read", "b.read")
    assert await outcome(listening("c:1", scopes=frozenset({"c.read"})), made) is None


@pytest.mark.parametrize(
    "asked",
    [
        tool("docs__write", OPERATOR_ROLE),
        tool("docs__read", OPERATOR_ROLE, "guest", arguments={"path": "/etc"}),
        tool("nobody__knows", OPERATOR_ROLE, scopes=frozenset()),
        replace(tool("docs__write", OPERATOR_ROLE), endpoint="safe"),
        call("resources/read", OPERATOR_ROLE, uri="file:///etc/../etc/passwd"),
        call("other/method", OPERATOR_ROLE),
    ],
)
async def test_the_operator_passes_whatever_the_rules_say(asked: Call) -> None:
    assert await outcome(asked, config()) is None


async def test_nobody_is_the_operator_by_a_role_that_a_token_or_a_proxy_names() -> None:
    made = build_pipeline(
        read(
            """
            backends: {}
            server: {trusted_proxies: [127.0.0.1]}
            middleware:
            - type: authentication
              methods: [{type: header, header: X-User, roles_header: X-Roles}]
            - {type: rbac, roles: {r: {allow: ["tool:none"]}}}
            """
        )
    ).access
    assert made.admit is not None
    fields = {b"x-user": b"ann", b"x-roles": f"{OPERATOR_ROLE}, r".encode()}
    who = await made.admit(RequestArrival(path="/mcp", address="127.0.0.1", is_from_proxy=True, fields=fields))
    assert who.roles == {"r"}
    assert not made.may_manage(who, "read")
    assert made.may_manage(operator(), "admin")
