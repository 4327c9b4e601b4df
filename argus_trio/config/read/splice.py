"""Fills in the `${...}` of a file's tree, from the environment and from files. Keys are left as they are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs

from argus_trio.config.read.findings import Findings
from argus_trio.config.read.interpolation import Brought, Filling, Malformed, Unavailable, parse
from argus_trio.config.read.key_path import KeyPath
from argus_trio.config.read.scalar import Scalar, Tree
from argus_trio.config.read.sources import Sources

MAX_FILE_BYTES = 1024 * 1024
"""The bound on a file that `${file:PATH}` names."""


@attrs.define(eq=False, kw_only=True)
class Splicer:
    """Fills in the trees of one file."""

    environ: Mapping[str, str]
    folder: Path
    findings: Findings
    sources: Sources = attrs.field(factory=Sources)
    """Notes each file that is read."""
    brought: dict[KeyPath, tuple[Brought, ...]] = attrs.field(factory=dict, init=False)
    """The values that were filled in, by key path."""

    def spliced(self, tree: Tree, key_path: KeyPath = ()) -> Tree:
        """The tree with every `${...}` filled in; one that cannot be is reported."""
        if isinstance(tree, dict):
            return {key: self.spliced(value, (*key_path, key)) for key, value in tree.items()}
        if isinstance(tree, list):
            return [self.spliced(value, (*key_path, index)) for index, value in enumerate(tree)]
        return self._scalar(tree, key_path) if "${" in tree.text else tree

    def _scalar(self, scalar: Scalar, key_path: KeyPath) -> Scalar:
        filling = Filling(variable=self.environ.get, file=self._file)
        try:
            text = filling.fill(parse(scalar.text))
        except Malformed as error:
            self.findings.add(key_path, str(error))
            return scalar
        for message, hint in filling.faults:
            self.findings.note(key_path, message, hint)
        if filling.faults:
            self.findings.faulty.add(key_path)
        if filling.brought:
            self.brought[key_path] = tuple(filling.brought)
        return attrs.evolve(scalar, text=text, is_spliced=True)

    def _file(self, name: str) -> str:
        path = located(name, folder=self.folder, environ=self.environ)
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
