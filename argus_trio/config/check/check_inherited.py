"""Names the variables that tools look for and that are set here, but reach no or not every stdio backend.

Nothing of a variable's value is told.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from argus_trio.config.inherited import is_for_tools, is_inherited
from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.read.findings import Findings

_HINT = (
    "name those that a backend's tools need in its env_from, or in defaults.env_from for all backends; a glob such as "
    "UV_* names all that begin so"
)
_MOST_NAMES = 4
"""How many backends are named for one variable: enough for people to see which are meant, in a line that they read."""


def check_inherited(
    config: Config, environ: Mapping[str, str], findings: Findings, *, contained: Collection[str] = ()
) -> None:
    """Warn once of what is set in `environ`, the gateway's own, and not passed on; `config` has its defaults in it.

    Backends that run in containers, as `contained` names them, or not at all, miss nothing of this machine.
    """
    stdio = [each for each in config.backends.values() if isinstance(each, StdioBackend) and each.enabled]
    backends = [each for each in stdio if each.name not in contained and each.container.setting != "required"]
    left: list[str] = []
    for name in sorted(filter(_is_looked_for, environ)):
        without = [backend.name for backend in backends if not _reaches(name, environ[name], backend)]
        if without:
            left.append(name if len(without) == len(stdio) else f"{name} (to {_few(without)})")
    if left:
        findings.warn(("backends",), f"set here and not passed to stdio backends: {', '.join(left)}", _HINT)


def _few(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:_MOST_NAMES])} and {more} more"


def _is_looked_for(name: str) -> bool:
    return is_for_tools(name) and name.isprintable()


def _reaches(name: str, value: str, backend: StdioBackend) -> bool:
    """Whether the backend has the variable; one that its `env` sets is decided.

    The engine at a Unix socket that `DOCKER_HOST` names is the gateway's own, where that may isolate.
    """
    is_engine = name == "DOCKER_HOST" and value.startswith("unix://") and backend.container.setting != "off"
    return is_engine or name in backend.env or is_inherited(name, value, backend.env_from)
