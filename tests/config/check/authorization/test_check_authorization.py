"""Roles, rules and views that do not make sense, and what to write instead."""

from __future__ import annotations

import pytest

from argus_trio.errors import ConfigInvalid, Problem
from tests.config.support.reading import problem, problems, read

BACKENDS = """
    server: {public_url: "https://argus.example"}
    backends:
      docs: {type: streamable-http, url: "https://docs.example/mcp", tool_overrides: {search: {name: find}},
             filters: {tools: {deny: [hidden]}}}
      web: {type: streamable-http, url: "https://web.example/mcp"}
      off: {type: streamable-http, url: "https://off.example/mcp", enabled: false}
    views:
      safe: {backends: [docs]}
"""
KEYS = """
    - type: authentication
      anonymous: {roles: [r]}
      methods:
        - {type: bearer, tokens: [{token: abcdefghijklmnopqrstuvwx, principal: ops, roles: [s]}]}
        - {type: api_key, keys: [{key: abcdefghijklmnopqrstuvwxyz, principal: ci, roles: [s]}]}
"""
JWT = """
    - type: authentication
      methods: [{type: jwt, issuer: "https://idp.example", audience: "https://argus.example/mcp"}]
"""


def file(roles: str, *, before: str = KEYS, more: str = "", backends: str = BACKENDS) -> str:
    return f"{backends}\n    middleware:{before}\n    - {{type: rbac, roles: {roles}{more}}}\n"


def warnings(text: str) -> list[Problem]:
    return list(read(text).warnings)


BOTH = "{r: {allow: ['*']}, s: {allow: ['*']}}"


def test_a_policy_that_makes_sense_is_silent() -> None:
    allow = (
        "['*', 'tool:docs__find', 'tool:docs__*', 'tool:*write*', 'backend:docs/tool:search', 'backend:d*',"
        " 'resource:file:///*', 'prompt:web__p', 'manage:*', 'manage:read', 'method:acme/*', 'tool:d*']"
    )
    when = "{'backend:docs/tool:search': {/path: {under: /srv, glob: '*.txt'}, /n: {min: 1, max: 1}}}"
    roles = f"{{r: {{allow: {allow}, when: {when}, views: [safe]}}, s: {{deny: ['tool:web__*']}}}}"
    assert warnings(file(roles)) == []


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("tools:docs__*", "write tool:docs__*"),
        ("docs__*", "write tool:docs__*"),
        ("backend:docs/search", "write backend:docs/tool:search"),
        ("backend:docs/tools:search", "write backend:docs/tool:search"),
        ("backend:/tool:x", "no backend is named"),
        ("manage", "write manage:read, manage:operate or manage:admin"),
        ("manage:write", "write manage:read, manage:operate or manage:admin"),
        ("tool:", "for example tool:search*"),
    ],
)
@pytest.mark.parametrize("key", ["allow", "deny"])
def test_what_is_no_rule_is_answered_with_what_to_write(rule: str, says: str, key: str) -> None:
    found = problem(file(f"{{r: {{{key}: ['{rule}']}}, s: {{allow: ['*']}}}}"))
    assert found.path == f"middleware[1].roles.r.{key}[0]"
    assert says in f"{found.message}; {found.hint}"


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("backend:nope/tool:x", "there is no backend nope; there are: docs, web, off"),
        ("backend:x*", "there is no backend x*"),
        ("backend:off/tool:x", "the backend off is not enabled"),
        ("backend:docs/tool:hidden", "filters"),
        ("tool:docs__search", "no backend shows a name like that"),
        ("tool:search", "no backend shows a name like that"),
        ("tool:off__x", "no backend shows a name like that"),
        ("prompt:nope__*", "names begin with docs__ or web__"),
        ("method:tools/call", "tools/call is decided by rules with tool:"),
        ("method:tools/list", "open to everybody"),
        ("method:tasks/get", "tasks belong to whoever began them"),
    ],
)
def test_a_rule_that_matches_nothing_is_a_warning(rule: str, why: str) -> None:
    (found,) = warnings(file(f"{{r: {{allow: ['{rule}']}}, s: {{deny: ['*']}}}}"))
    assert found.path == "middleware[1].roles.r.allow[0]"
    assert found.message.startswith("it matches nothing: ")
    assert why in found.message


def test_bare_names_may_be_anything() -> None:
    bare = BACKENDS + "    conflict_resolution: {strategy: first-wins}\n"
    assert warnings(file("{r: {allow: ['tool:x*', 'tool:y']}, s: {}}", backends=bare)) == []


