"""`docker run` and `podman run`: the image, and what of the options has a meaning for a container of ours.

Options that loosen a container, or say what the profile says anyway, are of two kinds: the former are refused with what
to write instead, the latter dropped.
"""

from __future__ import annotations

import re
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from argus_trio.sandbox.plan.commands.asked import AskedMount, CommandLine, ImageRun, NotUnderstood, OwnProgram
from argus_trio.sandbox.plan.commands.options import OptionTable, ReadOptions, read_options
from argus_trio.sandbox.plan.refusal import PlanRefused

ENGINES: Final = frozenset({"docker", "podman"})
_DROPPED: Final = frozenset({
    "-i", "--interactive", "-t", "--tty", "--rm", "--init", "-q", "--quiet", "--sig-proxy", "--no-healthcheck",
    "--read-only", "--replace",
})  # fmt: skip
_DROPPED_VALUES: Final = frozenset({
    "--name", "-a", "--attach", "--log-driver", "--log-opt", "--restart", "-h", "--hostname", "-l", "--label",
    "--label-file", "--stop-timeout", "--stop-signal", "--detach-keys", "--cap-drop", "--cidfile",
})  # fmt: skip
_SAID: Final = _DROPPED_VALUES - {"--name", "-a", "--attach", "--cap-drop", "--detach-keys"}
"""Of those the ones that somebody might miss."""
_UNDERSTOOD: Final = frozenset({
    "-e", "--env", "--env-file", "-v", "--volume", "--mount", "-w", "--workdir", "--entrypoint", "--network", "--net",
    "-u", "--user", "--pull", "--security-opt",
})  # fmt: skip
_LIMITS: Final = {
    "-m": "memory", "--memory": "memory", "--memory-swap": "memory", "--memory-reservation": "memory",
    "--cpus": "cpus", "-c": "cpus", "--cpu-shares": "cpus", "--cpu-quota": "cpus", "--cpu-period": "cpus",
    "--cpuset-cpus": "cpus", "--pids-limit": "pids", "--shm-size": "memory", "--ulimit": "pids",
}  # fmt: skip
_NO_HOST: Final = "a container has namespaces of its own"
_REFUSED: Final = {
    "--privileged": "no container has power over this machine; leave it out, or write isolation: off",
    "--cap-add": "no container has capabilities; leave it out, or write isolation: off",
    "--device": "no container has devices of this machine; leave it out, or write isolation: off",
    "--gpus": "no container has devices of this machine; leave it out, or write isolation: off",
    "-p": "a stdio server is spoken to over its stdin, and listens to nobody; leave it out",
    "--publish": "a stdio server is spoken to over its stdin, and listens to nobody; leave it out",
    "-P": "a stdio server is spoken to over its stdin, and listens to nobody; leave it out",
    "--publish-all": "a stdio server is spoken to over its stdin, and listens to nobody; leave it out",
    "--expose": "a stdio server is spoken to over its stdin, and listens to nobody; leave it out",
    "-d": "a server in the background has no stdin to be spoken to; leave it out",
    "--detach": "a server in the background has no stdin to be spoken to; leave it out",
    "--add-host": "names are resolved outside; open a service with container.host_services",
    "--dns": "names are resolved outside; leave it out",
    "--link": "open the service by its name with container.host_services",
    "--volumes-from": "mount what is meant with container.mounts",
    "--tmpfs": "/tmp and its home are what it may write to; leave it out, or mount a folder with container.mounts",  # noqa: S108
    "--pid": f"{_NO_HOST}; leave it out",
    "--ipc": f"{_NO_HOST}; leave it out",
    "--uts": f"{_NO_HOST}; leave it out",
    "--userns": f"{_NO_HOST}; leave it out",
    "--cgroupns": f"{_NO_HOST}; leave it out",
    "--group-add": "it has the groups that what is mounted needs; leave it out",
}
_TABLE: Final = OptionTable(values=_DROPPED_VALUES | _UNDERSTOOD, flags=_DROPPED)
_REFERENCE: Final = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]*(?::\d+)?(?:/[a-z0-9][a-z0-9._-]*)*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?"
)
_ID: Final = re.compile("[0-9]{1,9}")
_PULLS: Final[dict[str, Literal["missing", "always", "never"]]] = {
    "missing": "missing", "always": "always", "never": "never", "newer": "always", "true": "always", "false": "missing",
}  # fmt: skip
_BIND_OPTIONS: Final = frozenset({"ro", "rw", "z", "Z", "cached", "consistent", "delegated", "rbind", "rprivate", ""})


def read_engine_run(engine: str, args: tuple[str, ...]) -> CommandLine:
    """What an engine's own command line asks for."""
    left = args[1:] if args[:1] == ("container",) else args
    if left[:1] != ("run",):
        verb = left[0] if left else "nothing"
        if verb.startswith("-"):
            return NotUnderstood(
                why=f"{engine} {verb} is not understood before run: leave it out; DOCKER_HOST names an engine"
            )
        return OwnProgram(
            why=f"only {engine} run can be taken over, and it says {verb}: write {engine} run IMAGE, or name the "
            "image in container.image"
        )
    read = read_options(left[1:], _TABLE)
    if read.unknown is not None:
        return NotUnderstood(why=_refusal(engine, read.unknown))
    if not read.rest:
        return NotUnderstood(why=f"{engine} run names no image: add one to args")
    try:
        return _image_run(engine, read)
    except PlanRefused as error:
        return NotUnderstood(why=str(error))


