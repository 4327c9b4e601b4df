"""A draft of what `docker run` is asked for, so that its image runs in a container like every other one."""

from __future__ import annotations

from typing import Final

from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.container import MountSpec
from argus_trio.sandbox.plan.commands.asked import ImageRun
from argus_trio.sandbox.plan.drafting.draft import Draft
from argus_trio.sandbox.plan.drafting.sources import trusted_bundle
from argus_trio.sandbox.plan.machine import Machine
from argus_trio.sandbox.plan.mounting.mounts import explicit_mount
from argus_trio.sandbox.plan.outcome import GivenImage
from argus_trio.sandbox.plan.refusal import PlanRefused

MAX_LINES: Final = 4096
"""Lines of an `--env-file` that are read."""


def of_image_run(spec: StdioBackend, run: ImageRun, machine: Machine) -> Draft:
    """The draft of an image that is run by an engine's own command line.

    Raises:
        PlanRefused: something that it names is not there, or not mounted; the text is the sentence.
    """
    env, unset = _variables(spec, run, machine)
    notes = [f"{name} is named by -e and not set" for name in unset]
    writable = tuple(machine.absolute(each.source, spec.cwd) for each in run.mounts if each.is_writable)
    mounts = []
    for asked in run.mounts:
        source = machine.absolute(asked.source, spec.cwd)
        mode = "rw" if asked.is_writable else "ro"
        known = MountSpec(source=source, target=asked.target, mode=mode, selinux=asked.selinux)  # type: ignore[arg-type]
        mounts.append(explicit_mount(known, machine, writable=writable, named="-v"))
    resets = run.entrypoint == ""
    if resets and not run.args:
        raise PlanRefused("--entrypoint is empty, and nothing follows the image: name the program behind it")
    return Draft(
        image=GivenImage(reference=spec.container.image or run.reference, pull=run.pull),
        argv=(run.entrypoint, *run.args) if run.entrypoint else run.args,
        uses_entrypoint=run.entrypoint is None,
        trusted=trusted_bundle(spec, machine, None),
        env=env,
        mounts=tuple(mounts),
        cwd=run.cwd,
        network=run.network,
        user=run.user,
        names_paths=False,
        follows_engine=True,
        notes=(*run.notes, *notes),
    )


def _variables(spec: StdioBackend, run: ImageRun, machine: Machine) -> tuple[dict[str, str], tuple[str, ...]]:
    """The variables of `--env-file` and `-e`, and the names of those of `-e` that are passed on and not set.

    What a file has that is not set is not told: it may be part of a secret of several lines.
    """
    known = {**machine.environ, **spec.env}
    found: dict[str, str] = {}
    names: list[str] = []
    for path in run.env_files:
        text = machine.read(machine.absolute(path, spec.cwd))
        lines = () if text is None else text.splitlines()
        if text is None or len(lines) > MAX_LINES:
            raise PlanRefused(
                f"--env-file {path} cannot be read, or is longer than {MAX_LINES} lines or 256 KiB: correct it, or "
                "write its variables into env and -e"
            )
        for line in lines:
            name, equals, value = line.strip().partition("=")
            if not name or name.startswith("#"):
                continue
            if equals:
                found[name] = value
            else:
                names.append(name)
    passed = {name: known[name] for name in (*names, *run.env_names) if name in known}
    return {**found, **passed, **run.env}, tuple(name for name in run.env_names if name not in known)
