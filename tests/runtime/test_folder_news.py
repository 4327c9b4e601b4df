"""Real folders, and the kernel's word of them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from argus_trio.runtime.folder_news import End, open_news

LONG_SECONDS = 20.0


@pytest.fixture
def pipe() -> Iterator[tuple[End, int]]:
    reader, writer = os.pipe()
    yield End(reader), writer
    os.close(reader)


def test_news_come_of_what_happened_since_it_was_forgotten(tmp_path: Path, pipe: tuple[End, int]) -> None:
    end, writer = pipe
    with open_news([tmp_path]) as news:
        (tmp_path / "a").touch()
        assert news.come_within(LONG_SECONDS, end)
        news.forget()
        news.forget()
        (tmp_path / "a").chmod(0o600)
        assert news.come_within(LONG_SECONDS, end)
        os.close(writer)
        assert not news.come_within(LONG_SECONDS, end)


def test_the_end_wakes_a_thread_that_waits(tmp_path: Path, pipe: tuple[End, int]) -> None:
    end, writer = pipe
    with open_news([tmp_path]) as news:
        said: list[bool] = []
        thread = threading.Thread(target=lambda: said.append(news.come_within(LONG_SECONDS, end)))
        thread.start()
        os.close(writer)
        thread.join()
    assert said == [False]
    assert end.comes_within(LONG_SECONDS)


def test_a_folder_that_has_gone_does_not_hide_the_others(tmp_path: Path, pipe: tuple[End, int]) -> None:
    end, writer = pipe
    with open_news([tmp_path / "gone", tmp_path]) as news:
        (tmp_path / "a").touch()
        assert news.come_within(LONG_SECONDS, end)
    os.close(writer)
