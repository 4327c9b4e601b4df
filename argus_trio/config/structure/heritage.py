"""What users of the original Argus and of other programs write into configurations, and what to write here instead.

There are tables of keys, of values and of shapes. Nothing in them is accepted: they only make the report helpful.
"""

from __future__ import annotations

from argus_trio.config.read.key_path import KeyPath

_LATER = "comes with a later version; leave it out until then"
_NONE = "has no counterpart here; leave it out"
_CONTAINER = "write it under container"
_DEBIAN = "write dockerfile: <a Dockerfile that installs them>, or base_image: <an image that has them>"
_BUILD = "write dockerfile: <a Dockerfile with these steps>; command and args are what runs in it"
_ENGINE_FLAG = (
    "flags of an engine are not passed on: leave it out; see memory, cpus, pids, mounts, network, host_services"
)
_MOUNTS = (
    "write mounts: [{source: PATH, target: PATH, mode: rw}]; paths in args, cwd and env are mounted read-only anyway"
)
_ISOLATION = "write isolation: auto, required or off at the top level, or container: {isolation: off} in a backend"
_STAMP = "provenance " + _NONE
_CONNECT = "write timeouts.connect: it covers starting, greeting and listing"
_RETRIES = "has no counterpart: a backend that fails is tried again for ever; backends.<name>.restart says how often"
_RETRY_DELAY = "write restart: {initial: <seconds>}; the wait doubles from there to restart.max"
_PROBES = "write health: {interval: <seconds>, timeout: <seconds>} in a backend, or under defaults for all of them"
_DEFAULTS = "write it in a backend, or under defaults for all of them"
_CHECKED = "certificates are always checked; ca_file: <a PEM file> names another authority to trust"
_LOG = (
    "the command line says it: argus-trio serve --log-level LEVEL --log-format console|json; an event for each request "
    "comes of middleware: [{type: logging}]"
)
_RATE_LIMITS = (
    "write middleware: [{type: rate_limit, limits: [{scope: principal, calls: 100, per: 60}]}]: calls for requests, "
    "per for window_seconds; wrong credentials are slowed down without a setting (auth_lockout)"
)
_A_LIMIT = "write limits: [{scope: principal, calls: <how many>, per: <seconds>}]"
_POLICIES = (
    'write middleware: [{type: rbac, default: deny, roles: {<role>: {allow: ["tool:<glob>"], deny: []}}}]; '
    "of each policy, resources go into allow or deny, by its effect, of each of its roles"
)
_OPERATOR = (
    'write management: {token: "${ARGUS_MGMT_TOKEN}"} under server; no variable is read that the file does not name'
)
_LISTEN = "write listen: HOST:PORT"
_BACKENDS = (
    "write backends: with one entry per server, each with its type; argus-trio import FILE does it for a client's file"
)

