"""`argus-trio doctor`: what is wrong, and what to do."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import trio

from argus_trio.cli.tried import start_quietly, untold
from argus_trio.config.load import load
from argus_trio.config.read.find import find_config
from argus_trio.doctor.examination import Examination
from argus_trio.doctor.examine import examine
from argus_trio.errors import ConfigInvalid


def doctor(options: argparse.Namespace) -> int:
    """Look at everything; the exit code."""
    path = find_config(options.config, environ=os.environ, cwd=Path.cwd())
    try:
        config = load(path, environ=os.environ)
    except ConfigInvalid:
        config = None
    examination = Examination(
        path=path,
        config=config,
        environ=os.environ,
        home=Path.home(),
        cwd=Path.cwd(),
        start=None if options.no_start else start_quietly,
        wait_seconds=options.wait,
    )
    with untold():
        findings = trio.run(examine, examination)
    for finding in findings:
        sys.stdout.write(f"{finding.about}: {finding.what}\n  {finding.advice}\n")
    return 1 if any(each.severity == "problem" for each in findings) else 0
