"""`argus-trio serve` and `argus-trio demo`: the gateway, until it is told to stop."""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import attrs
import structlog
import trio

from argus_trio import __version__
from argus_trio.app import run_gateway
from argus_trio.backends.process.open_files import raise_open_files
from argus_trio.cli.logged import logging
from argus_trio.cli.report import reported
from argus_trio.config.file import ConfigFile
from argus_trio.config.read.find import find_config
from argus_trio.core.log_level import CurrentLevel
from argus_trio.core.redaction import Redactor
from argus_trio.demo import run_demo
from argus_trio.errors import Problem

log = structlog.get_logger()


def serve(options: argparse.Namespace) -> int:
    """Run the gateway; its exit code."""
    return reported(partial(_serve, options))


def _serve(options: argparse.Namespace) -> None:
    path = find_config(options.config, environ=os.environ, cwd=Path.cwd()).absolute()
    redact, level = Redactor(), CurrentLevel(options.log_level)
    with logging(options.log_format, level, redact), _unharmed_by_hangups():
        file = ConfigFile(path=path, environ=os.environ, host=options.host, port=options.port, warn=_warn)
        config = file.read()
        redact.learn(config.secrets)
        raise_open_files()
        log.info("starting", version=__version__, config=str(path), backends=list(config.backends))
        trio.run(
            partial(run_gateway, config, file=file, redact=redact, log_level=level, on_listening=lambda _urls: None)
        )


def _warn(warning: Problem) -> None:
    log.warning("config_warning", **attrs.asdict(warning))


@contextmanager
def _unharmed_by_hangups() -> Iterator[None]:
    """Let SIGHUP, which asks a running gateway to reload, do nothing while one starts, and once it has stopped."""
    signal.signal(signal.SIGHUP, lambda *_: None)  # not ignored: the backends would inherit that
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a handler would not last until the process has ended


def demo(options: argparse.Namespace) -> int:
    """Run the demo; its exit code."""
    return reported(partial(_demo, options))


def _demo(options: argparse.Namespace) -> None:
    with logging("console", CurrentLevel("warning"), Redactor()):
        trio.run(run_demo, options.port)
