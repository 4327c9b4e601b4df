"""Every key of the original's configuration: what it becomes here, or what its user is told of it.

Keys whose user is told something more particular than what stands here are told of by who reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.config.read.key_path import KeyPath


@attrs.frozen(kw_only=True)
class OriginalKey(Value):
    """What comes of a key."""

    becomes: str = ""
    """Where its value is found here; empty where it has no counterpart."""
    advice: str = ""
    """What its user is told where it has none."""


_NONE: Final = "has no counterpart here"
_STAMP: Final = f"provenance {_NONE}"
_DOCKERFILE: Final = "write a Dockerfile that installs them, as container.dockerfile, or a base_image that has them"
_STEPS: Final = "write these steps into a Dockerfile, as container.dockerfile; command and args are what runs in it"
_OAUTH: Final = "OAuth towards backends comes with a later version; until then write a token into headers"
_LOCKOUT: Final = "who sends wrong credentials is slowed down without a setting"
_LOGGED: Final = "the log goes to stderr: who starts the gateway says where it is kept"
_IGNORED: Final = "the original ignored it here"


def _becomes(*keys: str) -> dict[str, OriginalKey]:
    """Keys that are called the same here."""
    return {key: OriginalKey(becomes=key) for key in keys}


def _told(advice: str, *keys: str) -> dict[str, OriginalKey]:
    return {key: OriginalKey(advice=advice) for key in keys}


KEYS: Final[Mapping[str, OriginalKey]] = {
    **_becomes(
        "version",
        "server.host",
        "server.port",
        "server.management.token",
        "backends.*.type",
        "backends.*.command",
        "backends.*.args",
        "backends.*.env",
        "backends.*.url",
        "backends.*.headers",
        "backends.*.filters.tools.allow",
        "backends.*.filters.tools.deny",
        "backends.*.filters.resources.allow",
        "backends.*.filters.resources.deny",
        "backends.*.filters.prompts.allow",
        "backends.*.filters.prompts.deny",
        "backends.*.tool_overrides.*.name",
        "backends.*.tool_overrides.*.description",
        "backends.*.container.enabled",
        "backends.*.container.runtime",
        "backends.*.container.network",
        "backends.*.container.memory",
        "backends.*.container.cpus",
        "backends.*.container.dockerfile",
        "conflict_resolution.strategy",
        "conflict_resolution.separator",
        "conflict_resolution.order",
    ),
    "backends.*.container.volumes": OriginalKey(becomes="backends.*.container.mounts"),
    "backends.*.container.builder_image": OriginalKey(becomes="backends.*.container.base_image"),
    "backends.*.timeouts.init": OriginalKey(becomes="backends.*.timeouts.connect"),
    "backends.*.timeouts.cap_fetch": OriginalKey(becomes="backends.*.timeouts.connect"),
    "backends.*.timeouts.sse_startup": OriginalKey(becomes="backends.*.timeouts.connect"),
    "backends.*.timeouts.startup": OriginalKey(becomes="backends.*.timeouts.prepare"),
    "backends.*.timeouts.retry_delay": OriginalKey(becomes="backends.*.restart.initial"),
    "backends.*.auth.type": OriginalKey(becomes="backends.*.headers"),
    "backends.*.auth.headers": OriginalKey(becomes="backends.*.headers"),
    "incoming_auth.type": OriginalKey(becomes="middleware: authentication"),
    "incoming_auth.auth_mode": OriginalKey(becomes="middleware: authentication.anonymous"),
    "incoming_auth.token": OriginalKey(becomes="middleware: authentication.methods.tokens"),
    "incoming_auth.jwks_uri": OriginalKey(becomes="middleware: authentication.methods.jwks_uri"),
    "incoming_auth.issuer": OriginalKey(becomes="middleware: authentication.methods.issuer"),
    "incoming_auth.audience": OriginalKey(becomes="middleware: authentication.methods.audience"),
    "incoming_auth.algorithms": OriginalKey(becomes="middleware: authentication.methods.algorithms"),
    "authorization.enabled": OriginalKey(becomes="middleware: rbac"),
    "authorization.default_effect": OriginalKey(becomes="middleware: rbac.default"),
    "authorization.policies": OriginalKey(becomes="middleware: rbac.roles"),
    "authorization.policies.*.effect": OriginalKey(becomes="middleware: rbac.roles"),
    "authorization.policies.*.roles": OriginalKey(becomes="middleware: rbac.roles"),
    "authorization.policies.*.resources": OriginalKey(becomes="middleware: rbac.roles"),
    "rate_limits.enabled": OriginalKey(becomes="middleware: rate_limit"),
    "rate_limits.default.requests": OriginalKey(becomes="middleware: rate_limit.limits.calls"),
    "rate_limits.default.window_seconds": OriginalKey(becomes="middleware: rate_limit.limits.per"),
    "audit.enabled": OriginalKey(becomes="middleware: logging"),
    "telemetry.enabled": OriginalKey(becomes="middleware: telemetry"),
    "telemetry.otlp_endpoint": OriginalKey(becomes="middleware: telemetry.otlp_endpoint"),
    "telemetry.service_name": OriginalKey(becomes="middleware: telemetry.service_name"),
    "security.payload_limits.enabled": OriginalKey(becomes="server.max_body_bytes"),
    "security.payload_limits.max_body_bytes": OriginalKey(becomes="server.max_body_bytes"),
    "security.trusted_proxies": OriginalKey(becomes="server.trusted_proxies"),
    "secrets.enabled": OriginalKey(becomes="${NAME}"),
    "secrets.provider": OriginalKey(becomes="${NAME}"),
    "feature_flags.container_isolation": OriginalKey(becomes="isolation"),
    **_told("/mcp and /sse are both served, all the time", "server.transport"),
    **_told(_OAUTH, "server.auth_background_refresh_enabled", "server.auth_background_refresh_interval_seconds"),
    **_told("the management API is always there", "server.management.enabled"),
    **_told(
        "a backend that fails is tried again for ever; backends.NAME.restart says how often",
        "server.management.reconnect_timeout",
        "backends.*.timeouts.retries",
    ),
    **_told("groups of backends have no counterpart here; a view shows some of them", "backends.*.group"),
    **_told(
        _STAMP,
        *(
            f"backends.*.{key}"
            for key in (
                "created_by",
                "updated_by",
                "created_via",
                "updated_via",
                "import_batch_id",
                "metadata_version",
            )
        ),
    ),
    **_told(_OAUTH, "backends.*.auth"),
    **_told(
        "flags of the engine are not passed on; see memory, cpus, pids, mounts and network of container",
        "backends.*.container.extra_args",
    ),
    **_told(
        _DOCKERFILE,
        "backends.*.container.system_deps",
        "backends.*.container.build_system_deps",
        "backends.*.container.additional_packages",
    ),
    **_told("the command says it, such as uvx or npx", "backends.*.container.transport"),
    **_told(
        "write container.dockerfile: <a Dockerfile that builds it>, or image: <one that has it>",
        "backends.*.container.go_package",
    ),
    **_told(
        _STEPS,
        *(
            f"backends.*.container.{key}"
            for key in ("source_url", "source_ref", "build_steps", "build_env", "entrypoint")
        ),
    ),
    **_told(
        f"{_IGNORED}; write container: {{isolation: off}} if the backend is not to be contained",
        "backends.*.container_isolation",
    ),
    **_told(f"{_IGNORED}; write container: {{base_image: IMAGE}}", "backends.*.builder_image"),
    **_told(f"{_IGNORED}; {_DOCKERFILE}", "backends.*.system_deps", "backends.*.additional_packages"),
    **_told(
        f"{_IGNORED}; write tool_overrides: {{TOOL: {{name: NEW}}}} of a backend",
        "backends.*.tool_rename",
        "tool_rename",
    ),
    **_told(
        "backends are probed without a setting; write health: {interval: SECONDS} in one, or under defaults",
        "health_check",
        "backends.*.health_check",
    ),
    **_told("a comment keeps what a policy is for", "authorization.policies.*.description"),
    **_told(
        _LOCKOUT,
        "rate_limits.auth_lockout_threshold",
        "rate_limits.auth_lockout_window_seconds",
        "rate_limits.auth_lockout_duration_seconds",
    ),
    **_told(_LOGGED, "audit.file", "audit.max_size_mb", "audit.backup_count"),
    **_told("a proxy that ends TLS sets such headers", "security.headers"),
    **_told("bodies are read without recursion; their size alone is bounded", "security.payload_limits.max_json_depth"),
    **_told("a short token is told of, and taken", "security.allow_weak_tokens"),
    **_told(
        "Origins are always checked: write server.allowed_origins for web pages that may call the gateway",
        "security.require_origin",
    ),
    **_told("what is shown of the gateway's state never holds a secret", "security.redact_status"),
    **_told(f"{_IGNORED}; see authorization", "security.rbac"),
    **_told(f"{_IGNORED}; see rate_limits", "security.rate_limit"),
    **_told("secrets come from variables (env_file) and files (${file:PATH})", "secrets.path", "secrets.strict"),
    **_told("there are no feature flags", "feature_flags"),
    **_told("plugins have no counterpart here: a middleware of your own is `use: ./file.py:Name`", "plugins"),
    **_told(f"the optimizer {_NONE}: views and filters show clients less", "optimizer"),
    **_told("registries of servers have no counterpart here: name the servers under backends", "registries"),
    **_told("workflows have no counterpart here: their tools are not there", "workflows"),
    **_told("skills have no counterpart here: their tools are not there", "skills"),
    **_told(
        "the settings of a terminal client do not belong to the gateway's file: argus-trio tui has its own", "client"
    ),
    **_told(f"{_NONE}; see session and timeouts.idle of a backend", "session_pool"),
    **_told(_NONE, "http_pool", "sse_resilience", "sync"),
    **_told("backends.NAME.restart says when a backend is tried again", "retry"),
}
"""What comes of each key, by its dotted path; `*` is any backend, any tool, or any entry of a list."""

SECTIONS: Final = frozenset(key.partition(".")[0] for key in KEYS)
"""The keys at the top of the original's file."""
_NAMING: Final = frozenset({"backends", "tool_overrides", "policies"})
"""The keys below which stand names, or entries of a list."""


def key_of(key_path: KeyPath) -> OriginalKey | None:
    """What comes of the key that stands there; None if the original has none of that name."""
    return KEYS.get(pattern_of(key_path))


def pattern_of(key_path: KeyPath) -> str:
    """The dotted path by which the table has a key."""
    parts = ["" if not index else str(key_path[index - 1]) for index in range(len(key_path))]
    return ".".join("*" if parts[at] in _NAMING else str(part) for at, part in enumerate(key_path))
