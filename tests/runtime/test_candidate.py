"""A file to what could take effect."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import trio

from argus_trio.config.file import ConfigFile
from argus_trio.config.model.config import Config
from argus_trio.errors import ConfigInvalid
from argus_trio.runtime.changes import candidate
from argus_trio.runtime.changes.candidate import load_candidate


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


async def test_a_middleware_whose_file_was_edited_is_another_one_though_the_configuration_is_equal(
    tmp_path: Path,
) -> None:
    path, own = tmp_path / "config.yaml", tmp_path / "own.py"
    path.write_text(
        "middleware: [{use: ./own.py:own}, {type: rate_limit, limits: [{scope: global, calls: 1, per: 1}]}]"
    )
    own.write_text("async def own(exchange, call_next): ...")
    file = ConfigFile(path=path, environ={})
    first = await load_candidate(file, dict)
    same = await load_candidate(file, lambda: first.pipeline.kept)
    assert same.is_pipeline_kept
    own.write_text("async def own(exchange, call_next): return b'{}'")
    edited = await load_candidate(file, lambda: first.pipeline.kept)
    assert edited.config == first.config
    assert not edited.is_pipeline_kept
