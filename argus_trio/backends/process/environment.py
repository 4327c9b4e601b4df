"""The environment of a stdio backend: what it inherits of the gateway's own, and what the configuration adds.

What it inherits is listed in `config/inherited.py`, where `check` finds it too.
"""

from __future__ import annotations

from collections.abc import Mapping

from argus_trio.config.inherited import is_inherited
from argus_trio.config.model.backend import StdioBackend


def backend_environment(spec: StdioBackend, environ: Mapping[str, str]) -> dict[str, str]:
    """The whole environment for `spec`'s process, out of the gateway's own `environ`.

    The allow-list and the variables that `env_from` names (unset ones stay so), then `env`; the last wins.
    """
    inherited = {name: value for name, value in environ.items() if is_inherited(name, value, spec.env_from)}
    return {**inherited, **spec.env}
