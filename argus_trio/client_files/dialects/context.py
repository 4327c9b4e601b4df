"""What is known of a file while its entries are read: whose it is, where it stands, what its variables mean."""

from __future__ import annotations

from pathlib import Path

import attrs

from argus_trio import Value
from argus_trio.client_files.dialects.variables import VariableScope
from argus_trio.client_files.jsonc import TextLines
from argus_trio.client_files.server import FileProblem, ServerOrigin

MOST_SERVERS = 1000
"""How many servers of one file are read: the largest known have some dozens, and each becomes a backend."""


@attrs.frozen(kw_only=True)
class FileContext(Value):
    """What the entries of a file share."""

    client: str
    path: str
    lines: TextLines = attrs.field(repr=False)
    scope: VariableScope
    """With the home folder, and the project that the entries hold for, if they hold for one."""

    def origin(self, at: int) -> ServerOrigin:
        """Where an entry stands that begins at a place of the text."""
        project = "" if self.scope.project is None else str(self.scope.project)
        return ServerOrigin(client=self.client, path=self.path, line=self.lines.line(at), project=project)

    def problem(self, at: int, what: str) -> FileProblem:
        """Why what stands at a place is not read."""
        return FileProblem(path=self.path, line=self.lines.line(at), what=what)

    def within(self, project: Path) -> FileContext:
        """The same for entries that hold for a project."""
        return attrs.evolve(self, scope=attrs.evolve(self.scope, project=project))
