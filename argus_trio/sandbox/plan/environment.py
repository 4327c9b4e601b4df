"""The variables of a backend in its container. Those of this machine mean nothing there: few are passed on."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from argus_trio.config.model.backend import StdioBackend
from argus_trio.sandbox.plan.machine import Machine

_PASSED: Final = frozenset({"LANG", "LANGUAGE", "TZ", "NO_COLOR"})
_PASSED_PREFIX: Final = "LC_"
OF_THE_MACHINE: Final = frozenset({
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "PWD", "OLDPWD", "HOSTNAME", "TMPDIR", "TMP", "TEMP", "TZDIR",
    "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY", "LD_LIBRARY_PATH", "LD_PRELOAD", "DOCKER_HOST",
    "CONTAINER_HOST", "SSH_AUTH_SOCK", "DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "KUBECONFIG",
})  # fmt: skip
"""Variables that name what is on this machine alone. A glob of `env_from` does not pass them on."""
CA_VARIABLES: Final = (
    "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "GIT_SSL_CAINFO", "AWS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
)  # fmt: skip
"""The variables by which programs are told whom to trust."""
_OWN_TO_CONTAINERS: Final = frozenset({"PATH", "HOME", "TMPDIR", "TMP", "TEMP"})
"""Variables of `env` that are left out where the image is made here: they mean folders of this machine."""
_ZONES: Final = "/usr/share/zoneinfo/"
USER: Final = "argus"


def environment(
    spec: StdioBackend, machine: Machine, *, home: str, owns_image: bool
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The variables of `spec` inside, and the names of those of `env` that were left out.

    `owns_image`: the image is made here, and so are its PATH and its home.
    """
    passed = {name: value for name, value in machine.environ.items() if is_passed(name, value, spec.env_from)}
    if "TZ" not in passed and (zone := _zone(machine)) is not None:
        passed["TZ"] = zone
    own_here = _OWN_TO_CONTAINERS if owns_image else frozenset({"HOME"})
    left_out = {name for name in own_here.intersection(spec.env) if not _is_inside(name, spec.env[name], home)}
    said = {name: value for name, value in spec.env.items() if name not in left_out}
    own = {"HOME": home, "TMPDIR": "/tmp", "USER": USER, "LOGNAME": USER}  # noqa: S108  # the container's own
    return {**passed, **own, **said}, tuple(sorted(left_out))


def _is_inside(name: str, value: str, home: str) -> bool:
    """Whether a variable is about the inside of the container: a folder for what is temporary in its home, such as for
    programs that are unpacked and run there, for nothing in /tmp can be."""
    return name not in ("HOME", "PATH") and (value == home or value.startswith(f"{home}/"))


def is_passed(name: str, value: str, env_from: tuple[str, ...]) -> bool:
    """Whether a variable of the gateway's own is passed on into a container."""
    if name in _PASSED or name.startswith(_PASSED_PREFIX):
        return True
    if name.upper() in OF_THE_MACHINE or name.startswith("XDG_") or name in CA_VARIABLES or value.startswith("()"):
        return False
    return any(name == each or fnmatchcase(name, each) for each in env_from)


def trusting(env: Mapping[str, str], bundle: str, *, is_extra: bool) -> dict[str, str]:
    """The variables with the CA bundle at that place of the container, whatever file of this machine `env` names.

    `is_extra`: it holds only what is trusted besides, so that it may not take the place of all others.
    """
    names = ("NODE_EXTRA_CA_CERTS",) if is_extra else CA_VARIABLES
    return {**env, **dict.fromkeys(names, bundle)}


def _zone(machine: Machine) -> str | None:
    """The time zone of this machine, where its clock's file is a link to it."""
    seen = machine.look(Path("/etc/localtime"))
    return str(seen.real).removeprefix(_ZONES) if seen is not None and str(seen.real).startswith(_ZONES) else None
