"""Whatever stands in a file of the original: what comes out is accepted, or refused with its line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus_trio.client_files.server import FileProblem
from argus_trio.importing.original.convert import OriginalRefused
from tests.importing.original.support import imported, loaded, refused, told, written

WORDS = st.sampled_from(
    (
        *("", "x", "a b", "${HOME_OF_X}", "${A:-b}", "${", "$${A}", "secret:key", "Bearer secret:key", "ü\n", "*"),
        *("https://a.example/mcp", "http://user:word@h.example", "not a url", "/tmp", "512m", "docker.sock", "-1"),
        *("8080", "\0"),
    )
)
ADDRESSES = WORDS.filter(lambda word: word not in ("$${A}", "Bearer secret:key"))
"""Without a text of which only a part is known: what the rest will be is not judged."""
SCALARS = st.one_of(WORDS, st.integers(-1, 70000), st.booleans(), st.none(), st.floats(allow_nan=False))
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2), max_leaves=4
)


def originals(*, odd: bool) -> st.SearchStrategy[dict[str, object]]:
    """Files of the original; where something `odd` may stand, anything may stand anywhere."""

    def some(**keys: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
        optional = {key: each | ANYTHING if odd else each for key, each in keys.items()}
        return st.fixed_dictionaries({}, optional=optional)

    lists = st.lists(WORDS, max_size=3)
    texts = st.dictionaries(WORDS, WORDS, max_size=3)
    globs = some(allow=lists, deny=lists)
    container = some(
        enabled=st.booleans(),
        runtime=st.sampled_from(["docker", "kubernetes"]),
        network=st.sampled_from(["none", "bridge", "host", "mine"]),
        memory=st.sampled_from(["512m", "1", "1k", "x"]),
        cpus=st.sampled_from(["0.5", "0", "many"]),
        volumes=st.lists(
            st.sampled_from(["/a:/b:ro", "named:/x", "/tmp", "/a:/tmp", "/a:/b,z", "./x:/y:rw,Z"]), max_size=3
        ),
        dockerfile=WORDS,
        builder_image=WORDS,
        extra_args=lists,
    )
    more = some(
        args=lists,
        env=texts,
        headers=texts,
        group=WORDS,
        auth=some(type=st.sampled_from(["static", "oauth2", "pkce"]), headers=texts, client_secret=WORDS),
        filters=some(tools=globs, resources=globs, prompts=globs),
        tool_overrides=st.dictionaries(WORDS, some(name=WORDS, description=WORDS), max_size=2),
        timeouts=some(init=st.integers(0, 99), startup=st.integers(0, 99), retry_delay=st.integers(0, 130)),
        container=container,
    )
    kinds = st.sampled_from(
        [
            {"type": "stdio", "command": "npx"},
            {"type": "sse", "url": "http://user:word@h.example/x?api_key=0123456789ab"},
            {"type": "http", "url": "https://a.example/mcp"},
        ]
    )
    backend = st.builds(lambda kind, others: kind | others, kinds, more)
    return some(
        version=st.just("1"),
        server=some(
            host=st.sampled_from(["127.0.0.1", "0.0.0.0"]),
            port=st.integers(0, 65535),
            management=some(token=ADDRESSES),
        ),
        backends=st.dictionaries(st.sampled_from(["a", "my_files", "x y", ""]), backend, max_size=3),
        conflict_resolution=some(strategy=st.sampled_from(["prefix", "priority"]), separator=WORDS, order=lists),
        incoming_auth=some(
            type=st.sampled_from(["anonymous", "local", "jwt", "oidc"]),
            auth_mode=st.sampled_from(["strict", "permissive"]),
            token=ADDRESSES,
            issuer=ADDRESSES,
            audience=WORDS,
            jwks_uri=ADDRESSES,
            algorithms=st.lists(st.sampled_from(["RS256", "HS256"])),
        ),
        authorization=some(
            enabled=st.just(True),
            default_effect=st.sampled_from(["allow", "deny"]),
            policies=st.lists(
                some(effect=st.sampled_from(["allow", "deny"]), roles=lists, resources=lists), max_size=2
            ),
        ),
        rate_limits=some(
            enabled=st.booleans(), default=some(requests=st.integers(0, 9), window_seconds=st.integers(0, 9))
        ),
        telemetry=some(enabled=st.booleans(), otlp_endpoint=ADDRESSES, service_name=WORDS),
        audit=some(enabled=st.booleans(), file=WORDS),
        security=some(
            trusted_proxies=lists, payload_limits=some(enabled=st.booleans(), max_body_bytes=st.integers(0, 9))
        ),
        secrets=some(enabled=st.booleans(), provider=st.sampled_from(["env", "file"])),
        feature_flags=some(container_isolation=st.booleans()),
        plugins=ANYTHING,
    )


def accepted(text: str) -> tuple[FileProblem, ...]:
    """What the text is refused for; nothing if what comes of it is accepted."""
    try:
        found = imported(text)
    except OriginalRefused as refusal:
        return refusal.problems or pytest.fail("refused, and nobody knows why")
    loaded(found)
    return ()


@settings(deadline=None)
@given(tree=originals(odd=True) | originals(odd=False))
def test_any_file_gives_what_is_accepted_or_is_refused_with_its_line(tree: dict[str, object]) -> None:
    text = written(tree)
    problems = accepted(text)
    assert all(1 <= each.line <= text.count("\n") + 1 and each.what for each in problems)


@settings(deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_is_refused_or_accepted(text: str) -> None:
    assert all(each.path for each in accepted(text))


def test_what_a_container_cannot_have_is_left_out_and_told() -> None:
    backend = {"type": "stdio", "command": "uvx", "args": ["x"], "container": {"memory": "1k", "volumes": ["/a:/tmp"]}}
    found = imported(written({"backends": {"a": backend}}))
    assert loaded(found).backends["a"].name == "a"
    assert "backends.a.container.memory" in told(found)
    assert "this is the container's own" in told(found)


def test_what_keeps_others_out_is_never_left_out() -> None:
    broken = {"backends": {}, "incoming_auth": {"type": "jwt", "issuer": "no url", "audience": "x"}}
    (problem,) = refused(written(broken))
    assert problem.startswith("2: incoming_auth: as middleware[0].methods[0].issuer: expected a URL")


def test_one_token_for_clients_and_operators_is_refused() -> None:
    token = "one-token-for-everything"  # a fake
    both = {"server": {"management": {"token": token}}, "incoming_auth": {"type": "local", "token": token}}
    (problem,) = refused(written({"backends": {}, **both}))
    assert "the same one stands in middleware" in problem
    assert token not in problem


def test_what_a_variable_that_is_not_set_will_hold_is_not_judged() -> None:
    text = written({"server": {"host": "${HOST}", "port": "${PORT}"}, "backends": {}, "client": {}})
    found = imported(text)
    assert found.tree["server"] == {"host": "${HOST}", "port": "${PORT}"}
    assert list(found.needed) == ["HOST", "PORT"]
