"""From the text of a configuration of the original to one of ours; everything that changes is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from argus_trio.client_files.server import FileProblem
from argus_trio.config.read.document import Document, NotYaml, read_document
from argus_trio.importing.original.accept import OriginalAcceptance, section_of
from argus_trio.importing.original.admission import PRINCIPAL, authentication_of
from argus_trio.importing.original.backends import OriginalBackends, groups_of
from argus_trio.importing.original.file.recognise import OUR_SECTIONS, recognised
from argus_trio.importing.original.file.source import OriginalSource
from argus_trio.importing.original.file.texts import OriginalTexts
from argus_trio.importing.original.file.told import tell_of_the_rest
from argus_trio.importing.original.gateway import (
    ALWAYS,
    engine_of,
    isolation_of,
    limits_of,
    logging_of,
    server_of,
    telemetry_of,
)
from argus_trio.importing.original.naming import OriginalNaming, naming_of
from argus_trio.importing.original.policies import rbac_of
from argus_trio.importing.result import ImportedConfig, ImportNote
from argus_trio.importing.variables import VariableBook

EITHER: Final = (
    "nothing in it says whose file it is: it is read as the original's; one of argus-trio has nothing to be imported"
)


class OriginalRefused(Exception):
    """A configuration of the original from which none of ours can be made; `problems` say why, and where."""

    def __init__(self, problems: tuple[FileProblem, ...]) -> None:
        super().__init__("; ".join(f"{each.path}:{each.line}: {each.what}" for each in problems))
        self.problems = problems


def import_original(text: str, *, path: Path, environ: Mapping[str, str], only: Sequence[str] = ()) -> ImportedConfig:
    """The configuration that the text says, in our words; the files that it names are looked for beside `path`.

    Its secrets are variables. `only` names the backends that are taken, if it names any.

    Raises:
        OriginalRefused: there is no way to say it here.
    """
    source = OriginalSource(path=str(path), document=_document(text, path))
    book = VariableBook(environ=environ)
    texts = OriginalTexts(source=source, book=book, provider=_provider(source))
    if recognised(source.tree()) == "either":
        source.note("changed", (), EITHER)
    naming = naming_of(source)
    tree = _tree(source, texts, naming)
    tell_of_the_rest(source)
    if not source.problems:
        there = {here: each for each, here in naming.names.items()}
        acceptance = OriginalAcceptance(
            source=source,
            folder=path.absolute().parent,
            environ={**environ, **book.values},
            needed=book.needed,
            names=there,
        )
        middleware = tree.get("middleware")
        acceptance.sections += [section_of(each) for each in (middleware if isinstance(middleware, list) else [])]
        tree = acceptance.accepted(tree)
    if source.problems:
        raise OriginalRefused(tuple(sorted(source.problems, key=lambda each: each.line)))
    strangers = [each for each in only if each not in {*naming.names, *naming.names.values()}]
    there_are = f"there are {', '.join(naming.names)}" if naming.names else "there are none"
    unknown = (
        ImportNote(
            kind="left out", where=f"--only {each}", what=f"no backend is called that; {there_are}", is_refusal=True
        )
        for each in strangers
    )
    return ImportedConfig(
        tree=_of(only, tree, naming),
        variables=dict(book.values),
        notes=(*unknown, *source.told()),
        needed=dict(book.needed),
        origins={here: f"from {source.path}:{source.line(('backends', each))}" for each, here in naming.names.items()},
    )


def _document(text: str, path: Path) -> Document:
    try:
        document = read_document(text)
    except NotYaml as error:
        problem = FileProblem(path=str(path), line=error.problem.line or 1, what=error.problem.message)
        raise OriginalRefused((problem,)) from None
    problems = tuple(FileProblem(path=str(path), line=line, what=what) for _, line, what in document.problems)
    whose = recognised(document.root)
    if whose == "ours":
        what = "is a configuration of argus-trio already: nothing has to be imported"
        problems += (FileProblem(path=str(path), line=1, what=what),)
    elif whose == "neither":
        what = "is no configuration of the original Argus: it has none of its keys, such as backends"
        problems += (FileProblem(path=str(path), line=1, what=what),)
    both = OUR_SECTIONS & set(document.root) if isinstance(document.root, dict) and whose == "mixed" else ()
    for key in sorted(both):
        what = f"{key} is a key of argus-trio, and others are the original's: take out what is not to be imported"
        problems += (FileProblem(path=str(path), line=document.lines[(key,)], what=what),)
    if problems:
        raise OriginalRefused(problems)
    return document


def _provider(source: OriginalSource) -> str:
    is_enabled = source.flag("secrets", "enabled", default=False)
    provider = source.text("secrets", "provider") or "env"
    return provider if is_enabled else ""


def _tree(source: OriginalSource, texts: OriginalTexts, naming: OriginalNaming) -> dict[str, object]:
    version = source.text("version")
    if version not in (None, "1"):
        source.note("changed", ("version",), 'the version of a configuration is "1"')
    logging, telemetry = logging_of(source), telemetry_of(source, texts)
    authentication, limits = authentication_of(source, texts), limits_of(source)
    roles = () if authentication is None else (PRINCIPAL,) if source.tree("incoming_auth", "token") else ()
    rbac = rbac_of(source, naming=naming, groups=groups_of(source), roles=roles)
    middleware = [each for each in (logging, telemetry, authentication, rbac, limits) if each is not None]
    if not (logging or limits):
        source.note("left out", (), ALWAYS)
    server = server_of(source, texts, asks=authentication is not None and "anonymous" not in authentication)
    backends = OriginalBackends(source=source, texts=texts, naming=naming).all()
    return {
        "version": "1",
        **({"server": server} if server else {}),
        **({"middleware": middleware} if middleware else {}),
        **engine_of(source, texts.book.environ),
        **isolation_of(source, texts.book.environ),
        "backends": backends,
        "conflict_resolution": dict(naming.section),
    }


def _of(only: Sequence[str], tree: dict[str, object], naming: OriginalNaming) -> dict[str, object]:
    """The tree with those backends alone that are named, by their names here or there."""
    backends, section = tree["backends"], tree["conflict_resolution"]
    if not only or not isinstance(backends, dict) or not isinstance(section, dict):
        return tree
    chosen = {here for there, here in naming.names.items() if here in only or there in only}
    kept = {name: each for name, each in backends.items() if name in chosen}
    order = [name for name in section.get("order", ()) if name in chosen]
    return tree | {"backends": kept, "conflict_resolution": {**section, "order": order} if order else _bare(section)}


def _bare(section: Mapping[str, object]) -> dict[str, object]:
    return {key: each for key, each in section.items() if key != "order"}
