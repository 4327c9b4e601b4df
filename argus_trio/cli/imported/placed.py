"""Writes the configuration and its env file: both or none, durably, and never over anything that is there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_CONFIG_MODE: Final = 0o644
_ENV_MODE: Final = 0o600


class NotPlaced(Exception):
    """Nothing was written: the message says why, and what to do."""


def place_files(config: Path, config_text: str, env_file: Path, env_text: str) -> None:
    """Write both files. Raises NotPlaced, and then neither is there."""
    made: list[Path] = []
    for path, option in ((config, "-o"), (env_file, "--env-file")):
        if os.path.lexists(path) and (env_text or path == config):
            raise _taken(path, option)
    try:
        for path, text, mode in ((env_file, env_text, _ENV_MODE), (config, config_text, _CONFIG_MODE)):
            if text:
                _make(path, text, mode, made)
    except FileExistsError as error:
        _take_back(made)
        path = Path(error.filename)
        raise _taken(path, "-o" if path == config else "--env-file") from None
    except OSError as error:
        _take_back(made)
        raise NotPlaced(f"{error.filename} cannot be written: {error.strerror or type(error).__name__}") from None
    except BaseException:
        _take_back(made)
        raise


def _taken(path: Path, option: str) -> NotPlaced:
    return NotPlaced(f"{path} is there already, and nothing is overwritten: {option} PATH names another")


def _make(path: Path, text: str, mode: int, made: list[Path]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    made.append(path)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(text.encode("utf-8"))
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        error.filename = str(path)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _take_back(made: list[Path]) -> None:
    for path in made:
        path.unlink(missing_ok=True)
