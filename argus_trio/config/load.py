"""Loads a configuration file: a frozen `Config` comes out, or every problem that the file has."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

import attrs

from argus_trio.config.check.admission.check_authentication import check_authentication
from argus_trio.config.check.admission.check_management import check_management
from argus_trio.config.check.authorization.check_authorization import check_authorization
from argus_trio.config.check.check import check
from argus_trio.config.check.check_commands import CommandCheck, brought_along
from argus_trio.config.check.check_files import check_files
from argus_trio.config.check.check_inherited import check_inherited
from argus_trio.config.check.check_operation import check_operation
from argus_trio.config.check.check_rate_limits import check_rate_limits
from argus_trio.config.check.check_records import check_records
from argus_trio.config.check.check_variables import check_variables
from argus_trio.config.check.isolation.check_containers import check_containers
from argus_trio.config.check.isolation.check_mounts import check_mounts
from argus_trio.config.model.config import Config
from argus_trio.config.read.document import Document, NotYaml, read_document
from argus_trio.config.read.findings import Findings
from argus_trio.config.read.locate import Locator
from argus_trio.config.read.scalar import Tree, described
from argus_trio.config.read.secrets import gather, without_brought
from argus_trio.config.read.sources import Sources
from argus_trio.config.read.splice import ENV_FILE, Splicer
from argus_trio.config.structure.defaults import with_defaults
from argus_trio.config.structure.structure import structure
from argus_trio.errors import ConfigInvalid, Problem

MAX_BYTES = 1024 * 1024
"""The bound on the file: far above any configuration, and no danger to memory."""


ContainedNames = Callable[[Config], Collection[str]]
"""Tells which backends of a configuration without problems run in containers: what these lack here is no fault."""


def unknown_yet(_: Config) -> Collection[str]:
    """None: which backends run in containers is found out later."""
    return ()


def load(
    path: Path,
    *,
    environ: Mapping[str, str],
    sources: Sources | None = None,
    contained: ContainedNames = unknown_yet,
) -> Config:
    """The configuration in the file at `path`; `sources` notes each file that is looked at, this one included.

    Raises:
        ConfigInvalid: everything that is wrong with the file, in file order.
    """
    path = path.absolute()
    sources = sources or Sources()
    sources.note(path)
    text = _text(path)
    return parse(text, source=str(path), folder=path.parent, environ=environ, sources=sources, contained=contained)


def parse_given(text: str, path: Path, *, environ: Mapping[str, str]) -> Config:
    """The configuration that the file at `path` would be with this text, whatever it is now.

    Raises:
        ConfigInvalid: everything that is wrong with it, in file order.
    """
    path = path.absolute()
    content = text.encode("utf-8", "surrogatepass")
    return parse(_decoded(path, content), source=str(path), folder=path.parent, environ=environ)


def parse(
    text: str,
    *,
    source: str,
    folder: Path,
    environ: Mapping[str, str],
    sources: Sources | None = None,
    contained: ContainedNames = unknown_yet,
) -> Config:
    """The configuration in the text of a file named `source` in `folder`; the files that it names are looked at.

    Raises:
        ConfigInvalid: everything that is wrong with the text, in file order.
    """
    try:
        document = read_document(text)
    except NotYaml as error:
        raise ConfigInvalid(source, (error.problem,)) from None
    findings = Findings(lines=document.lines)
    for key_path, line, message in document.problems:
        findings.note(key_path, message, line=line)
    splicer = Splicer(environ=environ, folder=folder, findings=findings, sources=sources or Sources())
    root = _root(document, source)
    splicer.learn_variables(root.get(ENV_FILE))
    config = _config(root, splicer, contained)
    warnings = without_brought(findings.warnings_in_file_order(), splicer.brought)
    if problems := findings.in_file_order():
        raise ConfigInvalid(source, without_brought(problems, splicer.brought), warnings=warnings)
    lines = MappingProxyType({path: line for path, line in document.lines.items() if path[:1] == ("middleware",)})
    return attrs.evolve(config, lines=lines, warnings=warnings)


def _config(root: dict[str, Tree], splicer: Splicer, contained: ContainedNames) -> Config:
    findings = splicer.findings
    tree = {key: splicer.spliced(value, (key,)) for key, value in root.items()}
    written = structure(tree, findings)
    config = Locator(folder=splicer.folder, environ=splicer.environ).config(with_defaults(written, tree))
    backends = root.get("backends")
    check(written, tuple(backends) if isinstance(backends, dict) else (), findings)
    check_authorization(written, tuple(backends) if isinstance(backends, dict) else (), findings)
    check_authentication(written, findings)
    check_management(config, splicer.environ, findings)
    check_operation(config, findings)
    check_records(config, findings)
    check_rate_limits(config, findings)
    check_containers(written, config, findings)
    check_files(config, splicer.folder, findings, splicer.sources)
    check_mounts(written, config, findings)
    spared = frozenset(() if findings.in_file_order() else contained(config))
    commands = CommandCheck(
        environ=splicer.environ,
        folder=splicer.folder,
        brought=splicer.brought,
        contained=brought_along(config) | spared,
    )
    commands.check(written, findings)
    check_inherited(config, splicer.environ, findings, contained=spared)
    named = {each.variable for brought in splicer.brought.values() for each in brought if each.variable}
    check_variables(splicer.environ, named, findings)
    return attrs.evolve(config, secrets=gather(config, splicer.brought), entries=_entries(backends))


def _entries(backends: Tree | None) -> Mapping[str, bytes]:
    """A digest of each backend's own entry: as it is written, for what it amounts to also depends on others."""
    if not isinstance(backends, dict):
        return {}
    return MappingProxyType({name: sha256(repr(_plain(entry)).encode()).digest() for name, entry in backends.items()})


def _plain(tree: Tree) -> object:
    if isinstance(tree, dict):
        return sorted((key, _plain(value)) for key, value in tree.items())
    return [_plain(each) for each in tree] if isinstance(tree, list) else (tree.text, tree.is_plain)


def _root(document: Document, source: str) -> dict[str, Tree]:
    if isinstance(document.root, dict):
        return document.root
    found = "nothing" if document.root is None else described(document.root)
    hint = 'begin with version: "1" and backends:'
    problem = Problem(path="", message=f"expected a mapping, found {found}", hint=hint, line=1)
    raise ConfigInvalid(source, (problem,))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, f"cannot be read: {error.strerror or type(error).__name__}") from None
    return _decoded(path, content)


def _decoded(path: Path, content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise _unreadable(path, f"is larger than {MAX_BYTES} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _unreadable(path, f"is not UTF-8: byte {error.start + 1}", line) from None


def _unreadable(path: Path, what: str, line: int | None = None) -> ConfigInvalid:
    return ConfigInvalid(str(path), (Problem(path="", message=f"the file {what}", line=line),))
