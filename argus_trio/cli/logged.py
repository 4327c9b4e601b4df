"""The log of a command that runs on: to stderr, written by a thread."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from argus_trio.cli.report import STDERR
from argus_trio.core.log_level import CurrentLevel
from argus_trio.core.redaction import Redactor
from argus_trio.logs.setup import Format, set_up_logs
from argus_trio.logs.writer import writing_log


@contextmanager
def logging(form: Format, level: CurrentLevel, redact: Redactor) -> Iterator[None]:
    """Log to stderr meanwhile."""
    with writing_log(STDERR) as writer:
        set_up_logs(form, level, redact, writer.write, colours=os.isatty(STDERR))
        yield
