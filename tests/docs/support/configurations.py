"""A `yaml` block as a whole configuration, judged as `check` judges it, in a place that has what it names."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs
import yaml

from argus_trio.config.load import load
from argus_trio.config.model.config import Config
from argus_trio.config.structure.structure import keys_of
from argus_trio.errors import ArgusError, ConfigInvalid
from argus_trio.pipeline.build import build_pipeline
from tests.docs.support.blocks import Block
from tests.docs.support.pages import ROOT

VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_]\w*)(?::-[^}]*)?\}")
FILE = re.compile(r"\$\{file:(?P<path>(?:\$\{[^}]*\}|[^}])*)\}")
BACKENDS = (
    "type: stdio\ncommand: server\n",
    "type: streamable-http\nurl: https://mcp.example.com/mcp\n",
    "type: sse\nurl: https://mcp.example.com/sse\n",
)
"""What a fragment of a backend is completed with: the first that takes it."""
NAMED = ("time", "files", "tickets", "search", "github", "notes", "docs")
"""The backends that the pages talk of: a fragment without any may name them."""
NOT_ON_EVERY_MACHINE = re.compile(r"no such (file|folder|program)|is not (there|in PATH)|was not found", re.IGNORECASE)
"""Warnings that say what this machine lacks, and nothing of the configuration."""


@attrs.frozen(kw_only=True)
class Judgement:
    """What `check` says: problems, or warnings and the configuration."""

    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    config: Config | None = None


def completed(block: Block) -> Iterator[str]:
    """The whole files that a block may be a part of: one, or for a fragment of a backend one for each kind of it."""
    text, place = block.dedented, block.notes.get("in", "")
    if not place and not set(yaml.safe_load(text)) <= set(keys_of(Config)):
        place = "backends.example"  # all that a page shows without its place
    keys = place.split(".") if place else []
    if keys[:1] != ["backends"]:
        whole = _below(keys, text)
        yield whole if "backends" in yaml.safe_load(whole) else whole + _named_backends()
        return
    for backend in BACKENDS:
        yield _below(keys[:2], backend + _below(keys[2:], text))


def _named_backends() -> str:
    return _below(["backends"], "".join(_below([name], BACKENDS[0]) for name in NAMED))


def _below(keys: list[str], text: str) -> str:
    for key in reversed(keys):
        text = f"{key}:\n{textwrap.indent(text, '  ')}"
    return text


def judged(text: str, folder: Path) -> Judgement:
    """What `check` says of a file with this text in `folder`, where its variables and secrets are provided."""
    environ = _environ(text, folder)
    path = folder / "config.yaml"
    path.write_text(FILE.sub(lambda found: f"${{file:{_secret(found['path'], environ, folder)}}}", text))
    try:
        config = load(path, environ=environ)
        build_pipeline(config, source=str(path), folder=folder)
    except ConfigInvalid as refusal:
        return Judgement(problems=tuple(f"{each.path}: {each.message}" for each in refusal.problems))
    except ArgusError as refusal:
        return Judgement(problems=(str(refusal),))
    told = (f"{each.path}: {each.message}" for each in config.warnings)
    return Judgement(warnings=tuple(each for each in told if not NOT_ON_EVERY_MACHINE.search(each)), config=config)


def judgement_of(block: Block, folder: Path) -> Judgement:
    """That of the first completion that is accepted, else of the first one."""
    (folder / "own.py").write_text((ROOT / "conf" / "own_middleware.py").read_text())
    judgements = [judged(text, folder) for text in completed(block)]
    return next((each for each in judgements if not each.problems), judgements[0])


def _environ(text: str, folder: Path) -> Mapping[str, str]:
    named = {found["name"]: f"what-{found['name']}-is-set-to-in-this-test" for found in VARIABLE.finditer(text)}
    own = {"HOME": str(folder), "PATH": str(folder / "bin"), "XDG_RUNTIME_DIR": str(folder)}
    return {**named, **own, "CREDENTIALS_DIRECTORY": str(folder)}


def _secret(shown: str, environ: Mapping[str, str], folder: Path) -> Path:
    """The file that stands for one of the page."""
    path = folder / Path(VARIABLE.sub(lambda found: environ[found["name"]], shown)).name
    path.write_text("what-is-in-the-file-of-this-test\n")
    path.chmod(0o600)
    return path
