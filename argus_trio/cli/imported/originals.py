"""Configurations among the files of an import: one of the original Argus is imported whole, and alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from argus_trio.cli.imported.sources import SourceFile
from argus_trio.client_files.gateways.agentgateway import is_agentgateway, read_agentgateway
from argus_trio.client_files.jsonc import JsonFault
from argus_trio.client_files.server import ClientFile
from argus_trio.importing.original.convert import OriginalRefused, import_original
from argus_trio.importing.result import ImportedConfig, ImportNote
from argus_trio.importing.yaml_nodes import read_yaml

_ALONE = "a configuration of the original Argus is imported alone, with all that it says: import the others afterwards"


def import_originals(
    sources: Sequence[SourceFile], *, environ: Mapping[str, str], only: Sequence[str]
) -> ImportedConfig | None:
    """What the configuration among the sources becomes; refusals if it cannot be, or if it is not alone."""
    originals = [each for each in sources if each.is_original and read_other(each) is None]
    if not originals:
        return None
    if len(sources) > 1:
        notes = (_refusal(str(each.path), _ALONE) for each in originals)
        return ImportedConfig(tree={"version": "1", "backends": {}}, notes=tuple(notes))
    (source,) = originals
    try:
        return import_original(source.text, path=source.path, environ=environ, only=only)
    except OriginalRefused as refused:
        return ImportedConfig(tree={"version": "1", "backends": {}}, notes=tuple(_refusals(refused)))


def read_other(source: SourceFile) -> ClientFile | None:
    """What a file of YAML declares that is another gateway's; None if it is none, or cannot be read."""
    try:
        root = read_yaml(source.text) if source.is_original else None
    except JsonFault:
        return None
    if root is None or not is_agentgateway(root):
        return None
    return read_agentgateway(root, source.text, path=source.path)


def _refusals(refused: OriginalRefused) -> Iterator[ImportNote]:
    for each in refused.problems:
        yield _refusal(f"{each.path}:{each.line}", each.what)


def _refusal(where: str, what: str) -> ImportNote:
    return ImportNote(kind="left out", where=where, what=what, is_refusal=True)
