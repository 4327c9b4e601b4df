"""Fills in the `${...}` of a file's tree: from the environment, the file of `env_file`, and other files. Keys are left
as they are."""

from __future__ import annotations

import shlex
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Final

import attrs

from argus_trio.config.read.env_file import read_env_text
from argus_trio.config.read.findings import Findings
from argus_trio.config.read.interpolation import Brought, Filling, Malformed, Unavailable, parse
from argus_trio.config.read.key_path import KeyPath
from argus_trio.config.read.scalar import Scalar, Tree, as_bool
from argus_trio.config.read.sources import Sources

MAX_FILE_BYTES = 1024 * 1024
"""The bound on a file that `${file:PATH}` or `env_file` names."""
ENV_FILE: Final = "env_file"
"""The key of the file that names a file of variables."""
_OF_OTHERS: Final = stat.S_IRGRP | stat.S_IROTH
_FORM: Final = "write NAME=VALUE; single quotes around a value that has quotes, line breaks or blanks at its ends"


@attrs.define(eq=False, repr=False, kw_only=True)
class Splicer:
    """Fills in the trees of one file."""

    environ: Mapping[str, str]
    """The gateway's own variables."""
    folder: Path
    findings: Findings
    sources: Sources = attrs.field(factory=Sources)
    """Notes each file that is read."""
    variables: Mapping[str, str] = attrs.field(default=MappingProxyType({}), repr=False)
    """Those of the file that `env_file` names: they count where the gateway has none of that name."""
    brought: dict[KeyPath, tuple[Brought, ...]] = attrs.field(factory=dict, init=False)
    """The values that were filled in, by key path."""
    _places: str = attrs.field(default="", init=False)
    """Where a variable can be set, where that is more than the environment."""
    _off: set[KeyPath] = attrs.field(factory=set, init=False)
    """The backends that are left out."""

    def learn_variables(self, tree: Tree | None) -> None:
        """Read the file that the value of `env_file` names, if it does."""
        if not isinstance(tree, Scalar) or tree.is_null:
            return
        key_path: KeyPath = (ENV_FILE,)
        named = self.spliced(tree, key_path)
        if not isinstance(named, Scalar) or key_path in self.findings.faulty:
            return
        try:
            content = read_env_text(self._file(named.text))
        except Unavailable as error:
            self.findings.add(key_path, f"the file {named.text!r} cannot be read: {error}")
            return
        for fault in content.faults:
            self.findings.note(key_path, f"line {fault.line} of the file {fault.what}", _FORM)
        self.variables, self._places = content.variables, f" in {named.text} or in the environment"
        with suppress(OSError):
            if self._located(named.text).stat().st_mode & _OF_OTHERS:
                self.findings.warn(key_path, f"others can read {named.text!r}", f"chmod 600 {shlex.quote(named.text)}")

    def spliced(self, tree: Tree, key_path: KeyPath = ()) -> Tree:
        """The tree with every `${...}` filled in; one that cannot be is reported."""
        if isinstance(tree, dict):
            if key_path[:-1] == ("backends",) and self._is_off(tree):
                self._off.add(key_path)
            return {key: self.spliced(value, (*key_path, key)) for key, value in tree.items()}
        if isinstance(tree, list):
            return [self.spliced(value, (*key_path, index)) for index, value in enumerate(tree)]
        return self._scalar(tree, key_path) if "${" in tree.text else tree

    def _scalar(self, scalar: Scalar, key_path: KeyPath) -> Scalar:
        filling = Filling(variable=self._variable, file=self._file, places=self._places)
        try:
            text = filling.fill(parse(scalar.text))
        except Malformed as error:
            self.findings.add(key_path, str(error))
            return scalar
        for message, hint in filling.faults:
            if key_path[:2] in self._off:
                self.findings.warn(key_path, message, f"{hint or 'it is needed'} before this backend is enabled")
            else:
                self.findings.note(key_path, message, hint)
        if filling.faults:
            self.findings.faulty.add(key_path)
        if filling.brought:
            self.brought[key_path] = tuple(filling.brought)
        return attrs.evolve(scalar, text=text, is_spliced=True)

    def _is_off(self, backend: dict[str, Tree]) -> bool:
        """Whether the entry of a backend leaves it out: then what it lacks keeps nothing from working."""
        enabled = backend.get("enabled")
        return isinstance(enabled, Scalar) and "${" not in enabled.text and as_bool(enabled) is False

    def _variable(self, name: str) -> str | None:
        return self.environ.get(name, self.variables.get(name))

    def _located(self, name: str) -> Path:
        return located(name, folder=self.folder, environ=self.environ)

    def _file(self, name: str) -> str:
        path = self._located(name)
        self.sources.note(path)
        try:
            # A device or a pipe could block for ever, or never end.
            if not path.is_file():
                raise Unavailable("there is no such file" if not path.exists() else "it is no regular file")
            with path.open("rb") as stream:
                content = stream.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            raise Unavailable(error.strerror or type(error).__name__) from None
        except ValueError:  # a NUL in the path
            raise Unavailable("its path is no path") from None
        if len(content) > MAX_FILE_BYTES:
            raise Unavailable(f"it has more than {MAX_FILE_BYTES} bytes")
        try:
            return content.decode()
        except UnicodeDecodeError:
            raise Unavailable("it is not UTF-8") from None


def located(name: str, *, folder: Path, environ: Mapping[str, str]) -> Path:
    """The absolute path of `name` in the file: `~/` is $HOME, and a relative path starts at the file's folder."""
    home = environ.get("HOME")
    if home and (name == "~" or name.startswith("~/")):
        return Path(home) / name[2:]
    return folder / name
