"""A file to a configuration, and what no input may bring out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.config.check.report import render_problems
from argus_trio.config.load import MAX_BYTES, load, parse
from argus_trio.config.model.config import Config
from argus_trio.errors import ConfigInvalid, Problem
from tests.config.support.reading import NOWHERE, STDIO, problem, read

SECRET = "hush-7f3a9c"


def _unloadable(path: Path) -> Problem:
    with pytest.raises(ConfigInvalid) as caught:
        load(path, environ={})
    (found,) = caught.value.problems
    assert caught.value.source == str(path)
    return found


def test_relative_paths_start_at_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "c.yaml").write_text("backends: {a: {type: stdio, command: ./run, cwd: work}}")
    monkeypatch.chdir(tmp_path)
    backend = load(Path("c.yaml"), environ={}).backends["a"]
    assert f"command='{tmp_path}/run'" in repr(backend)
    assert f"{tmp_path}/work" in repr(backend)


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    assert "No such file" in _unloadable(tmp_path / "absent").message
    assert "Is a directory" in _unloadable(tmp_path).message
    (tmp_path / "big").write_bytes(b"#" * (MAX_BYTES + 1))
    assert "larger" in _unloadable(tmp_path / "big").message


def test_a_file_that_is_not_utf_8_is_a_problem_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"a: 1\nb: \xfc\n")
    found = _unloadable(tmp_path / "latin")
    assert "not UTF-8: byte 9" in found.message
    assert found.line == 2


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "bom").write_bytes(b"\xef\xbb\xbfversion: '1'\n")
    load(tmp_path / "bom", environ={})


@pytest.mark.parametrize(("text", "found"), [("", "nothing"), ("- a", "a list"), ("hello", "text"), ("5", "5")])
def test_what_is_no_mapping_is_one_problem(text: str, found: str) -> None:
    assert problem(text).message == f"expected a mapping, found {found}"


def test_problems_of_the_yaml_and_of_its_meaning_come_together() -> None:
    with pytest.raises(ConfigInvalid) as caught:
        parse("server: {port: x}\nversion: 1\nversion: 2\n", source="s", folder=NOWHERE, environ={})
    assert [each.path for each in caught.value.problems] == ["server.port", "version"]


WORDS = """
    version server host port tls cert_file backends a b__ type command args env url headers timeouts call filters tools
    allow tool_overrides name prefix defaults restart session env_from
    conflict_resolution separator strategy order cwd enabled << secrets x
