"""Published programs that work with this machine itself, with its browser or its engine: those that many use.

In a container they would start, list their tools, and fail at each call. An image that has what they need is another
matter: who names one is not asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.sandbox.plan.commands.asked import PackageRun
from argus_trio.sandbox.plan.drafting.names import package_name
from argus_trio.sandbox.plan.outcome import ShimKind


@attrs.frozen(kw_only=True)
class Bond(Value):
    """What a program does with this machine, and what to write so that it need not."""

    what: str
    way_out: str
    freed_by: tuple[str, ...] = ()
    """Options with which it does without."""


_BROWSER: Final = "drives a browser of this machine, which no base image has"
_IMAGE: Final = "name an image that has one in container.image or base_image, such as mcr.microsoft.com/playwright/mcp"
_CLUSTER: Final = "uses kubectl and the keys of this machine"
BONDS: Final[Mapping[tuple[ShimKind, str], Bond]] = MappingProxyType(
    {
        ("node", "@playwright/mcp"): Bond(what=_BROWSER, way_out=_IMAGE, freed_by=("--cdp-endpoint",)),
        ("node", "@executeautomation/playwright-mcp-server"): Bond(what=_BROWSER, way_out=_IMAGE),
        ("node", "@modelcontextprotocol/server-puppeteer"): Bond(what=_BROWSER, way_out=_IMAGE),
        ("node", "chrome-devtools-mcp"): Bond(
            what=_BROWSER,
            way_out=_IMAGE,
            freed_by=("--browserUrl", "--browser-url", "-u", "--wsEndpoint", "--ws-endpoint"),
        ),
        ("node", "@browsermcp/mcp"): Bond(
            what="waits at a port of this machine for an extension of its browser",
            way_out="no container can be reached so",
        ),
        ("node", "mcp-remote"): Bond(
            what="logs in with a browser of this machine, which comes back to a port of it",
            way_out="with --header it need not, nor with type: streamable-http and url in its place",
            freed_by=("--header",),
        ),
        ("node", "mcp-server-kubernetes"): Bond(
            what=_CLUSTER, way_out="name an image that has kubectl in container.image, and mount a kubeconfig"
        ),
        ("python", "mcp-server-docker"): Bond(
            what="commands the container engine of this machine", way_out="no container may, for that is all power"
        ),
    }
)


def bond_of(run: PackageRun) -> str | None:
    """Why this program belongs to this machine, with the way out; None for one that does not."""
    name = package_name(run.kind, run.packages[0])
    bond = BONDS.get((run.kind, name))
    if bond is None or any(word.partition("=")[0] in bond.freed_by for word in run.args):
        return None
    return f"{name} {bond.what}: {bond.way_out}"
