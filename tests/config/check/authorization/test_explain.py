"""What a principal may do, from the file alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from argus_trio.cli.main import main
from argus_trio.config.check.authorization.explain import Explanation, NoQuestion, Question, explain
from argus_trio.config.model.config import Config
from tests.config.support.reading import read

FILE = """
    backends:
      docs: {type: streamable-http, url: "https://docs.example/mcp", tool_overrides: {search: {name: find}}}
      web: {type: streamable-http, url: "https://web.example/mcp", prefix: ""}
    middleware:
    - type: authentication
      anonymous: {roles: [guest]}
      methods:
        - {type: bearer, tokens: [{token: abcdefghijklmnopqrstuvwx, principal: ops, roles: [admin]}]}
        - {type: api_key, keys: [{key: abcdefghijklmnopqrstuvwxyz, principal: ci, roles: [reader]}]}
        - {type: jwt, issuer: "https://idp.example", audience: "https://argus.example/mcp"}
    - type: rbac
      roles:
        admin: {allow: ["*"]}
        reader: {allow: ["tool:docs__*", "resource:*", "manage:read"], deny: ["tool:docs__write*"]}
        guest: {allow: ["backend:docs/tool:read"], views: [safe],
                when: {"backend:docs/tool:read": {/path: {under: /srv/public}}}}
        searcher: {allow: ["backend:docs/tool:search"]}
      scopes: {"tool:docs__*": [docs.read]}
    views:
      safe: {backends: [docs], tools: {deny: ["*write*"]}}
"""


@pytest.fixture(name="config")
def _config() -> Config:
    return read(FILE)


def asked(config: Config, principal: str, name: str, **more: object) -> Explanation:
    return explain(config, Question(principal=principal, name=name, **more))  # type: ignore[arg-type]  # by key


@pytest.mark.parametrize(
    ("principal", "name", "is_allowed", "line"),
    [
        ("ops", "docs__x", True, "role admin allows *"),
        ("ops", "manage:admin", True, "role admin allows *"),
        ("ci", "docs__x", True, "role reader allows tool:docs__*"),
        ("ci", "tool:docs__x", True, "a token that has scopes needs docs.read"),
        ("ci", "docs__write_it", False, "role reader denies tool:docs__write*"),
        ("ci", "backend:docs/tool:search", True, "role reader allows tool:docs__*"),
        ("ci", "resource:file:///a", True, "role reader allows resource:*"),
        ("ci", "manage:read", True, "role reader allows manage:read"),
        ("ci", "manage:admin", False, "no rule decides; default: deny"),
        ("ci", "prompt:docs__p", False, "no rule decides; default: deny"),
        ("ci", "method:acme/x", False, "no rule decides; default: deny"),
        ("ci", "tools:docs__x", False, "no kind is called tools, so it is taken for a tool"),
        ("anonymous", "backend:docs/tool:read", False, "role guest is not good for this endpoint"),
        ("idp.example/bob", "docs__x", False, "told by --role"),
    ],
)
def test_the_rule_that_decides_is_named(config: Config, principal: str, name: str, is_allowed: bool, line: str) -> None:
    found = asked(config, principal, name)
    assert found.is_allowed == is_allowed
    assert found.lines[0] == ("allowed" if is_allowed else "denied")
    assert any(line in each for each in found.lines), found.lines


def test_roles_of_tokens_are_given(config: Config) -> None:
    assert asked(config, "idp.example/bob", "docs__x", roles=("reader",)).is_allowed
    assert "no role nobody in rbac" in asked(config, "bob", "docs__x", roles=("nobody",)).lines


def test_conditions_are_told_and_judged(config: Config) -> None:
    name = "backend:docs/tool:read"
    found = asked(config, "anonymous", name, endpoint="safe")
    assert found.is_allowed
    assert 'when /path under: "/srv/public"' in found.lines
    found = asked(config, "anonymous", name, endpoint="safe", arguments=b'{"path":"/srv/public/a"}')
    assert found.is_allowed
    assert 'met: /path under: "/srv/public"' in found.lines
    found = asked(config, "anonymous", name, endpoint="safe", arguments=b'{"path":"/srv/public/../a"}')
    assert not found.is_allowed
    assert 'but not met: /path under: "/srv/public"' in found.lines


def test_a_view_never_widens(config: Config) -> None:
    assert asked(config, "ops", "docs__write_it").is_allowed
    found = asked(config, "ops", "docs__write_it", endpoint="safe")
    assert not found.is_allowed
    assert "if it is write_it of docs: the view safe does not show it" in found.lines


def test_where_a_name_may_be_of_several_all_of_them_are_told(config: Config) -> None:
    found = asked(config, "bob", "docs__find", roles=("searcher",))
    assert not found.is_allowed
    assert "if it is search of docs: role searcher allows backend:docs/tool:search" in found.lines
    assert "if it is docs__find of web: no rule decides; default: deny" in found.lines


@pytest.mark.parametrize(
    ("name", "endpoint", "says"),
    [
        ("manage:write", "", "there is no right manage:write"),
        ("tool:", "", "NAME is empty"),
        ("backend:nope/tool:x", "", "no backend nope is enabled; there are: docs, web"),
        ("backend:docs", "", "write what of it: backend:docs/tool:NAME"),
        ("backend:docs/x", "", "write backend:docs/tool:x"),
        ("x", "sage", "there is no view sage; there are: safe"),
    ],
)
def test_a_question_that_has_no_answer_is_answered_with_what_to_write(
    config: Config, name: str, endpoint: str, says: str
) -> None:
    with pytest.raises(NoQuestion, match=says):
        asked(config, "ops", name, endpoint=endpoint)


def test_without_rbac_mcp_is_open_and_managing_is_nobodys() -> None:
    open_to_all = read(FILE.partition("    - type: rbac")[0])
    assert asked(open_to_all, "bob", "docs__x").is_allowed
    assert not asked(open_to_all, "bob", "manage:read").is_allowed
    assert asked(read("backends: {}"), "bob", "manage:read").is_allowed


def test_the_command_says_it_with_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("\n".join(line.removeprefix("    ") for line in FILE.splitlines()))
    config = ["-c", str(path)]
    assert main(["explain", "ci", "docs__x", *config]) == 0
    assert capsys.readouterr().out.startswith("allowed\n  ci has the roles reader\n")
    assert main(["explain", "ci", "docs__write", *config]) == 1
    arguments = ["--endpoint", "safe", "--args", '{"path": "/etc"}', *config]
    assert main(["explain", "anonymous", "backend:docs/tool:read", *arguments]) == 1
    assert main(["explain", "bob", "docs__x", "--role", "reader", "--role", "admin", *config]) == 0
    assert main(["explain", "ci", "manage:nothing", *config]) == 2
    for wrong in (["explain", "ci"], ["explain", "ci", "docs__x", "--args", "[1]"]):
        with pytest.raises(SystemExit) as ended:
            main(wrong)
        assert ended.value.code == 2


def test_the_operators_role_is_nobodys_to_bring(config: Config) -> None:
    found = explain(config, Question(principal="ci", name="docs__write_it", roles=("argus:operator",)))
    assert not found.is_allowed
    assert "the role argus:operator is the gateway's own: whoever brings it comes in without it" in found.lines
