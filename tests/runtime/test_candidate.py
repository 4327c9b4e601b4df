"""A file to what could take effect."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import trio

from argus_trio.config.file import ConfigFile
from argus_trio.config.model.config import Config
from argus_trio.errors import ConfigInvalid
from argus_trio.runtime import candidate
from argus_trio.runtime.candidate import load_candidate


class Hanging(ConfigFile):
    """A file on a file system that does not answer."""

    go_on = threading.Event()

    def read(self) -> Config:
        self.go_on.wait()
        return Config()


async def test_a_file_comes_with_the_terms_that_follow_from_it(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("server: {max_body_bytes: 5, allowed_hosts: [a.example]}")
    found = await load_candidate(ConfigFile(path=path, environ={}), dict)
    assert found.settings.limits.body_bytes == 5
    assert found.settings.host_origin.judge(b"a.example", None) is None
    assert found.settings.server == found.config.server


async def test_a_file_system_that_hangs_is_a_problem_and_not_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidate, "READ_SECONDS", 0.05)
    with pytest.raises(ConfigInvalid) as caught, trio.fail_after(5):
        await load_candidate(Hanging(path=tmp_path, environ={}), dict)
    Hanging.go_on.set()
    assert "could not be read within 0.05 s" in caught.value.problems[0].message


async def test_an_inherited_socket_that_is_exposed_has_to_be_meant_at_every_reload(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("server: {allow_unauthenticated: true}")
    await load_candidate(ConfigFile(path=path, environ={}), dict, is_exposed=True)
    method = "{type: api_key, keys: [{key: 0123456789abcdef, principal: a}]}"
    asking = f"middleware: [{{type: authentication, methods: [{method}]"
    path.write_text(f"{asking}}}]")
    await load_candidate(ConfigFile(path=path, environ={}), dict, is_exposed=True)
    path.write_text(f"{asking}, anonymous: {{}}}}]")
    with pytest.raises(ConfigInvalid):
        await load_candidate(ConfigFile(path=path, environ={}), dict, is_exposed=True)
    path.write_text("server: {}")
    await load_candidate(ConfigFile(path=path, environ={}), dict)
    with pytest.raises(ConfigInvalid) as caught:
        await load_candidate(ConfigFile(path=path, environ={}), dict, is_exposed=True)
    assert caught.value.problems[0].path == "server.allow_unauthenticated"