"""
KEYS = st.sampled_from(WORDS.split()) | st.text(max_size=5)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["stdio", "sse", "streamable-http", "prefix", "${S}", "x${S}y", "${NOPE}", "${file:f}", "${", "~"]
    )
)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=25
)
BACKENDS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["stdio", "sse", "streamable-http"]) | LEAVES,
        "command": LEAVES,
        "url": LEAVES,
        "args": TREES,
        "env": TREES,
        "headers": TREES,
        "timeouts": TREES,
        "tool_overrides": TREES,
        "filters": TREES,
        "prefix": LEAVES,
        "enabled": LEAVES,
    },
)
FILES = st.fixed_dictionaries(
    {},
    optional={
        "version": LEAVES,
        "server": TREES,
        "backends": st.dictionaries(KEYS, BACKENDS | TREES, max_size=3) | TREES,
        "conflict_resolution": TREES,
        "defaults": st.dictionaries(KEYS, TREES, max_size=3) | TREES,
        "other": TREES,
    },
)


def _tried(text: str, folder: Path = NOWHERE) -> None:
    invalid: ConfigInvalid | None = None
    config: Config | None = None
    try:
        config = parse(text, source="test", folder=folder, environ={"S": SECRET, "UV_TOKEN": SECRET})
    except ConfigInvalid as error:
        invalid = error
    if config is not None:
        assert SECRET not in repr(config.warnings)
    if invalid is not None:
        assert invalid.problems
        assert SECRET not in render_problems(invalid)
        assert SECRET not in repr(invalid.problems)
        render_problems(invalid).encode()


@given(FILES | TREES)
def test_any_mapping_is_a_configuration_or_a_list_of_problems_without_secrets(tree: object) -> None:
    _tried(json.dumps(tree))
    _tried(yaml.safe_dump(tree))


@given(st.text())
def test_any_text_is_a_configuration_or_a_list_of_problems(text: str) -> None:
    _tried(text)


@given(st.text(alphabet="ab:-[]{}&*!<>|'\"\\\n #%@`?,~0.", max_size=40))
def test_any_text_of_yaml_signs_is_a_configuration_or_a_list_of_problems(text: str) -> None:
    _tried(text)


PLACES = [
    "{type: stdio, command: run, args: [V]}",
    "{type: stdio, command: run, env: {A: V}}",
    "{type: sse, url: 'http://h/V'}",
    "{type: sse, url: 'http://h', headers: {A: V}}",
]


@pytest.mark.parametrize("place", PLACES)
@given(st.sampled_from(["${S}", "x ${S}", "${S}${S}", "${UNSET:-${S}}", "${EMPTY:-${file:secret}}"]))
def test_what_is_brought_in_is_a_secret_and_in_no_repr(place: str, form: str) -> None:
    text = "backends: {a: " + place.replace("V", form.replace(" ", "") if "/V" in place else f'"{form}"') + "}"
    folder = Path(__file__).parent / "data"
    config = parse(text, source="test", folder=folder, environ={"S": SECRET, "EMPTY": ""})
    assert SECRET in config.secrets
    assert SECRET not in repr(config)


SECRETS_EVERYWHERE = """
server:
  {host: "${S}", port: "${S}", allowed_hosts: ["${S}/"], allowed_origins: ["${S}"],
   tls: {cert_file: "${S}", key_file: "${S}"}}
backends:
  a:
    {type: "${S}", command: "${S} x", args: ["\\0${S}"], env: {A: "\\0${S}"}, env_from: ["=${S}"], cwd: "${S}",
     session: "${S}"}
  b:
    {type: sse, url: "${S}", headers: {A: "${S}\\n"}, tls: {ca_file: "${S}"}, prefix: "${S} ",
     timeouts: {call: "${S}"}}
  c:
    {type: sse, url: "http://u:${S}@h", enabled: "${S}",
     tool_overrides: {t: {name: "${S}\\n"}, u: {name: "${S}\\n"}}}
defaults: {timeouts: {call: "${S}"}, session: "${S}", env_from: ["=${S}"]}
conflict_resolution: {strategy: "${S}", separator: "${S} ", order: ["${S}"]}
version: "${S}"
"""


def test_a_secret_that_is_a_separator_is_in_no_problem_of_the_names() -> None:
    text = f"conflict_resolution: {{separator: '${{S}}'}}\nbackends: {{{SECRET}: {{type: stdio, command: run}}}}"
    with pytest.raises(ConfigInvalid) as caught:
        parse(text, source="test", folder=NOWHERE, environ={"S": SECRET})
    (found,) = caught.value.problems
    assert SECRET not in found.message + found.hint


def test_a_secret_is_in_no_problem_wherever_it_was_brought_in() -> None:
    with pytest.raises(ConfigInvalid) as caught:
        parse(SECRETS_EVERYWHERE, source="test", folder=NOWHERE, environ={"S": SECRET})
    assert len(caught.value.problems) >= 20
    assert SECRET not in render_problems(caught.value)


def test_what_is_only_a_warning_is_told_beside_the_problems() -> None:
    text = STDIO + "    args: ['${X}']\n    command_: x\n"
    with pytest.raises(ConfigInvalid) as caught:
        read(text, environ={"PATH": "/nowhere"})
    assert [each.path for each in caught.value.warnings] == ["backends.a.command"]
