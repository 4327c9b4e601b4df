"""How a client writes one server: which members mean what, and which have no counterpart here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.client_files.server import DeclaredTransport

TYPES: Final[Mapping[str, DeclaredTransport]] = {
    "stdio": "stdio",
    "local": "stdio",
    "http": "streamable-http",
    "streamablehttp": "streamable-http",
    "sse": "sse",
    "remote": "http",
}
"""What clients call transports, in lower case, without dashes and underscores."""
ELSEWHERE: Final[Mapping[str, str]] = {
    "ws": "speaks WebSocket, which the gateway does not: reach it over HTTP",
    "websocket": "speaks WebSocket, which the gateway does not: reach it over HTTP",
    "sdk": "runs inside the client, where nobody else can reach it",
    "builtin": "is built into the client: nobody else can reach it",
    "claudeaiproxy": "is a connector of the client's account: use the server's own address",
}
"""Types that a gateway cannot reach."""
APPROVALS: Final = "which calls need a confirmation is the client's own business and stays there"
UNIT: Final = "is in a unit of the client's own: say timeouts.call for the backend, in seconds"
SIGN_IN: Final = (
    "the gateway does not sign in at servers by itself: put a token into the server's headers, or keep it in the client"
)
PRESENTATION: Final = "is for the client's own display: left out"
COMMENTS: Final = frozenset({"//", "_comment", "comment", "_note", "$schema"})
"""Members that say nothing to any program."""
LEFT_OUT: Final[Mapping[str, str]] = {
    **dict.fromkeys(("autoApprove", "alwaysAllow", "trust", "trusted", "approval", "permissions"), APPROVALS),
    **dict.fromkeys(("oauth", "auth", "authProviderType", "authorization", "oauth_resource", "scopes"), SIGN_IN),
    **dict.fromkeys(("description", "name", "title", "icon", "iconPath", "iconUrl", "displayName"), PRESENTATION),
    "headersHelper": "the gateway runs no program for headers: put the header's value, or a ${VARIABLE}, into headers",
}
"""Why members that many clients know are left out."""


@attrs.frozen(kw_only=True)
class EntryShape(Value):
    """How a client writes one server; names of members."""

    urls: Mapping[str, DeclaredTransport] = attrs.field(factory=lambda: {"url": "http"})
    """Where an address stands, and what is spoken there if nothing else says it; the first that is there counts."""
    url_wins: bool = False
    """Which counts where both an address and a command stand."""
    types: tuple[str, ...] = ("type",)
    skips_untyped: bool = False
    """The client takes an entry for a command that has no type, whatever else stands there."""
    falls_back: bool = False
    """The client tries HTTP+SSE where Streamable HTTP is not spoken, although the type is http."""
    env: str = "env"
    env_file: str = ""
    passed_variables: str = ""
    """Names of the client's own variables that the server gets as well."""
    cwd: str = "cwd"
    headers: str = "headers"
    header_variables: str = ""
    """Headers by the variable that holds the value of each."""
    bearer_variable: str = ""
    """The variable that holds a bearer token."""
    enabled: str = ""
    disabled: str = ""
    allow: str = ""
    deny: str = ""
    call_seconds: Mapping[str, float] = attrs.field(factory=dict)
    """How long a call may take: members, with dots for what is below one, and how many seconds their unit is."""
    connect_seconds: Mapping[str, float] = attrs.field(factory=dict)
    runs_in_project: bool = True
    """A server of a project is started in the project's folder."""
    left_out: Mapping[str, str] = attrs.field(factory=dict)
    """Why members have no counterpart, beside those of all clients."""
    silent: frozenset[str] = frozenset()
    """Members that change nothing, wherever the server is started."""

    @property
    def known(self) -> frozenset[str]:
        """All members that are read."""
        names = {self.env, self.env_file, self.passed_variables, self.cwd, self.headers, self.header_variables}
        names |= {self.bearer_variable, self.enabled, self.disabled, self.allow, self.deny, "command", "args"}
        return (
            frozenset({*names, *self.urls, *self.types, *self.call_seconds, *self.connect_seconds})
            | COMMENTS
            | self.silent
        )