KEYS: dict[str, str] = {
    "envFile": "write env_file: PATH",
    "env_files": "write env_file: PATH: one file",
    "dotenv": "write env_file: PATH",
    "backends.*.envFile": 'write env: {NAME: "${NAME}"}, and env_file: PATH at the top level for the values',
    "backends.*.env_file": 'write env: {NAME: "${NAME}"}, and env_file: PATH at the top level for the values',
    "server.transport": "has no counterpart: /mcp and /sse are both served, all the time",
    "server.auth_background_refresh_enabled": "OAuth towards backends " + _LATER,
    "server.auth_background_refresh_interval_seconds": "OAuth towards backends " + _LATER,
    "server.management.enabled": "the management API is always there; write listen: HOST:PORT to have it elsewhere",
    "server.management.reconnect_timeout": "backends are tried again for ever; leave it out",
    "server.management_token": _OPERATOR,
    "server.token": _OPERATOR,
    "management": "write it under server: server.management",
    "server.management.token_env": _OPERATOR,
    "server.management.host": _LISTEN,
    "server.management.port": _LISTEN,
    "server.management.address": _LISTEN,
    "server.management.path": "write socket: PATH for a Unix socket; the paths below /manage/v1 are fixed",
    "backends.*.name": "the name of a backend is its key under backends",
    "backends.*.group": "groups of backends have no counterpart here; leave it out",
    "backends.*.auth": "OAuth towards backends comes with a later version; a fixed token goes into headers",
    "backends.*.oauth": "OAuth towards backends comes with a later version; a fixed token goes into headers",
    "backends.*.proxy": "proxies are those of the environment: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY",
    "backends.*.tls.verify": _CHECKED,
    "backends.*.tls.insecure": _CHECKED,
    "backends.*.container_isolation": "write container: {isolation: off}",
    "backends.*.isolation": "write container: {isolation: auto}, required or off",
    "backends.*.builder_image": "write container: {base_image: IMAGE}",
    "backends.*.system_deps": "under container " + _DEBIAN,
    "backends.*.build_system_deps": "under container " + _DEBIAN,
    "backends.*.additional_packages": "under container " + _DEBIAN,
    "backends.*.volumes": "under container " + _MOUNTS,
    **{
        f"backends.*.{key}": _CONTAINER
        for key in ("image", "dockerfile", "packages", "memory", "cpus", "mounts", "network", "host_services", "strict")
    },
    "backends.*.container.volumes": _MOUNTS,
    "backends.*.container.extra_args": _ENGINE_FLAG,
    "backends.*.container.system_deps": _DEBIAN,
    "backends.*.container.build_system_deps": _DEBIAN,
    "backends.*.container.additional_packages": _DEBIAN,
    "backends.*.container.builder_image": "write base_image: IMAGE",
    "backends.*.container.transport": "the command says it, such as uvx or npx; leave it out",
    "backends.*.container.go_package": "write dockerfile: <a Dockerfile that builds it>, or image: <one that has it>",
    "backends.*.container.source_url": _BUILD,
    "backends.*.container.source_ref": _BUILD,
    "backends.*.container.build_steps": _BUILD,
    "backends.*.container.build_env": _BUILD,
    "backends.*.container.build": _BUILD,
    "backends.*.container.entrypoint": "command and args of the backend are what runs in it: write them there",
    "backends.*.container.command": "command and args of the backend are what runs in it: write them there",
    "backends.*.container.args": "command and args of the backend are what runs in it: write them there",
    "backends.*.container.env": "env of the backend is what it gets: write it there",
    "backends.*.container.user": "it is no root in there, and owns its home; leave it out",
    **{
        f"backends.*.container.{key}": _ENGINE_FLAG
        for key in ("privileged", "cap_add", "cap_drop", "devices", "security_opt", "ports", "read_only", "tmpfs")
    },
    "backends.*.container.mounts.*.dst": "write target: PATH",
    "backends.*.container.mounts.*.destination": "write target: PATH",
    "backends.*.container.mounts.*.type": "files and folders of this machine are all that is mounted; leave it out",
    "backends.*.container.mounts.*.readonly": "write mode: ro, which is the default, or mode: rw",
    "backends.*.container.mounts.*.read_only": "write mode: ro, which is the default, or mode: rw",
    "backends.*.container.pids_limit": "write pids: NUMBER",
    "backends.*.container.allow": "write network: {allow: [HOST:PORT]}",
    "backends.*.container.allowed_hosts": "write network: {allow: [HOST:PORT]}",
    "backends.*.tool_rename": "write tool_overrides: {<tool>: {name: <new name>}}",
    "backends.*.transport": "write type: stdio, sse or streamable-http",
    "backends.*.disabled": "write enabled: false",
    "backends.*.timeout": "write timeouts: {call: <seconds>}",
    "backends.*.created_by": _STAMP,
    "backends.*.updated_by": _STAMP,
    "backends.*.created_via": _STAMP,
    "backends.*.updated_via": _STAMP,
    "backends.*.import_batch_id": _STAMP,
    "backends.*.metadata_version": _STAMP,
    "backends.*.timeouts.init": _CONNECT,
    "backends.*.timeouts.cap_fetch": _CONNECT,
    "backends.*.timeouts.startup": _CONNECT,
    "backends.*.timeouts.sse_startup": _CONNECT,
    "backends.*.timeouts.retries": _RETRIES,
    "backends.*.timeouts.retry_delay": _RETRY_DELAY,
    "backends.*.retries": _RETRIES,
    "backends.*.retry_delay": _RETRY_DELAY,
    "backends.*.health_check": _PROBES,
    "container": _DEFAULTS,
    "container_isolation": _ISOLATION,
    "server.isolation": _ISOLATION,
    "defaults.isolation": _ISOLATION,
    "strict": "write defaults: {container: {strict: true}}",
    "health_check": _PROBES,
    "health": _PROBES,
    "timeouts": _DEFAULTS,
    "restart": _DEFAULTS,
    "limits": _DEFAULTS,
    "session": _DEFAULTS,
    "env_from": _DEFAULTS,
    "log": _LOG,
    "logging": _LOG,
    "log_level": _LOG,
    "server.log_level": _LOG,
    "mcpServers": _BACKENDS,
    "mcp_servers": _BACKENDS,
    "servers": _BACKENDS,
    "context_servers": _BACKENDS,
    "projects": _BACKENDS,
    "inputs": "write ${VAR} where the value is needed; argus-trio import FILE does it for a client's file",
    "authorization": _POLICIES,
    "incoming_auth": "write middleware: [{type: authentication, methods: [...]}], each bearer, api_key, header or jwt",
    "rate_limits": _RATE_LIMITS,
    "rate_limit": _RATE_LIMITS,
    "server.rate_limits": _RATE_LIMITS,
    "middleware.*.default": _A_LIMIT,
    "middleware.*.requests": _A_LIMIT,
    "middleware.*.limits.*.requests": "write calls: <how many>",
    "middleware.*.limits.*.window": "write per: <seconds>",
    "middleware.*.limits.*.window_seconds": "write per: <seconds>",
    "security": "server.allowed_origins, allowed_hosts and max_body_bytes are what there is of it",
    "audit": "the audit log " + _LATER + "; middleware: [{type: logging}] logs each request meanwhile",
    "telemetry": "write middleware: [{type: telemetry, otlp_endpoint: http://HOST:4318}]: OTLP over HTTP, not gRPC",
    "secrets": "write ${VAR} or ${file:PATH} where the secret is needed",
    "plugins": _NONE,
    "optimizer": _NONE,
    "registries": _NONE,
    "workflows": _NONE,
    "skills": _NONE,
    "client": "the settings of a terminal client do not belong to the gateway's file; leave them out",
    "feature_flags": "there are no feature flags: leave them out; for container_isolation: false write isolation: off",
    "session_pool": _NONE + "; see session and timeouts.idle of a backend",
    "http_pool": _NONE,
    "retry": _RETRIES,
    "sse_resilience": _NONE,
    "sync": _NONE,
    "tool_rename": "write backends.<name>.tool_overrides: {<tool>: {name: <new name>}}",
}
"""What to say of a key that is none here, by its dotted path; `*` is any backend, or any entry of a list."""