@pytest.mark.parametrize(
    ("when", "path", "says"),
    [
        ("{'tool:b': {/x: {equals: 1}}}", "", "write it into allow: tool:b"),
        ("{'tool:no': {/x: {equals: 1}}}", "", "a rule of deny has no conditions"),
        ("{'manage:read': {/x: {equals: 1}}}", "", "managing has no arguments"),
        ("{'*': {}}", "", "expected a condition"),
        ("{'*': {x: {equals: 1}}}", ".x", "write /x"),
        ("{'*': {/x~: {equals: 1}}}", "./x~", "JSON pointer"),
        ("{'*': {/x: {}}}", "./x", "write one of equals, one_of"),
        ("{'*': {/x: {equals: null}}}", "./x", "one_of: [null]"),
        ("{'*': {/x: {under: srv}}}", "./x.under", "absolute path"),
        ("{'*': {/x: {under: /srv/../a}}}", "./x.under", "absolute path"),
        ("{'*': {/x: {min: 3, max: 2}}}", "./x", "min is above max"),
        ("{'*': {/x: {min: .inf}}}", "./x", "expected a number"),
        ("{'*': {/x: {min: 3, glob: a}}}", "./x", "for texts"),
        ("{'*': {/x: {absent: true, glob: a}}}", "./x", "stands alone"),
        ("{'*': {/x: {equals: 1, one_of: [1]}}}", "./x", "write one of them"),
        ("{'*': {/x: {one_of: []}}}", "./x", "no value meets it"),
        ("{'*': {/x: {one_of: [1, 2], min: 3}}}", "./x", "no value meets it"),
        ("{'*': {/x: {equals: a, under: /srv}}}", "./x", "no value meets it"),
    ],
)
def test_a_condition_that_cannot_be_meant_is_refused(when: str, path: str, says: str) -> None:
    roles = f"{{r: {{allow: ['*', 'manage:read'], deny: ['tool:no'], when: {when}}}, s: {{}}}}"
    backends = BACKENDS + "    conflict_resolution: {strategy: first-wins}\n"
    found = problem(file(roles, backends=backends))
    assert path.strip("./") in found.path.replace('"', "")
    assert says in f"{found.message}; {found.hint}"


def test_roles_are_bound_to_views_that_there_are() -> None:
    found = problem(file("{r: {allow: ['*'], views: [safe, sage]}, s: {}}"))
    assert (found.path, found.hint) == ("middleware[1].roles.r.views[1]", "there are: safe")


@pytest.mark.parametrize(
    ("views", "path", "says"),
    [
        ("{a: {backends: [docs, nope]}}", "views.a.backends[1]", "there are: docs, web, off"),
        ("{messages: {}}", "views.messages", "cannot be called messages"),
        ("{a/b: {}}", "views.a/b", "a view's name has 1 to 32"),
    ],
)
def test_a_view_is_of_backends_that_there_are_and_has_a_name_of_its_own(views: str, path: str, says: str) -> None:
    text = BACKENDS.partition("    views:")[0] + f"    views: {views}\n"
    found = problem(text)
    assert path.replace("a/b", "") in found.path.replace('"a/b"', "").replace("a/b", "")
    assert says in f"{found.message}; {found.hint}"


def test_there_is_one_rbac() -> None:
    found = problem(file(BOTH) + "    - {type: rbac, roles: {}}\n")
    assert (found.path, found.message) == ("middleware[2]", "there is an rbac already")


def test_rbac_goes_behind_authentication() -> None:
    (found,) = warnings(file(BOTH, before=""))
    assert (found.path, found.hint) == ("middleware[0]", "write type: authentication before it")
    text = f"{BACKENDS}\n    middleware:\n    - {{type: rbac, roles: {BOTH}}}{KEYS}"
    (found,) = warnings(text)
    assert (found.path, found.message[:31]) == ("middleware[0]", "it stands before authentication")


def test_a_policy_that_allows_nothing_is_a_warning() -> None:
    found = warnings(file("{}"))
    assert [each.message for each in found if each.path == "middleware[1]"] == ["nothing is allowed to anybody"]


def test_a_role_that_nobody_has_is_a_warning() -> None:
    (found,) = warnings(file("{r: {allow: ['*']}, s: {}, t: {}}"))
    assert (found.path, found.message) == ("middleware[1].roles.t", "nobody has this role")


def test_tokens_may_bring_any_role() -> None:
    assert warnings(file(BOTH, before=JWT, more=", scopes: {'tool:docs__*': [docs.write]}")) == []


@pytest.mark.parametrize(
    ("scopes", "path", "says"),
    [
        ("{'tool:docs__*': []}", 'scopes."tool:docs__*"', "expected a scope"),
        ("{'tool:docs__*': ['a b']}", 'scopes."tool:docs__*"[0]', "expected one scope"),
        ("{'tool:docs__*': ['a\"']}", 'scopes."tool:docs__*"[0]', "expected one scope"),
        ("{'docs__*': [a]}", "scopes.docs__*", "write tool:docs__*"),
    ],
)
def test_scopes_are_those_of_oauth(scopes: str, path: str, says: str) -> None:
    found = problem(file(BOTH, before=JWT, more=f", scopes: {scopes}"))
    assert found.path.replace('"', "") == "middleware[1]." + path.replace('"', "")
    assert says in f"{found.message}; {found.hint}"


def test_scopes_bind_nobody_where_no_token_has_any() -> None:
    (found,) = warnings(file(BOTH, more=", scopes: {'tool:docs__*': [a]}"))
    assert (found.path, found.message) == ("middleware[1].scopes", "they bind nobody")


def test_the_words_of_the_original_are_answered_with_what_to_write() -> None:
    old = (
        "authorization: {enabled: true, default_effect: deny, policies: [{effect: allow, roles: [a], resources: [b]}]}"
    )
    (found,) = problems(old)
    assert found.path == "authorization"
    assert "write middleware: [{type: rbac, default: deny, roles:" in found.hint


def test_nobody_is_warned_of_what_only_a_faulty_entry_lacks() -> None:
    text = "middleware: [{type: authentication}, {type: rbac, roles: {r: {allow: ['*']}}}]"
    with pytest.raises(ConfigInvalid) as caught:
        read(text)
    assert [each.path for each in caught.value.problems] == ["middleware[0].methods"]
    assert caught.value.warnings == ()
