"""Checks whether the files and folders that a configuration names are there, and whether its certificate works.

The files and folders of disabled backends need not be there.
"""

from __future__ import annotations

import ssl
from pathlib import Path

import attrs

from argus_trio import Value
from argus_trio.config.check.certificate import CertificateUnusable, load_certificate
from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.model.middleware import CustomSpec
from argus_trio.config.model.server import ServerTls
from argus_trio.config.read.findings import Findings
from argus_trio.config.read.key_path import KeyPath
from argus_trio.config.read.sources import Sources

_TLS = ("server", "tls")


def check_files(config: Config, folder: Path, findings: Findings, sources: Sources) -> None:
    """Report what is missing or cannot be used. This looks at the file system; `sources` notes at which files.

    `folder` is where the configuration file is.
    """
    files = _FileCheck(findings, sources)
    if config.server.tls is not None:
        files.certificate(config.server.tls)
    for index, spec in enumerate(config.middleware):
        if isinstance(spec, CustomSpec) and (path := spec.file(folder)) is not None:
            files.file(path, ("middleware", index, "use"))
    for name, backend in config.backends.items():
        if not backend.enabled:
            continue
        if isinstance(backend, StdioBackend):
            _check_folder(backend.cwd, ("backends", name, "cwd"), findings)
        elif backend.tls.ca_file is not None:
            files.file(backend.tls.ca_file, ("backends", name, "tls", "ca_file"))


@attrs.frozen
class _FileCheck(Value):
    """Checks files by looking at them."""

    _findings: Findings
    _sources: Sources

    def file(self, path: Path, key_path: KeyPath) -> None:
        self._sources.note(path)
        try:
            if not path.is_file():
                self._findings.add(key_path, "there is no such file", _RELATIVE)
                return
            with path.open("rb"):
                pass
        except OSError as error:
            self._findings.add(key_path, f"the file cannot be read: {error.strerror or type(error).__name__}")

    def certificate(self, tls: ServerTls) -> None:
        key_paths = (*_TLS, "cert_file"), (*_TLS, "key_file")
        for path, key_path in zip((tls.cert_file, tls.key_file), key_paths, strict=True):
            self.file(path, key_path)
        if any(map(self._findings.is_faulty, key_paths)):
            return
        try:
            load_certificate(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), tls)
        except CertificateUnusable as error:
            self._findings.add(_TLS, f"the certificate cannot be used with the key: {error}")


def _check_folder(path: Path | None, key_path: KeyPath, findings: Findings) -> None:
    if path is None:
        return
    try:
        is_there = path.is_dir()
    except OSError as error:
        findings.add(key_path, f"the folder cannot be looked at: {error.strerror or type(error).__name__}")
        return
    if not is_there:
        findings.add(key_path, "there is no such folder", _RELATIVE)


_RELATIVE = "relative paths start at the folder of the configuration file"
