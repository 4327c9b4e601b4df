"""A configuration that could take effect: read, checked, and its certificate loaded, in a thread."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import attrs
import trio

from argus_trio import Value
from argus_trio.config.check.loopback import may_be_exposed
from argus_trio.config.file import ConfigFile
from argus_trio.config.model.config import Config
from argus_trio.config.model.middleware import CustomSpec
from argus_trio.core.journal import Journal
from argus_trio.errors import ConfigInvalid, ListenFailed, Problem
from argus_trio.frontend.http.served_settings import ServedSettings
from argus_trio.pipeline.build import build_pipeline, may_import_any
from argus_trio.pipeline.pipeline import Pipeline

READ_SECONDS: Final = 20.0
"""How long the files may take to be read: longer than a slow network file system needs, and bounded, so that one that
hangs does not hold up the reloads after it for ever."""


@attrs.frozen(kw_only=True)
class Candidate(Value):
    """What one reading of the file came to: a valid configuration, and the front end's part of it made ready."""

    config: Config
    settings: ServedSettings
    pipeline: Pipeline
    """The middleware, made and not entered."""
    is_pipeline_kept: bool
    """Whether all that lasts in it is of the pipeline in effect: no file of a middleware was edited."""


async def load_candidate(
    file: ConfigFile,
    kept: Callable[[], Mapping[Hashable, object]],
    *,
    is_exposed: bool = False,
    journal: Journal | None = None,
) -> Candidate:
    """The candidate that the file gives now. A thread that hangs in the file system is left behind.

    `kept` tells what the pipeline in effect keeps over a reload. `is_exposed` says that the gateway serves on an
    inherited socket that can be reached from elsewhere, whatever `server.host` is.

    Raises:
        ConfigInvalid: everything that is wrong with the file, or that it could not be read in `READ_SECONDS`.
    """
    with trio.move_on_after(READ_SECONDS):
        read = partial(_candidate, file, kept(), is_exposed, journal)
        return await trio.to_thread.run_sync(read, abandon_on_cancel=True)
    message = f"the file, or one that it names, could not be read within {READ_SECONDS:g} s"
    raise ConfigInvalid(str(file.path), (Problem(path="", message=message),))


def _candidate(
    file: ConfigFile, kept: Mapping[Hashable, object], is_exposed: bool, journal: Journal | None
) -> Candidate:
    return made(file.read(), file.path, kept, is_exposed=is_exposed, journal=journal)


def made(
    config: Config,
    path: Path,
    kept: Mapping[Hashable, object],
    *,
    is_exposed: bool = False,
    journal: Journal | None = None,
    may_import: Callable[[CustomSpec], bool] = may_import_any,
) -> Candidate:
    """The candidate of a configuration that stands, or would stand, in the file at `path`. Blocking.

    Raises:
        ConfigInvalid: what only shows once its parts are made.
    """
    if is_exposed and not may_be_exposed(config):
        problem = Problem(
            path="server.allow_unauthenticated",
            message="an inherited socket that is served on can be reached from elsewhere",
            hint="set it to true if that is meant, have the service manager listen on loopback, or ask everybody who "
            "comes: middleware: [{type: authentication, ...}], without anonymous",
        )
        raise ConfigInvalid(str(path), (problem,))
    pipeline = build_pipeline(
        config, source=str(path), folder=path.parent, before=kept, may_import=may_import, journal=journal
    )
    try:
        settings = ServedSettings.of(config.server, access=pipeline.access)
        return Candidate(
            config=config, settings=settings, pipeline=pipeline, is_pipeline_kept=dict(pipeline.kept) == dict(kept)
        )
    except ListenFailed as failure:  # the certificate was changed since it was checked
        raise ConfigInvalid(str(path), (Problem(path="server.tls", message=str(failure)),)) from None
