"""What variables mean, in the notation of each client."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.client_files.dialects.variables import VariableNotation, VariableScope, variable_name
from argus_trio.client_files.server import VariableReference
from tests.client_files.support import HOME, SHOP, shown

INPUTS = {"key": VariableReference(name="KEY", is_secret=True)}


def scope(notation: VariableNotation, *, everywhere: bool = True) -> VariableScope:
    home, project = (HOME, SHOP) if everywhere else (None, None)
    return VariableScope(notation=notation, title="It", home=home, project=project, inputs=INPUTS)


@pytest.mark.parametrize(
    ("notation", "text", "expected", "remarks"),
    [
        ("shell", "${A}-${B:-b}-${C:-}", "<A>-<B=b>-<C=>", 0),
        ("shell", "$A ${a b} ${} ${A", "$A ${a b} ${} ${A", 0),
        ("shell-bare", "$A:${B}:$c:$D1_:%PROGRAM%", "<A>:<B>:$c:<D1_>:<PROGRAM>", 0),
        ("shell-bare", "https://a.example/%C3%A4?x=%20FOO%20", "https://a.example/%C3%A4?x=%20FOO%20", 0),
        ("editor", "${env:A}${input:key}${userHome}${/}${pathSeparator}", "<A><KEY!>/home/ann//", 0),
        (
            "editor",
            "${workspaceFolder}|${workspaceFolder:x}|${workspaceFolderBasename}",
            "/home/ann/shop|/home/ann/shop|shop",
            0,
        ),
        ("editor", "${env:A:fallback}", "<A=fallback>", 0),
        ("editor", "${input:unknown}${command:x}${env:}${file}", "${input:unknown}${command:x}${env:}${file}", 4),
        ("editor", "$A {env:A}", "$A {env:A}", 0),
        ("braces", "{env:A}-${env:B}", "<A>-$<B>", 0),
        ("braces", "{file:/x}", "{file:/x}", 1),
        ("none", "${A}", "${A}", 1),
        ("none", "pa$$word$X{y}", "pa$$word$X{y}", 0),
        ("any", "${A}${B:-b}${env:C}${userHome}", "<A><B=b><C>/home/ann", 0),
        ("any", "${lower}", "${lower}", 1),
    ],
)
def test_variables_are_read_in_the_notation_of_the_client(
    notation: VariableNotation, text: str, expected: str, remarks: int
) -> None:
    value, told = scope(notation).read(text)
    assert (shown(value), len(told)) == (expected, remarks)


def test_places_that_are_not_known_are_told() -> None:
    value, told = scope("editor", everywhere=False).read("${userHome}/${workspaceFolder}")
    assert (shown(value), len(told)) == ("<HOME>/${workspaceFolder}", 1)


@pytest.mark.parametrize(
    ("identity", "name"),
    [
        ("github-token", "GITHUB_TOKEN"),
        ("apiKey 2", "APIKEY_2"),
        ("2fa", "INPUT_2FA"),
        ("path", "INPUT_PATH"),
        ("é", "INPUT"),
    ],
)
def test_an_input_is_named_as_an_environment_variable_is(identity: str, name: str) -> None:
    assert variable_name(identity) == name


@given(
    text=st.text(alphabet="ab${}:-%A_env/ ", max_size=30),
    notation=st.sampled_from(["shell", "shell-bare", "editor", "any"]),
)
def test_what_is_no_variable_stays_letter_by_letter(text: str, notation: VariableNotation) -> None:
    value, _ = scope(notation).read(text)
    if value.is_literal and "userHome" not in text:
        assert (value.literal or "").replace("/", "") == text.replace("${/}", "").replace("/", "")
