"""The gateway's address: what is said, else what the configuration says, else the usual one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote, urlsplit

import attrs

from argus_trio import Value
from argus_trio.config.load import MAX_BYTES
from argus_trio.config.model.server import Server
from argus_trio.config.read.document import NotYaml, read_document
from argus_trio.config.read.find import find_config
from argus_trio.config.read.findings import Findings
from argus_trio.config.read.scalar import Scalar, Tree
from argus_trio.config.read.splice import ENV_FILE, Splicer
from argus_trio.config.structure.structure import structure
from argus_trio.contract.address import DEFAULT_BASE, UNIX, GatewayAddress, gateway_address
from argus_trio.errors import ConfigInvalid

_UNSURE = "{} may not be the gateway's address"


class NoAddress(Exception):
    """What was said is no address of a gateway."""


@attrs.frozen(kw_only=True)
class FoundAddress(Value):
    """Where clients reach the gateway."""

    base: str
    view: str = ""
    source: str
    """Who says so, for people."""
    doubts: tuple[str, ...] = ()
    """Why it may be another one, or the client not be let in; what to do."""
    is_guarded: bool = False
    """Clients have to say who they are."""


def find_address(
    url: str | None, config: Path | None, *, view: str, environ: Mapping[str, str], cwd: Path
) -> FoundAddress:
    """Where the gateway is.

    Raises:
        NoAddress: what is said is none, or the configuration that is named is not there.
    """
    if url:
        return _said(url, "--url", view)
    named = environ.get("ARGUS_URL", "")
    if named and not named.startswith(UNIX) and config is None:
        return _said(named, "$ARGUS_URL", view)
    try:
        path = find_config(config, environ=environ, cwd=cwd)
    except ConfigInvalid as invalid:
        if config is not None or environ.get("ARGUS_CONFIG"):
            raise NoAddress(f"{invalid.source}: {invalid.problems[0].message}") from None
        return FoundAddress(base=DEFAULT_BASE, view=view, source="the usual address: no configuration is found")
    return _of_file(path, view, environ)


def _said(url: str, source: str, view: str) -> FoundAddress:
    form = f"{source} is no address of a gateway: write http://HOST:PORT or https://HOST"
    try:
        found: GatewayAddress = gateway_address(url)
        parts = urlsplit(found.base)
        parts.port  # noqa: B018 - raises where it is none
    except ValueError:
        raise NoAddress(form) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable() or " " in url:
        raise NoAddress(form)
    if parts.username is not None or parts.password is not None:
        raise NoAddress(f"{source} holds a user or a password, which would stand in the client's file: leave it out")
    if parts.query or parts.fragment:
        raise NoAddress(f"{source} has a ? or a #, which no address of a gateway has")
    named = unquote(found.view)
    if view and named and view != named:
        raise NoAddress(f"{source} names the view {named}, --view another one: {view}")
    return FoundAddress(base=found.base, view=view or named, source=source)


def _of_file(path: Path, view: str, environ: Mapping[str, str]) -> FoundAddress:
    root = _root(path)
    server = None if root is None else _server(root, path.parent, environ)
    usual = FoundAddress(base=DEFAULT_BASE, view=view, source="the usual address")
    if root is None or server is None:
        told = f"{path} cannot be read so far, `argus-trio check -c {path}` says why; or say --url"
        return attrs.evolve(usual, doubts=(f"{_UNSURE.format(usual.base)}: {told}",))
    if server.port == 0 and not server.public_url:
        told = f"server.port in {path} is 0, another one at each start; say --url, or write a port there"
        return attrs.evolve(usual, doubts=(f"{_UNSURE.format(usual.base)}: {told}",))
    if server.public_url:
        found = _said(server.public_url, f"server.public_url in {path}", view)
    else:
        scheme = "http" if server.tls is None else "https"
        base = f"{scheme}://{_reached(server.host)}:{server.port}"
        found = FoundAddress(base=base, view=view, source=f"server: in {path}")
    return attrs.evolve(found, doubts=tuple(_doubts(root, path, view)), is_guarded=_is_guarded(root))


def _doubts(root: Mapping[str, Tree], path: Path, view: str) -> Iterator[str]:
    views = root.get("views")
    if view and not (isinstance(views, dict) and view in views):
        names = ", ".join(views) if isinstance(views, dict) and views else "none"
        yield f"{path} has no view {view}; its views: {names}"


def _is_guarded(root: Mapping[str, Tree]) -> bool:
    middleware = root.get("middleware")
    stages = middleware if isinstance(middleware, list) else []
    types = [each.get("type") for each in stages if isinstance(each, dict)]
    return any(isinstance(each, Scalar) and each.text == "authentication" for each in types)


def _reached(host: str) -> str:
    """How a client of this machine calls a host that is listened on."""
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return str(address) if address.version == 4 else f"[{address}]"


def _root(path: Path) -> Mapping[str, Tree] | None:
    """What a file says; None if it cannot be read."""
    try:
        with path.open("rb") as opened:
            text = opened.read(MAX_BYTES).decode("utf-8-sig")
        root = read_document(text).root
    except (OSError, UnicodeDecodeError, NotYaml):
        return None
    return root if isinstance(root, dict) else None


def _server(root: Mapping[str, Tree], folder: Path, environ: Mapping[str, str]) -> Server | None:
    """What a file says of the gateway's own side, whatever else is wrong with it; None if that is not to be known."""
    findings = Findings(lines={})
    splicer = Splicer(environ=environ, folder=folder.absolute(), findings=findings)
    splicer.learn_variables(root.get(ENV_FILE))
    tree = {"server": splicer.spliced(root["server"], ("server",))} if "server" in root else {}
    server = structure(tree, findings).server
    return None if any(each.path.startswith("server") for each in findings.in_file_order()) else server
