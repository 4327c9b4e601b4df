"""Images that an engine builds of a Dockerfile, with its own builder: found by a digest of the context, else built."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import IO, Final

import trio

from argus_trio.sandbox.engine.facts import ImageFacts
from argus_trio.sandbox.engine.failure import EngineFailed
from argus_trio.sandbox.engine.images import ImageBuild
from argus_trio.sandbox.image.engine import ImageEngine
from argus_trio.sandbox.image.making.build_log import BuildLog
from argus_trio.sandbox.image.making.context import BuildContext, read_context
from argus_trio.sandbox.image.making.installation import MEMORY_BYTES
from argus_trio.sandbox.image.making.recipe import NAME_CHARACTERS, REPOSITORY
from argus_trio.sandbox.image.ready import KIND_LABEL, RECIPE_LABEL
from argus_trio.sandbox.image.shared_work import Hear

_PROXIES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
"""The arguments that every Dockerfile has without declaring them, and that stay out of an image's history."""


def tag_of(context: BuildContext) -> str:
    """The name of the image of a context."""
    name = re.sub(r"[^a-z0-9]+", "-", context.folder.absolute().name.lower()).strip("-")[:NAME_CHARACTERS].strip("-")
    return f"{REPOSITORY}/{name or 'image'}:{context.digest[:12]}"


async def context_of(dockerfile: Path) -> BuildContext:
    """The context of a Dockerfile.

    Raises:
        LinkFailed: see `read_context`.
    """
    return await trio.to_thread.run_sync(read_context, dockerfile, abandon_on_cancel=True)


async def build(
    context: BuildContext,
    hear: Hear,
    *,
    engine: ImageEngine,
    environ: Mapping[str, str],
    redact: Callable[[str], str],
) -> ImageFacts:
    """The image of a context, built.

    Raises:
        LinkFailed: it cannot be built; the tail of the log is in the details.
    """
    log = BuildLog(redact=redact, on_line=lambda line: hear("building", line))
    proxies = {name: value for name in _PROXIES if (value := environ.get(name.lower()) or environ.get(name))}
    with tempfile.TemporaryFile() as file:  # without a name: nothing is left of it, even if the gateway is killed
        await trio.to_thread.run_sync(partial(_write, context, file))
        order = ImageBuild(
            context=Path(f"/proc/self/fd/{file.fileno()}"),
            tag=tag_of(context),
            dockerfile=context.dockerfile,
            labels={RECIPE_LABEL: context.digest, KIND_LABEL: "dockerfile"},
            arguments=proxies,
            memory=MEMORY_BYTES,
        )
        try:
            return await engine.build(order, log.add)
        except EngineFailed as failed:
            # Of what it said only the latest lines are heard, its failure has them all, with their colours.
            log = BuildLog(redact=redact, on_line=lambda _line: None)
            for line in failed.details:
                log.add(line)
            raise EngineFailed(
                failed.kind, failed.reason, status=failed.status, details=log.tail, never_ran=failed.never_ran
            ) from None


def _write(context: BuildContext, file: IO[bytes]) -> None:
    context.write_tar(file)
    file.flush()
