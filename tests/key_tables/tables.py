"""A page with its tables of keys made anew: each stands between two comments that name what has the keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from argus_trio.config.structure.schema import schema
from tests.key_tables.words import Part, code, default_of, type_of

HEAD: Final = ("Key", "Type", "Default", "Meaning")
ROOT: Final = "Config"
KINDS_OF_BACKENDS: Final = ("StdioBackend", "SseBackend", "HttpBackend")
TABLE: Final = re.compile(
    r"^<!-- keys of (?P<what>[\w.\[\] ]+): generated -->\n(?P<lines>.*?)^<!-- end of keys -->$",
    re.MULTILINE | re.DOTALL,
)

CLASSES: Final[Mapping[str, str]] = {
    "the file": ROOT,
    "server": "Server",
    "server.tls": "ServerTls",
    "server.limits": "ServerLimits",
    "server.management": "ServerManagement",
    "defaults": "Defaults",
    "stdio backends": "StdioBackend",
    "backends elsewhere": "HttpBackend",
    "tls": "ClientTls",
    "timeouts": "Timeouts",
    "restart": "Restart",
    "health": "Probing",
    "limits": "Bounds",
    "filters": "Filters",
    "globs": "Globs",
    "tool_overrides": "Override",
    "container": "Container",
    "container.mounts": "MountSpec",
    "container.network": "NetworkSpec",
    "conflict_resolution": "ConflictResolution",
    "views": "View",
    "authentication": "AuthenticationSpec",
    "anonymous": "AnonymousClients",
    "bearer": "BearerMethod",
    "tokens": "BearerToken",
    "api_key": "ApiKeyMethod",
    "keys": "ApiKey",
    "header": "HeaderMethod",
    "jwt": "JwtMethod",
    "rbac": "RbacSpec",
    "roles": "Role",
    "when": "ArgumentCondition",
    "rate_limit": "RateLimitSpec",
    "rate_limit.limits": "RateLimit",
    "logging": "LoggingSpec",
    "telemetry": "TelemetrySpec",
    "your own": "CustomSpec",
}
"""What a table is called, and the class of the model whose keys it has; `backends` has those of all kinds."""


PLAIN: Final = {"equals": "any scalar", "one_of": "list of any scalars"}
"""Types that the schema does not tell from a text, which may be written without quotes as well."""


def classes() -> dict[str, Part]:
    """Every mapping of the file, by the name of its class."""
    root = schema()
    definitions = root["$defs"]
    assert isinstance(definitions, dict)
    return {ROOT: root, **{name: part for name, part in definitions.items() if name != "spliced"}}


def rows(what: str) -> list[tuple[str, ...]]:
    """The cells of each key, in the model's order. What all backends have stands in the table of `backends` alone."""
    found = classes()
    common = set.intersection(*(set(_keys(found[kind])) for kind in KINDS_OF_BACKENDS))
    if what == "backends":
        transports = ", ".join(type_of(_keys(found[kind])["type"]) for kind in KINDS_OF_BACKENDS)
        made = [row for row in _rows(found["HttpBackend"]) if row[0].strip("`") in common - {"type"}]
        return [("`type`", transports, "required", "the transport"), *made]
    name = CLASSES[what]
    made = _rows(found[name])
    return [row for row in made if row[0].strip("`") not in common] if name in KINDS_OF_BACKENDS else made


def updated(page: str) -> str:
    """The page with each of its tables as the schema has it."""
    return TABLE.sub(lambda found: _written(found["what"]), page)


def told(page: str) -> list[str]:
    """What the tables of a page are called."""
    return [found["what"] for found in TABLE.finditer(page)]


def _written(what: str) -> str:
    lines = [HEAD, ("---",) * len(HEAD), *rows(what)]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines).replace(" --- ", "---")
    return f"<!-- keys of {what}: generated -->\n{table}\n<!-- end of keys -->"


def _rows(part: Part) -> list[tuple[str, ...]]:
    required = part.get("required", [])
    assert isinstance(required, list)
    keys = sorted(_keys(part).items(), key=lambda item: item[0] != "type")
    return [_row(key, each, is_required=key in required) for key, each in keys]


def _row(key: str, part: Part, *, is_required: bool) -> tuple[str, ...]:
    """A default that the machine or the rest decides is told in words, at the end of the description."""
    meaning, _, decided = str(part["description"]).partition("; default: ")
    return (
        code(key),
        PLAIN.get(key) or type_of(part),
        decided or default_of(part, is_required=is_required),
        meaning.replace("|", "\\|").replace("*", "\\*"),
    )


def _keys(part: Part) -> dict[str, Part]:
    found = part["properties"]
    assert isinstance(found, dict)
    return found
