"""A configuration that could take effect: read, checked, and its certificate loaded, off the loop."""

from __future__ import annotations

from typing import Final

import attrs
import trio

from argus_trio.config.file import ConfigFile
from argus_trio.config.model import Config
from argus_trio.errors import ConfigInvalid, ListenFailed, Problem
from argus_trio.frontend.terms import Terms

READ_S: Final = 20.0
"""How long the files may take to be read; a file system that hangs must not hold up the reloads after it for ever."""


@attrs.frozen(kw_only=True)
class Candidate:
    """What one reading of the file came to."""

    config: Config
    terms: Terms


async def load_candidate(file: ConfigFile) -> Candidate:
    """What the file says now. A thread that hangs in the file system is left behind.

    Raises:
        ConfigInvalid: everything that is wrong with it.
    """
    with trio.move_on_after(READ_S):
        return await trio.to_thread.run_sync(_candidate, file, abandon_on_cancel=True)
    message = f"the file, or one that it names, could not be read within {READ_S:g} s"
    raise ConfigInvalid(str(file.path), (Problem(path="", message=message),))


def _candidate(file: ConfigFile) -> Candidate:
    config = file.read()
    try:
        return Candidate(config=config, terms=Terms.of(config.server))
    except ListenFailed as failure:  # the certificate was changed since it was checked
        raise ConfigInvalid(str(file.path), (Problem(path="server.tls", message=str(failure)),)) from None
