"""The gateways of `servers.yaml`: a name, an address, and the file of a token for each. A token never stands in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs
import yaml

from argus_trio import Value
from argus_trio.manage_client.failure import USAGE, CommandFailed
from argus_trio.manage_client.where import GatewayPlace, place_of

MOST_BYTES: Final = 256 * 1024
"""The largest list that is read: a larger file is another one by mistake."""
MOST_GATEWAYS: Final = 200
"""The most gateways of a list."""
NAME_CHARACTERS: Final = 64
"""The longest name of a gateway."""
_FIELDS: Final = ("name", "url", "token_file", "read_only")
_EXAMPLE: Final = "write `servers:` and below it entries `- name: NAME` with `url: URL`"


@attrs.frozen(kw_only=True)
class KnownGateway(Value):
    """A gateway that can be looked at."""

    name: str
    place: GatewayPlace
    token_file: str = ""
    """The path of the file that holds its token; empty where none is sent."""
    is_read_only: bool = False
    uses_environment: bool = False
    """Whether $ARGUS_TOKEN and --token-file are for it: one of the list never gets what was meant for another."""


def usual_list(environ: Mapping[str, str]) -> Path:
    """Where the list is, if there is one."""
    base = environ.get("XDG_CONFIG_HOME", "")
    folder = Path(base) if base.startswith("/") else Path(environ.get("HOME") or "~").expanduser() / ".config"
    return folder / "argus-trio" / "servers.yaml"


def known_gateways(path: Path, *, must_exist: bool) -> tuple[KnownGateway, ...]:
    """The gateways of a list, in its order; none where there is no file and it need not be.

    Raises:
        CommandFailed: it cannot be read, or says something else than gateways; the line is told.
    """
    try:
        with path.open("rb") as opened:
            raw = opened.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        if must_exist:
            raise CommandFailed(f"the list of gateways cannot be read: {path}: {error.strerror}", USAGE) from None
        return ()
    except OSError as error:
        raise CommandFailed(f"the list of gateways cannot be read: {path}: {error.strerror}", USAGE) from None
    if len(raw) > MOST_BYTES:
        raise CommandFailed(f"{path} is larger than {MOST_BYTES // 1024} KiB: it is no list of gateways", USAGE)
    try:
        root = yaml.compose(raw, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CommandFailed(f"{path}:{line}: it cannot be read: {error.problem or 'no YAML'}", USAGE) from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError):
        raise CommandFailed(f"{path}: it cannot be read: no YAML", USAGE) from None
    return () if root is None else _ListReader(path).gateways(root)


@attrs.frozen
class _ListReader(Value):
    """Reads the nodes of one file, so that each problem is told with its line."""

    path: Path

    def gateways(self, root: yaml.Node) -> tuple[KnownGateway, ...]:
        members = self._members(root, ("servers",))
        listed = members.get("servers")
        if not isinstance(listed, yaml.SequenceNode):
            raise self._wrong(listed or root, f"`servers` is no list: {_EXAMPLE}")
        if len(listed.value) > MOST_GATEWAYS:
            raise self._wrong(listed, f"there are more than {MOST_GATEWAYS} gateways")
        found: dict[str, KnownGateway] = {}
        for node in listed.value:
            gateway = self._gateway(node)
            if gateway.name in found:
                raise self._wrong(node, f"there are two gateways of the name {gateway.name}")
            found[gateway.name] = gateway
        return tuple(found.values())

    def _gateway(self, node: yaml.Node) -> KnownGateway:
        members = self._members(node, _FIELDS)
        for needed in ("name", "url"):
            if needed not in members:
                raise self._wrong(node, f"`{needed}` is missing: {_EXAMPLE}")
        name = self._text(members["name"])
        if not name.isprintable() or not name.strip() or len(name) > NAME_CHARACTERS:
            raise self._wrong(members["name"], f"a name is one line of up to {NAME_CHARACTERS} characters")
        try:
            place = place_of(self._text(members["url"]), "`url`")
        except CommandFailed as failure:
            said = str(failure).replace("$ARGUS_TOKEN or --token-file", "the file that `token_file` names")
            raise self._wrong(members["url"], said) from None
        token_file = self._text(members["token_file"]) if "token_file" in members else ""
        return KnownGateway(
            name=name,
            place=place,
            token_file=str(self.path.parent / Path(token_file).expanduser()) if token_file else "",
            is_read_only=self._flag(members["read_only"]) if "read_only" in members else False,
        )

    def _members(self, node: yaml.Node, known: tuple[str, ...]) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            raise self._wrong(node, f"fields are expected here: {', '.join(known)}")
        members: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if name == "token":
                raise self._wrong(key, "a token does not stand here: put it into a file, and name that by `token_file`")
            if name not in known:
                shown = f"`{name[:40]}`" if name.isprintable() and name else "this"
                raise self._wrong(key, f"{shown} is not known here; known are {', '.join(known)}")
            if name in members:
                raise self._wrong(key, f"`{name}` is here twice")
            members[name] = value
        return members

    def _text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode) or node.tag != "tag:yaml.org,2002:str":
            raise self._wrong(node, "a text is expected here (in quotes, where it looks like something else)")
        return str(node.value)

    def _flag(self, node: yaml.Node) -> bool:
        if not isinstance(node, yaml.ScalarNode) or node.tag != "tag:yaml.org,2002:bool":
            raise self._wrong(node, "`true` or `false` is expected here")
        return str(node.value).lower() in ("true", "yes", "on")

    def _wrong(self, node: yaml.Node, what: str) -> CommandFailed:
        return CommandFailed(f"{self.path}:{node.start_mark.line + 1}: {what}", USAGE)