_OPERATION = frozenset({"container", "timeout", "timeouts", "retries", "retry_delay", "health_check"})
"""The keys of a backend in the tables whose answer holds under `defaults` as well."""

TYPES: dict[str, str] = {
    "auth": "authentication",
    "incoming_auth": "authentication",
    "oidc": "authentication",
    "jwt": "authentication",
    "authorization": "rbac",
    "authz": "rbac",
    "policy": "rbac",
    "audit": "logging",
    "otel": "telemetry",
    "opentelemetry": "telemetry",
    "tracing": "telemetry",
    "metrics": "telemetry",
    "throttle": "rate_limit",
    "http": "streamable-http",
    "https": "streamable-http",
    "remote": "streamable-http",
    "url": "streamable-http",
    "streamable": "streamable-http",
    "streamable_http": "streamable-http",
    "streamablehttp": "streamable-http",
    "http-stream": "streamable-http",
    "local": "stdio",
    "command": "stdio",
    "process": "stdio",
    "http+sse": "sse",
    "http-sse": "sse",
}
"""The backend types that other words mean."""

SHAPES: dict[str, str] = {
    "backends": "write a mapping of names to servers: each name is a key",
    "backends.*.command": "command is the program alone; its arguments go into args",
    "backends.*.env": "write NAME: value, one a line",
    "backends.*.headers": "write Name: value, one a line",
    "isolation": "write auto, required or off",
    "backends.*.container.isolation": "write auto, required or off",
    "backends.*.container.runtime": "there are no engines but Docker and Podman: leave it out for the one that answers",
}
"""What to say of a list, a mapping or a text where another shape is expected, by dotted path."""

WANTED: dict[str, str] = {
    "backends.*.command": "write command: <the program to start>, such as npx, and its arguments into args",
    "backends.*.url": "write url: <the address of the server>, such as https://mcp.example.com/mcp",
    "backends.*.container.mounts.*.source": "write source: <a file or folder of this machine>",
    "middleware.*.methods": 'write methods: [{type: bearer, tokens: [{token: "${TOKEN}", principal: NAME}]}]',
    "middleware.*.limits": "write limits: [{scope: principal, calls: 120, per: 60}]",
    "middleware.*.methods.*.tokens": 'write tokens: [{token: "${TOKEN}", principal: NAME, roles: [ROLE]}]',
    "middleware.*.methods.*.keys": 'write keys: [{key: "${KEY}", principal: NAME, roles: [ROLE]}]',
    "middleware.*.methods.*.header": "write header: <the field with which the proxy names its user>",
    "middleware.*.methods.*.*.principal": "write principal: <the name of whoever has it>",
    "server.tls.cert_file": "write cert_file: <a PEM file>, the certificate and those between it and its authority",
    "server.tls.key_file": "write key_file: <a PEM file>, the private key of the certificate",
}
"""What to say of a key that has to be there and is not, by dotted path."""


def advice(key_path: KeyPath) -> str:
    """What to say of a key that is none here; "" if no other program has it either."""
    return KEYS.get(_pattern(key_path), "")


def shape(key_path: KeyPath) -> str:
    """What to say of a value of the wrong shape; "" if there is nothing particular to say."""
    return SHAPES.get(_pattern(key_path), "")


def wanted(key_path: KeyPath) -> str:
    """What to say of a key that has to be there and is not; "" if there is nothing particular to say."""
    return WANTED.get(_pattern(key_path), "")


def _pattern(key_path: KeyPath) -> str:
    if key_path[:1] == ("backends",) and len(key_path) > 2:
        key_path = ("backends", "*", *key_path[2:])
    elif key_path[:1] == ("defaults",) and key_path[1:2] and key_path[1] in _OPERATION:
        key_path = ("backends", "*", *key_path[1:])
    return ".".join("*" if isinstance(part, int) else str(part) for part in key_path)
