"""A file's tree with its `${...}` filled in from the environment and from files. Keys are left as they are."""

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


@attrs.define(eq=False)
class Splicer:
    """Fills the trees of one file. `brought` says which values came in where; `sources` is told of each file."""

    environ: Mapping[str, str]
    folder: Path
    findings: Findings
    sources: Sources = attrs.field(factory=Sources)
    brought: dict[KeyPath, tuple[Brought, ...]] = attrs.field(factory=dict)

    def spliced(self, tree: Tree, place: KeyPath = ()) -> Tree:
        """The tree with every `${...}` filled in; what cannot be is reported."""
        if isinstance(tree, dict):
            return {key: self.spliced(value, (*place, key)) for key, value in tree.items()}
        if isinstance(tree, list):
            return [self.spliced(value, (*place, index)) for index, value in enumerate(tree)]
        return self._scalar(tree, place) if "${" in tree.text else tree

    def _scalar(self, scalar: Scalar, place: KeyPath) -> Scalar:
        filling = Filling(variable=self.environ.get, file=self._file)
        try:
            text = filling.fill(parse(scalar.text))
        except Malformed as error:
            self.findings.add(place, str(error))
            return scalar
        for message, hint in filling.faults:
            self.findings.note(place, message, hint)
        if filling.faults:
            self.findings.faulty.add(place)
        if filling.brought:
            self.brought[place] = tuple(filling.brought)
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
    """A path of the file: `~/` is $HOME, and what is relative is relative to the file's own folder."""
    home = environ.get("HOME")
    if home and (name == "~" or name.startswith("~/")):
        return Path(home) / name[2:]
    return folder / name
