"""`argus-trio import`: a configuration out of other programs' files."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs

from argus_trio.bridge.defaults import DEFAULT_URL
from argus_trio.cli.imported.originals import import_originals, with_other_gateways
from argus_trio.cli.imported.placed import NotPlaced, place_files
from argus_trio.cli.imported.sources import STDIN, OriginalFile, SourcePlace, known_places, read_env_files, read_source
from argus_trio.cli.report import complain
from argus_trio.client_files.kinds import KINDS
from argus_trio.client_files.server import ClientFile
from argus_trio.config.load import load
from argus_trio.errors import ConfigInvalid
from argus_trio.importing.checking import checked, missing_in
from argus_trio.importing.dotenv import env_text
from argus_trio.importing.emit import emit, emit_backends
from argus_trio.importing.result import ImportedConfig, ImportNote
from argus_trio.importing.servers import ImportSurroundings, backends_of, import_servers
from argus_trio.importing.telling import counted, printable, told_commands, told_notes

_CONFIG: Final = Path("config.yaml")
_ENV: Final = "argus.env"
_ANOTHER: Final = "--write -o PATH writes it to another file, such as -o argus.yaml"


def import_files(options: argparse.Namespace) -> int:
    """Make a configuration; the exit code."""
    if STDIN in options.files and options.source is None:
        complain("argus-trio import: whose file stdin is has to be said: --from CLIENT")
        return 2
    if not options.write and (options.output or options.env_file):
        complain("argus-trio import: -o and --env-file say where --write puts the files: add --write")
        return 2
    run = _ImportRun(options=options)
    if run.env_path.absolute() == run.config_path.absolute():
        complain("argus-trio import: -o and --env-file name one path: secrets go into a file of their own")
        return 2
    return run.run()


@attrs.define(eq=False, repr=False, kw_only=True)
class _ImportRun:
    """One run of the command."""

    options: argparse.Namespace
    environ: Mapping[str, str] = attrs.field(factory=lambda: dict(os.environ), repr=False)
    refusals: list[ImportNote] = attrs.field(factory=list)
    file_count: int = 0

    @property
    def home(self) -> Path:
        return Path(self.environ.get("HOME") or Path.home())

    @property
    def config_path(self) -> Path:
        return self.options.output or _CONFIG

    @property
    def env_path(self) -> Path:
        return self.options.env_file or self.config_path.parent / _ENV

    def run(self) -> int:
        sources = self._sources()
        imported = self._imported(sources)
        if not backends_of(imported):
            return self._nothing(imported)
        if imported.variables or imported.needed:
            imported = attrs.evolve(imported, tree=_with_env_file(imported.tree, self._env_name()))
        for line in (*told_commands(imported), *told_notes(imported), self._sum(imported)):
            complain(line)
        text = _HEAD + emit(imported.tree, imported.origins)
        written = self._write(imported, text) if self.options.write else self._print(imported, text)
        return written or self._code(imported)

    def _sources(self) -> list[ClientFile | OriginalFile]:
        source = self.options.source
        named = [SourcePlace(name=each, client=source) for each in self.options.files]
        places = named or known_places(home=self.home, cwd=Path.cwd(), environ=self.environ, source=source)
        return [read_source(each, home=self.home) for each in places]

    def _imported(self, sources: Sequence[ClientFile | OriginalFile]) -> ImportedConfig:
        self.file_count = len(sources)
        files = with_other_gateways(sources)
        original = import_originals(sources, environ=self.environ, only=self.options.only)
        if original is not None:
            return original
        for file in files:
            for problem in file.problems:
                self._refuse(f"{problem.path}:{problem.line}" if problem.line else problem.path, problem.what)
        servers = [server for file in files for server in file.servers]
        paths = [each.env_file.literal for each in servers if each.env_file.literal]
        surroundings = ImportSurroundings(
            environ=self.environ,
            env_files=read_env_files(paths),
            gateways=(DEFAULT_URL, *filter(None, [self.environ.get("ARGUS_URL")])),
        )
        imported = import_servers(servers, surroundings, only=self.options.only)
        imported = attrs.evolve(imported, notes=(*self.refusals, *imported.notes))
        folder = self.config_path.absolute().parent
        return checked(imported, folder=folder, environ=self.environ)

    def _refuse(self, where: str, what: str) -> None:
        self.refusals.append(ImportNote(kind="left out", where=where, what=what, is_refusal=True))

    def _nothing(self, imported: ImportedConfig) -> int:
        for line in told_notes(imported):
            complain(line)
        if self.file_count or self.refusals:
            complain("argus-trio import: no server to import in these files")
        else:
            places = ", ".join(each.files[0].path for each in KINDS.values())
            complain(f"argus-trio import: no client's file is in a known place ({places} …): name a file")
        return 1

    def _sum(self, imported: ImportedConfig) -> str:
        count = len(backends_of(imported))
        refused = sum(each.is_refusal for each in imported.notes)
        return (
            f"{counted(count, 'backend')} of {counted(self.file_count, 'file')}, "
            f"{counted(len(imported.variables), 'secret')} moved, "
            f"{counted(len(imported.needed), 'variable')} to set, {refused} refused"
        )

    def _env_name(self) -> str:
        """The env file as the configuration names it."""
        if self.env_path.absolute().parent == self.config_path.absolute().parent:
            return self.env_path.name
        return str(self.env_path.absolute())

    def _print(self, imported: ImportedConfig, text: str) -> int:
        sys.stdout.write(text)
        sys.stdout.flush()
        if self._is_imported(self.config_path):
            complain(f"nothing is written; {self.config_path} is what is imported: {_ANOTHER}")
        elif imported.variables:
            complain(f"nothing is written; --write writes it to {self.config_path} and the secrets to {self.env_path}")
        else:
            complain(f"nothing is written; --write writes it to {self.config_path}")
        return 0

    def _write(self, imported: ImportedConfig, text: str) -> int:
        needs_env = bool(imported.variables or imported.needed)
        secrets = env_text(imported.variables, imported.needed) if needs_env else ""
        if os.path.lexists(self.config_path):
            return self._beside(imported)
        try:
            place_files(self.config_path, text, self.env_path, secrets)
        except NotPlaced as refusal:
            complain(f"argus-trio import: {printable(str(refusal))}")
            return 1
        config = shlex.quote(str(self.config_path))
        complain(f"written: {config}" + (f", and {self.env_path}, readable by you alone" if needs_env else ""))
        if imported.needed:
            complain(
                f"give the variables above values in {self.env_path}, and take `enabled: false` of their users away"
            )
        complain(f"next: argus-trio check -c {config}")
        complain(f"      argus-trio serve -c {config}")
        complain("      argus-trio client CLIENT --write   (points that client at the gateway)")
        return 0

    def _is_imported(self, path: Path) -> bool:
        return any(os.path.realpath(each) == os.path.realpath(path) for each in self.options.files)

    def _beside(self, imported: ImportedConfig) -> int:
        """There is a configuration already: say what it lacks."""
        path = self.config_path
        if self._is_imported(path):
            complain(f"argus-trio import: {path} is what is imported: {_ANOTHER}")
            return 1
        complain(f"argus-trio import: {path} is there already, and nothing is overwritten: -o PATH names another")
        try:
            existing = load(path, environ=self.environ)
        except ConfigInvalid as invalid:
            complain(f"what it lacks cannot be told: {counted(len(invalid.problems), 'problem')}, see argus-trio check")
            return 1
        missing = missing_in(existing, imported, folder=path.absolute().parent, environ=self.environ)
        if not missing:
            complain(f"every server is in {path} already")
            return 1
        entries = {name: entry for name, entry in backends_of(imported).items() if name in missing}
        complain(f"not in {path} yet: {', '.join(missing)}. Their entries, to be put below its backends:")
        sys.stdout.write(emit_backends(entries, imported.origins))
        sys.stdout.flush()
        names = sorted({name for name in (*imported.variables, *imported.needed) if f"${{{name}" in str(entries)})
        if names:
            complain(f"their variables, to be put into its env_file: {', '.join(names)}")
        return 1

    def _code(self, imported: ImportedConfig) -> int:
        return 1 if any(each.is_refusal for each in imported.notes) else 0


_HEAD: Final = (
    "# Made by argus-trio import. docs/configuration.md and `argus-trio schema` tell what more can stand here.\n\n"
)


def _with_env_file(tree: Mapping[str, object], name: str) -> dict[str, object]:
    """The tree with the env file named behind its version."""
    return {"version": tree.get("version", "1"), "env_file": name, **{k: v for k, v in tree.items() if k != "version"}}
