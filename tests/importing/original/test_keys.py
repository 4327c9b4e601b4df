"""Every key of the original is carried, or told with what to do."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from argus_trio.importing.original.file.keys import KEYS, key_of, pattern_of
from tests.importing.original.support import imported, loaded, told, written

BASE: Mapping[str, object] = {
    "backends": {
        "a": {"type": "stdio", "command": "uvx", "args": ["server-a"]},
        "r": {"type": "streamable-http", "url": "https://r.example/mcp"},
    }
}

SAMPLES: Mapping[str, object] = {
    "version": "1",
    "server.host": "localhost",
    "server.port": 9100,
    "server.transport": "http",
    "server.management.enabled": True,
    "server.management.token": "a-token-of-the-operator",
    "server.management.reconnect_timeout": 30,
    "server.auth_background_refresh_enabled": False,
    "server.auth_background_refresh_interval_seconds": 30,
    "backends.b.type": "stdio",
    "backends.a.command": "npx",
    "backends.a.args": ["other"],
    "backends.a.env": {"LEVEL": "debug"},
    "backends.r.url": "https://other.example/mcp",
    "backends.r.headers": {"X-Team": "blue"},
    "backends.r.auth.type": "static",
    "backends.r.auth.headers": {"X-Team": "red"},
    "backends.r.auth": {
        "type": "oauth2",
        "token_url": "https://t.example",
        "client_id": "c",
        "client_secret": "s3cr3ts",
    },
    "backends.a.group": "utils",
    "backends.a.filters.tools.allow": ["read_*"],
    "backends.a.filters.tools.deny": ["write_*"],
    "backends.a.filters.resources.allow": ["file:*"],
    "backends.a.filters.resources.deny": ["file:///etc/*"],
    "backends.a.filters.prompts.allow": ["p*"],
    "backends.a.filters.prompts.deny": ["q*"],
    "backends.a.tool_overrides.t.name": "other",
    "backends.a.tool_overrides.t.description": "what it does",
    "backends.a.timeouts.init": 20,
    "backends.a.timeouts.cap_fetch": 21,
    "backends.a.timeouts.sse_startup": 22,
    "backends.a.timeouts.startup": 120,
    "backends.a.timeouts.retries": 2,
    "backends.a.timeouts.retry_delay": 4,
    **{
        f"backends.a.{key}": "x"
        for key in ("created_by", "updated_by", "created_via", "updated_via", "import_batch_id", "metadata_version")
    },
    "backends.a.container.enabled": False,
    "backends.a.container.runtime": "podman",
    "backends.a.container.network": "none",
    "backends.a.container.memory": "256m",
    "backends.a.container.cpus": "0.5",
    "backends.a.container.volumes": ["/srv:/data"],
    "backends.a.container.dockerfile": "Dockerfile",
    "backends.a.container.builder_image": "python:3.12-slim",
    "backends.a.container.extra_args": ["--x"],
    "backends.a.container.system_deps": ["git"],
    "backends.a.container.build_system_deps": ["gcc"],
    "backends.a.container.additional_packages": ["git"],
    "backends.a.container.transport": "uvx",
    "backends.a.container.go_package": "example.com/x",
    "backends.a.container.source_url": "https://git.example/x",
    "backends.a.container.source_ref": "main",
    "backends.a.container.build_steps": ["make"],
    "backends.a.container.build_env": {"A": "b"},
    "backends.a.container.entrypoint": ["x"],
    "backends.a.container_isolation": False,
    "backends.a.builder_image": "x",
    "backends.a.system_deps": ["git"],
    "backends.a.additional_packages": ["git"],
    "backends.a.tool_rename": {"a": "b"},
    "backends.a.health_check": {"interval": 3},
    "tool_rename": {"a": "b"},
    "health_check": {"interval": 3},
    "conflict_resolution.strategy": "prefix",
    "conflict_resolution.separator": "-",
    "conflict_resolution.order": ["r"],
    "incoming_auth.type": "local",
    "incoming_auth.auth_mode": "permissive",
    "incoming_auth.token": "a-token-of-clients-1",
    "incoming_auth.jwks_uri": "https://idp.example/keys",
    "incoming_auth.issuer": "https://idp.example",
    "incoming_auth.audience": "argus",
    "incoming_auth.algorithms": ["RS256"],
    "authorization.enabled": True,
    "authorization.default_effect": "allow",
    "authorization.policies": [{"effect": "allow", "roles": ["r"], "resources": ["*"]}],
    "authorization.policies.0.effect": "deny",
    "authorization.policies.0.roles": ["r"],
    "authorization.policies.0.resources": ["*"],
    "authorization.policies.0.description": "why",
    "rate_limits.enabled": False,
    "rate_limits.default.requests": 7,
    "rate_limits.default.window_seconds": 8,
    "rate_limits.auth_lockout_threshold": 3,
    "rate_limits.auth_lockout_window_seconds": 3,
    "rate_limits.auth_lockout_duration_seconds": 3,
    "telemetry.enabled": True,
    "telemetry.otlp_endpoint": "http://collector:4317",
    "telemetry.service_name": "mine",
    "audit.enabled": True,
    "audit.file": "logs/audit.jsonl",
    "audit.max_size_mb": 3,
    "audit.backup_count": 3,
    "security.headers": {"enabled": False},
    "security.payload_limits.enabled": False,
    "security.payload_limits.max_body_bytes": 2097152,
    "security.payload_limits.max_json_depth": 5,
    "security.allow_weak_tokens": True,
    "security.require_origin": "strict",
    "security.trusted_proxies": ["10.0.0.0/8"],
    "security.redact_status": True,
    "security.rbac": {"enabled": True},
    "security.rate_limit": {"enabled": True},
    "secrets.enabled": True,
    "secrets.provider": "file",
    "secrets.path": "secrets.enc",
    "secrets.strict": True,
    "feature_flags.container_isolation": False,
    "feature_flags": {"optimizer": True},
    "plugins": {"enabled": True, "entries": []},
    "optimizer": {"enabled": True},
    "registries": [{"name": "glama"}],
    "workflows": {"directory": "workflows"},
    "skills": {"directory": "skills"},
    "client": {"theme": "dark"},
    "session_pool": {"size": 3},
    "http_pool": {"size": 3},
    "retry": {"max": 3},
    "sse_resilience": {"x": 1},
    "sync": {"x": 1},
}
"""A value for each key, where it says something else than its default."""
TOGETHER: Mapping[str, Mapping[str, object]] = {
    "incoming_auth.auth_mode": {"incoming_auth.type": "local", "incoming_auth.token": "a-token-of-clients-1"},
    "incoming_auth.token": {"incoming_auth.type": "local"},
    **{
        f"incoming_auth.{key}": {"incoming_auth.type": "jwt"}
        for key in ("jwks_uri", "issuer", "audience", "algorithms")
    },
    "authorization.default_effect": {"authorization.enabled": True},
    "authorization.policies": {"authorization.enabled": True},
    "telemetry.otlp_endpoint": {"telemetry.enabled": True},
    "telemetry.service_name": {"telemetry.enabled": True},
    "secrets.provider": {"secrets.enabled": True, "backends.a.env": {"K": "secret:x"}},
    "secrets.enabled": {"backends.a.env": {"K": "secret:x"}},
    "backends.r.auth.headers": {"backends.r.auth.type": "static"},
    "backends.b.type": {"backends.b.command": "uvx"},
    "rate_limits.enabled": {"rate_limits.default.requests": 7},
}
"""What else a key needs to say something."""
SILENT = frozenset({"version", "incoming_auth.algorithms", "backends.r.auth.type"})
"""Keys whose samples are what holds without them."""


def with_key(tree: Mapping[str, object], path: str, value: object) -> dict[str, object]:
    """The tree with a value at a dotted path; a number is the only entry of a list."""
    head, _, rest = path.partition(".")
    below = tree.get(head)
    if not rest:
        return {**tree, head: value}
    if rest.startswith("0."):
        entry = {"effect": "allow", "roles": ["a"], "resources": ["*"]}
        return {**tree, head: [with_key(entry, rest[2:], value)], "enabled": True}
    return {**tree, head: with_key(below if isinstance(below, dict) else {}, rest, value)}


def document(path: str) -> dict[str, object]:
    tree: dict[str, object] = dict(BASE)
    for other, value in TOGETHER.get(path, {}).items():
        tree = with_key(tree, other, value)
    return tree


def test_each_key_of_the_table_has_a_sample() -> None:
    patterns = {pattern_of(tuple(int(each) if each == "0" else each for each in path.split("."))) for path in SAMPLES}
    assert patterns == set(KEYS)


@pytest.mark.parametrize("path", SAMPLES)
def test_a_key_is_carried_or_told(path: str) -> None:
    without = imported(written(document(path)))
    text = written(with_key(document(path), path, SAMPLES[path]))
    found = imported(text)
    loaded(found)
    key = key_of(tuple(int(each) if each == "0" else each for each in path.split(".")))
    assert key is not None
    said = f"{path.rpartition('.')[2]}"
    if key.advice:
        assert said in told(found), path
    else:
        changes = (found.tree, found.needed, found.notes) != (without.tree, without.needed, without.notes)
        assert path in SILENT or changes, path


def test_a_key_that_the_original_never_had_is_told() -> None:
    assert "backends.a.colour the original has no such key" in told(
        imported(written(with_key(BASE, "backends.a.colour", "red")))
    )


def test_what_is_told_of_many_backends_is_told_once() -> None:
    tree = with_key(with_key(BASE, "backends.a.group", "x"), "backends.r.group", "y")
    found = [each for each in imported(written(tree)).notes if "groups of backends" in each.what]
    assert [each.what.partition(" (and ")[2] for each in found] == ["backends.r.group)"]
