"""`servers.yaml`: what it says, and what is said of a bad one."""

from __future__ import annotations

from pathlib import Path

import pytest

from argus_trio.manage_client.failure import USAGE, CommandFailed
from argus_trio.tui.servers import MOST_BYTES, MOST_GATEWAYS, known_gateways, usual_list

WHOLE = """\
servers:
  - name: staging
    url: http://127.0.0.1:9000/mcp/ops
  - name: production
    url: https://gateway.example.com
    token_file: tokens/production
    read_only: true
  - name: here
    url: unix:/run/argus-trio/argus-trio.sock
    token_file: ~/token
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "servers.yaml"
    path.write_text(text)
    return path


def test_gateways_are_in_the_order_of_the_list(tmp_path: Path) -> None:
    staging, production, here = known_gateways(written(tmp_path, WHOLE), must_exist=True)
    assert (staging.name, staging.place.shown, staging.place.view) == ("staging", "http://127.0.0.1:9000", "ops")
    assert (staging.token_file, staging.is_read_only, staging.uses_environment) == ("", False, False)
    assert (production.token_file, production.is_read_only) == (str(tmp_path / "tokens/production"), True)
    assert here.place.socket == "/run/argus-trio/argus-trio.sock"
    assert here.token_file == str(Path("~/token").expanduser())


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "servers: []\n"])
def test_a_list_may_be_empty(tmp_path: Path, text: str) -> None:
    assert known_gateways(written(tmp_path, text), must_exist=True) == ()


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("servers: [", 1, "it cannot be read: "),
        ("- name: a\n", 1, "fields are expected here: servers"),
        ("servers:\n  a: http://h\n", 2, "`servers` is no list"),
        ("gateways: []\n", 1, "`gateways` is not known here; known are servers"),
        ("servers:\n  - http://h\n", 2, "fields are expected here: name, url, token_file, read_only"),
        ("servers:\n  - name: a\n", 2, "`url` is missing"),
        ("servers:\n  - url: http://h\n", 2, "`name` is missing"),
        ("servers:\n  - name: a\n    url: h:80\n", 3, "`url` is no address of a gateway"),
        ("servers:\n  - name: a\n    url: 'http://[x'\n", 3, "`url` is no address"),
        ("servers:\n  - name: a\n    url: http://me:pass@h\n", 3, "holds a user or a password"),
        ("servers:\n  - name: 7\n    url: http://h\n", 2, "a text is expected here"),
        ("servers:\n  - name: ''\n    url: http://h\n", 2, "a name is one line"),
        ('servers:\n  - name: "a\\nb"\n    url: http://h\n', 2, "a name is one line"),
        ("servers:\n  - name: a\n    url: http://h\n    read_only: perhaps\n", 4, "`true` or `false`"),
        ("servers:\n  - name: a\n    url: http://h\n    token: s3cret\n", 4, "a token does not stand here"),
        ("servers:\n  - name: a\n    url: http://h\n    colour: red\n", 4, "`colour` is not known here"),
        ("servers:\n  - name: a\n    name: b\n    url: http://h\n", 3, "`name` is here twice"),
        ("servers:\n  - {name: a, url: http://h}\n  - {name: a, url: http://i}\n", 3, "two gateways of the name a"),
        ("servers:\n  - ? [x]\n    : y\n", 2, "this is not known here"),
        ("servers: &a [*a]\n", 1, "fields are expected here"),
        ("servers:\n" + "  - {name: a, url: http://h}\n" * (MOST_GATEWAYS + 1), 2, "more than 200 gateways"),
    ],
)
def test_a_bad_list_is_answered_with_the_line(tmp_path: Path, text: str, line: int, told: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(CommandFailed) as failed:
        known_gateways(path, must_exist=True)
    assert str(failed.value).startswith(f"{path}:{line}: "), failed.value
    assert told in str(failed.value)
    assert failed.value.code == USAGE
    assert "s3cret" not in str(failed.value)
    assert "pass" not in str(failed.value).replace("password", "")


def test_what_is_no_text_is_no_list(tmp_path: Path) -> None:
    path = tmp_path / "servers.yaml"
    for raw in (b"\xff\xfe\x00", b"\x00", b"a" * (MOST_BYTES + 1)):
        path.write_bytes(raw)
        with pytest.raises(CommandFailed) as failed:
            known_gateways(path, must_exist=True)
        assert str(path) in str(failed.value)


def test_a_list_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    assert known_gateways(tmp_path / "none.yaml", must_exist=False) == ()
    with pytest.raises(CommandFailed, match="No such file"):
        known_gateways(tmp_path / "none.yaml", must_exist=True)
    with pytest.raises(CommandFailed, match="Is a directory"):
        known_gateways(tmp_path, must_exist=False)


def test_the_usual_list_is_where_configurations_of_the_user_are() -> None:
    assert usual_list({"XDG_CONFIG_HOME": "/c", "HOME": "/h"}) == Path("/c/argus-trio/servers.yaml")
    assert usual_list({"XDG_CONFIG_HOME": "relative", "HOME": "/h"}) == Path("/h/.config/argus-trio/servers.yaml")
    assert usual_list({"HOME": "/h"}) == Path("/h/.config/argus-trio/servers.yaml")
    assert usual_list({}) == Path("~/.config/argus-trio/servers.yaml").expanduser()
