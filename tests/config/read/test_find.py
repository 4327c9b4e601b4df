"""Which configuration file is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from argus_trio.config.read.find import find_config
from argus_trio.errors import ConfigInvalid


def _put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("version: '1'\n")
    return path


def test_the_places_are_looked_at_in_order(tmp_path: Path) -> None:
    cwd, xdg = tmp_path / "cwd", tmp_path / "xdg"
    cwd.mkdir()
    environ = {"XDG_CONFIG_HOME": str(xdg), "HOME": str(tmp_path)}
    in_home = _put(tmp_path / ".config" / "argus-trio" / "config.yaml")
    in_xdg = _put(xdg / "argus-trio" / "config.yaml")
    assert find_config(None, environ=environ, cwd=cwd) == in_xdg
    yml = _put(cwd / "config.yml")
    assert find_config(None, environ=environ, cwd=cwd) == yml
    yaml = _put(cwd / "config.yaml")
    assert find_config(None, environ=environ, cwd=cwd) == yaml
    chosen = _put(tmp_path / "chosen.yaml")
    environ["ARGUS_CONFIG"] = "../chosen.yaml"
    assert find_config(None, environ=environ, cwd=cwd).samefile(chosen)
    explicit = _put(tmp_path / "explicit.yaml")
    assert find_config(explicit, environ=environ, cwd=cwd) == explicit
    elsewhere = tmp_path / "elsewhere"
    assert find_config(None, environ={"HOME": str(tmp_path)}, cwd=elsewhere) == in_home


def test_a_relative_xdg_folder_counts_as_none(tmp_path: Path) -> None:
    in_home = _put(tmp_path / ".config" / "argus-trio" / "config.yaml")
    assert find_config(None, environ={"XDG_CONFIG_HOME": "x", "HOME": str(tmp_path)}, cwd=tmp_path) == in_home


def test_a_folder_named_like_the_file_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").mkdir()
    yml = _put(tmp_path / "config.yml")
    assert find_config(None, environ={}, cwd=tmp_path) == yml


def test_a_file_that_is_named_is_not_replaced_by_another(tmp_path: Path) -> None:
    _put(tmp_path / "config.yaml")
    with pytest.raises(ConfigInvalid, match="absent"):
        find_config(Path("absent.yaml"), environ={}, cwd=tmp_path)
    with pytest.raises(ConfigInvalid, match=r"absent.yaml \(\$ARGUS_CONFIG\)"):
        find_config(None, environ={"ARGUS_CONFIG": "absent.yaml"}, cwd=tmp_path)


def test_nothing_found_names_every_place_and_the_demo(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        find_config(None, environ={"HOME": "/absent"}, cwd=tmp_path)
    (problem,) = caught.value.problems
    for place in ("config.yaml", "config.yml", "/absent/.config/argus-trio/config.yaml", "/etc/argus-trio/config.yaml"):
        assert place in problem.message
    assert "argus-trio demo" in problem.hint
