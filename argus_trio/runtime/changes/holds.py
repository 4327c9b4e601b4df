"""How long what operators decided about backends lasts, and what it makes of the configuration; values alone.

A hold lasts over reloads, until `enable`, until the backend's own entry in the file changes, or the gateway ends.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from argus_trio.config.model.config import Config
from argus_trio.core.control import Action, BackendUnknown, ChangeRefused, Hold


def overridden(config: Config, holds: Mapping[str, Hold]) -> Config:
    """What is to be in effect: the file's configuration, without the backends that an operator has disabled."""
    disabled = {name for name, hold in holds.items() if hold.kind == "disable"}
    if not disabled:
        return config
    backends = {
        name: attrs.evolve(spec, enabled=False) if name in disabled else spec for name, spec in config.backends.items()
    }
    return attrs.evolve(config, backends=backends)


def lasting(holds: Mapping[str, Hold], before: Config, now: Config) -> dict[str, Hold]:
    """The holds that outlive a reload: those of backends whose entries in the file are as they were."""
    return {name: hold for name, hold in holds.items() if now.is_same_entry(name, before)}


def decided(
    holds: Mapping[str, Hold], config: Config, name: str, action: Action, *, by: str, at: float
) -> dict[str, Hold]:
    """The holds after an action of an operator on one backend; the same ones if it was so already.

    Raises:
        BackendUnknown: the file has no such backend.
        ChangeRefused: it cannot be done to a backend that is disabled.
    """
    if name not in config.backends:
        raise BackendUnknown(name)
    held = holds.get(name)
    is_disabled = held is not None and held.kind == "disable"
    if not config.backends[name].enabled and action != "disable":
        what = f"the file disables {name}, and only the file can undo that"
        raise ChangeRefused(f"{what}: take enabled: false out of backends.{name}, and reload")
    if held is not None and is_disabled and action in ("restart", "drain"):
        raise ChangeRefused(f"{name} does not run, for {held.by} has disabled it: enable it, which starts it anew")
    others = {each: hold for each, hold in holds.items() if each != name}
    match action:
        case "enable":
            return others
        case "disable" if config.backends[name].enabled and not is_disabled:
            return {**others, name: Hold(kind="disable", by=by, at=at)}
        case "drain" if held is None:
            return {**others, name: Hold(kind="drain", by=by, at=at)}
        case _:
            return dict(holds)
