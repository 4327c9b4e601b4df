"""Whether the files and folders that a configuration names are there. Those of disabled backends need not be."""

from __future__ import annotations

from pathlib import Path

from argus_trio.config.findings import Findings
from argus_trio.config.model import Config, StdioBackend
from argus_trio.config.place import Place


def check_files(config: Config, findings: Findings) -> None:
    """Report what is missing or cannot be read. It looks at the file system."""
    if config.server.tls is not None:
        _check_file(config.server.tls.cert_file, ("server", "tls", "cert_file"), findings)
        _check_file(config.server.tls.key_file, ("server", "tls", "key_file"), findings)
    for name, backend in config.backends.items():
        if not backend.enabled:
            continue
        if isinstance(backend, StdioBackend):
            _check_folder(backend.cwd, ("backends", name, "cwd"), findings)
        else:
            _check_file(backend.tls.ca_file, ("backends", name, "tls", "ca_file"), findings)


def _check_file(path: Path | None, place: Place, findings: Findings) -> None:
    if path is None:
        return
    try:
        if not path.is_file():
            findings.add(place, "there is no such file", _RELATIVE)
            return
        with path.open("rb"):
            pass
    except OSError as error:
        findings.add(place, f"the file cannot be read: {error.strerror or type(error).__name__}")


def _check_folder(path: Path | None, place: Place, findings: Findings) -> None:
    if path is None:
        return
    try:
        is_there = path.is_dir()
    except OSError as error:
        findings.add(place, f"the folder cannot be looked at: {error.strerror or type(error).__name__}")
        return
    if not is_there:
        findings.add(place, "there is no such folder", _RELATIVE)


_RELATIVE = "relative paths start at the folder of the configuration file"
