"""Configurations among the files of an import: one of the original Argus is imported whole, and alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from argus_trio.cli.imported.sources import OriginalFile
from argus_trio.client_files.gateways.agentgateway import is_agentgateway, read_agentgateway
from argus_trio.client_files.jsonc import JsonFault
from argus_trio.client_files.server import ClientFile
from argus_trio.importing.original.convert import OriginalRefused, import_original
from argus_trio.importing.result import ImportedConfig, ImportNote
from argus_trio.importing.yaml_nodes import read_yaml

_ALONE = "a configuration of the original Argus is imported alone, with all that it says: import the others afterwards"


def with_other_gateways(sources: Sequence[ClientFile | OriginalFile]) -> list[ClientFile]:
    """The clients' files among the sources, and those of YAML that are another gateway's."""
    found = (each if isinstance(each, ClientFile) else _of_other_gateway(each) for each in sources)
    return [each for each in found if each is not None]


def import_originals(
    sources: Sequence[ClientFile | OriginalFile], *, environ: Mapping[str, str], only: Sequence[str]
) -> ImportedConfig | None:
    """What the configuration among the sources becomes, with refusals if it cannot; None if none is among them."""
    originals = [each for each in sources if isinstance(each, OriginalFile) and _of_other_gateway(each) is None]
    if not originals:
        return None
    if len(sources) > 1:
        return _nothing(_refusal(str(each.path), _ALONE) for each in originals)
    (source,) = originals
    try:
        return import_original(source.text, path=source.path, environ=environ, only=only)
    except OriginalRefused as refused:
        return _nothing(_refusal(f"{each.path}:{each.line}", each.what) for each in refused.problems)


def _of_other_gateway(source: OriginalFile) -> ClientFile | None:
    """What a file of YAML declares that is agentgateway's; None if it is none, or cannot be read."""
    try:
        root = read_yaml(source.text)
    except JsonFault:
        return None
    return read_agentgateway(root, source.text, path=source.path) if is_agentgateway(root) else None


def _nothing(refusals: Iterable[ImportNote]) -> ImportedConfig:
    return ImportedConfig(tree={"version": "1", "backends": {}}, notes=tuple(refusals))


def _refusal(where: str, what: str) -> ImportNote:
    return ImportNote(kind="left out", where=where, what=what, is_refusal=True)