def _image_run(engine: str, read: ReadOptions) -> ImageRun:
    reference, *own = read.rest
    if not _REFERENCE.fullmatch(reference):
        raise PlanRefused(f"{reference} is no name of an image: write one such as ghcr.io/owner/name:tag")
    for option in read.all("--security-opt"):
        if not option.startswith("no-new-privileges"):
            raise PlanRefused(_refusal(engine, f"--security-opt {option}"))
    pull = read.last("--pull") or "missing"
    if pull not in _PULLS:
        raise PlanRefused(f"--pull {pull} is not known: write always, missing or never")
    env, names = _variables(read.all("-e", "--env"))
    mounts = [_volume(each) for each in read.all("-v", "--volume")] + [_mount(each) for each in read.all("--mount")]
    return ImageRun(
        reference=reference,
        pull=_PULLS[pull],
        entrypoint=read.last("--entrypoint"),
        args=tuple(own),
        env=MappingProxyType(env),
        env_names=names,
        env_files=tuple(Path(each) for each in read.all("--env-file")),
        mounts=tuple(mounts),
        cwd=read.last("-w", "--workdir"),
        network=_network(read.last("--network", "--net")),
        user=_user(read.last("-u", "--user")),
        notes=tuple(dict.fromkeys(f"{name} of {engine} run is left out" for name, _ in read if name in _SAID)),
    )


def _variables(texts: tuple[str, ...]) -> tuple[dict[str, str], tuple[str, ...]]:
    env: dict[str, str] = {}
    names: list[str] = []
    for text in texts:
        name, equals, value = text.partition("=")
        if not name:
            raise PlanRefused("-e names no variable: write NAME or NAME=VALUE")
        if equals:
            env[name] = value
        else:
            names.append(name)
    return env, tuple(dict.fromkeys(names))


def _volume(text: str) -> AskedMount:
    source, colon, rest = text.partition(":")
    target, _, options_text = rest.partition(":")
    if not colon or not target:
        raise PlanRefused(f"-v {text} asks for a volume of the engine: mount a folder of this machine, /data:{source}")
    _check_source(source, f"-v {text}", target)
    options = frozenset(options_text.split(","))
    if strange := sorted(options - _BIND_OPTIONS):
        raise PlanRefused(f"-v {text}: {strange[0]} is not understood: leave it out, or use container.mounts")
    label: Literal["shared", "private"] | None = "shared" if "z" in options else "private" if "Z" in options else None
    return AskedMount(source=Path(source), target=target, is_writable="ro" not in options, selinux=label)


def _mount(text: str) -> AskedMount:
    given = dict(_pair(each) for each in text.split(","))
    kind = given.get("type", "volume")
    source = given.get("source", given.get("src", ""))
    target = given.get("target", given.get("destination", given.get("dst", "")))
    if kind != "bind" or not source or not target:
        raise PlanRefused(
            f"--mount {text} is no mount of a file or folder: write type=bind,source=…,target=…, or "
            "use container.mounts"
        )
    _check_source(source, f"--mount {text}", target)
    is_read_only = any(given.get(each, "false") in ("", "true", "1") for each in ("readonly", "ro"))
    return AskedMount(source=Path(source), target=target, is_writable=not is_read_only)


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip(), value.strip()


def _check_source(source: str, shown: str, target: str) -> None:
    if source.startswith(("~", "$")):
        raise PlanRefused(f"{shown}: no shell expands {source[0]}: write an absolute path")
    if not source.startswith(("/", "./", "../")) and source not in (".", ".."):
        raise PlanRefused(
            f"{shown} asks for a volume of the engine: mount a folder of this machine, such as "
            f"/path/of/{source}:{target}"
        )


def _network(text: str | None) -> Literal["none", "bridge"] | None:
    match text:
        case None | "default":
            return None
        case "none":
            return "none"
        case "bridge":
            return "bridge"
        case "host":
            raise PlanRefused(
                "--network host is this machine's own network: leave it out, and open its services by name, as in "
                'container: {host_services: ["localhost:5432"]}'
            )
        case _:
            raise PlanRefused(
                f"--network {text} is a network that only the engine knows: leave it out, and open its services by "
                "name with container.host_services, or write container.network: bridge"
            )


def _user(text: str | None) -> str | None:
    if text is None:
        return None
    uid, _, gid = text.partition(":")
    if not _ID.fullmatch(uid) or not _ID.fullmatch(gid or uid):
        raise PlanRefused(f"--user {text}: only numbers mean the same outside: write UID:GID, or leave it out")
    if 0 in (int(uid), int(gid or uid)):
        raise PlanRefused(f"--user {text} is root, or of its group, which no container is: leave it out")
    return f"{int(uid)}:{int(gid or uid)}"


def _refusal(engine: str, option: str) -> str:
    if option in _LIMITS:
        return f"{option} of {engine} run: write container.{_LIMITS[option]} instead"
    word = _REFUSED.get(option, "it is not understood; leave it out, or name the image in container.image")
    return f"{option} of {engine} run: {word}"
