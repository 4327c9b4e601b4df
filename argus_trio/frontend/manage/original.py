"""Paths of the original Argus that are not served here, each with what stands for it."""

from __future__ import annotations

from typing import Final

from argus_trio.contract.operation import BASE

_OF_THE_FIRST: Final = {
    "groups": f"there are no groups here: GET {BASE}/backends lists all backends",
    "reconnect": f"a backend is connected anew by POST {BASE}/backends/NAME/restart",
    "reauth": "OAuth towards backends comes with a later version; a fixed token goes into headers of the backend",
    "registry": "there is no registry here: servers are written into the configuration file",
    "skills": "there are no skills here",
    "openapi": f"it is {BASE}/openapi.json",
}
"""By the first segment below the base."""


def stands_for(path: str) -> str | None:
    """What to ask instead of a path that is not served."""
    if not path.startswith(f"{BASE}/"):
        return None
    return _OF_THE_FIRST.get(path.removeprefix(f"{BASE}/").partition("/")[0])
