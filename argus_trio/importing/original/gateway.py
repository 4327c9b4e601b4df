"""The original's own side: where it listened, its operators' token, its limits and records."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Final
from urllib.parse import urlsplit

from argus_trio.config.check.check_records import GRPC_PORT
from argus_trio.config.check.loopback import is_loopback
from argus_trio.config.read.scalar import Scalar
from argus_trio.importing.original.file.source import OriginalSource
from argus_trio.importing.original.file.texts import OriginalTexts

TOKEN_VARIABLE: Final = "ARGUS_MGMT_TOKEN"  # noqa: S105  # the name of a variable
ORIGINS_VARIABLE: Final = "ARGUS_ALLOWED_ORIGINS"
HTTP_PORT: Final = 4318
ENDPOINT: Final = f"http://localhost:{GRPC_PORT}"
"""The original's default for where telemetry goes."""
REQUESTS: Final = 100
WINDOW_SECONDS: Final = 60
"""The original's defaults for how often an address may ask."""
ALWAYS: Final = (
    "the original answered 100 requests a minute of each address and wrote logs/audit.jsonl, whatever its file said; "
    "middleware: [{type: logging}, {type: rate_limit, limits: [...]}] is what there is like that"
)
"""What it did that no file asked for."""
_MOST: Final = 1_000_000_000


def server_of(source: OriginalSource, texts: OriginalTexts, *, asks: bool) -> dict[str, object]:
    """The section `server`; `asks` says whether who comes in has to say who they are."""
    host = texts.plain(source.text("server", "host") or "", ("server", "host"))
    port = _port(source, texts)
    server: dict[str, object] = ({"host": host} if host else {}) | ({} if port is None else {"port": port})
    if host and not is_loopback(host) and "${" not in host and not asks:
        server["allow_unauthenticated"] = True
        what = "everyone who reaches this address may call every tool, as before: allow_unauthenticated says so; "
        source.note("do", ("server", "host"), f"{what}write 127.0.0.1, or middleware: [{{type: authentication, ...}}]")
    if management := _management(source, texts, host):
        server["management"] = management
    return server | _security(source, texts)


def _port(source: OriginalSource, texts: OriginalTexts) -> float | str | None:
    written = source.tree("server", "port")
    if isinstance(written, Scalar) and "${" in written.text:
        return texts.plain(source.text("server", "port") or "", ("server", "port"))
    return source.number("server", "port", minimum=0, maximum=65535)


def _management(source: OriginalSource, texts: OriginalTexts, host: str) -> dict[str, object]:
    place = ("server", "management", "token")
    token = source.text(*place)
    if texts.book.environ.get(TOKEN_VARIABLE):
        what = f"${TOKEN_VARIABLE} counts where the file names it, as server.management.token does now"
        source.note("changed", place, what)
        return {"token": f"${{{TOKEN_VARIABLE}}}"}
    if token:
        return {"token": texts.secret(token, TOKEN_VARIABLE, place)}
    if host and not is_loopback(host):
        what = "the management API was open to everybody; without a token it answers on loopback alone: write "
        source.note("changed", place, f'{what}server.management: {{token: "${{{TOKEN_VARIABLE}}}"}}')
    return {}


def _security(source: OriginalSource, texts: OriginalTexts) -> dict[str, object]:
    server: dict[str, object] = {}
    if source.flag("security", "payload_limits", "enabled", default=True):
        if (size := source.number("security", "payload_limits", "max_body_bytes", minimum=1)) is not None:
            server["max_body_bytes"] = size
    else:
        source.tell("changed", ("security", "payload_limits"), "a body has a bound here: server.max_body_bytes, 4 MiB")
    proxies = []
    for index, written in enumerate(source.texts("security", "trusted_proxies")):
        try:
            proxies.append(str(ip_network(written, strict=False)))
        except ValueError:
            what = f"expected a network such as 10.0.0.0/8: {written} is left out, and what it forwards is not believed"
            source.note("left out", ("security", "trusted_proxies", index), what)
    if proxies:
        server["trusted_proxies"] = proxies
    if origins := [each.strip() for each in texts.book.environ.get(ORIGINS_VARIABLE, "").split(",") if each.strip()]:
        server["allowed_origins"] = origins
        source.note("changed", ("server",), f"${ORIGINS_VARIABLE} is not read: server.allowed_origins has what it held")
    return server


def limits_of(source: OriginalSource) -> dict[str, object] | None:
    """The middleware that counts; None where the file says nothing of it."""
    section = source.tree("rate_limits")
    is_enabled = source.flag("rate_limits", "enabled", default=True)
    calls = source.number("rate_limits", "default", "requests", minimum=1, maximum=_MOST)
    per = source.number("rate_limits", "default", "window_seconds", minimum=0.001, maximum=31_536_000)
    if section is None or not is_enabled:
        return None
    what = "calls are counted, of each principal or address; the original counted every request of an address"
    source.note("changed", ("rate_limits",), what)
    limit = {"scope": "principal", "calls": REQUESTS if calls is None else int(calls), "per": per or WINDOW_SECONDS}
    return {"type": "rate_limit", "limits": [limit]}


def logging_of(source: OriginalSource) -> dict[str, object] | None:
    """The middleware that logs each request, where the file speaks of an audit log."""
    section = source.tree("audit")
    is_enabled = source.flag("audit", "enabled", default=True)
    if section is None or not is_enabled:
        return None
    what = "there is no audit log yet: each request is an event of the log (type: logging), which goes to stderr"
    source.note("changed", ("audit",), what)
    return {"type": "logging"}


def telemetry_of(source: OriginalSource, texts: OriginalTexts) -> dict[str, object] | None:
    """The middleware of traces and metrics, where the file asks for them."""
    is_enabled = source.flag("telemetry", "enabled", default=False)
    said = source.text("telemetry", "otlp_endpoint") or ENDPOINT
    service = source.text("telemetry", "service_name")
    if not is_enabled:
        return None
    endpoint = _over_http(said)
    what = f"it goes out over OTLP/HTTP, to {endpoint} and not {said}" if endpoint != said else "it is OTLP over HTTP"
    source.note("changed", ("telemetry",), f"{what}; it is an extra: pip install 'argus-trio[telemetry]'")
    spec: dict[str, object] = {"type": "telemetry", "otlp_endpoint": texts.plain(endpoint, ("telemetry",))}
    return spec | ({} if service is None else {"service_name": texts.plain(service, ("telemetry", "service_name"))})


def _over_http(endpoint: str) -> str:
    """The address of the same collector where it takes OTLP over HTTP."""
    whole = endpoint if "://" in endpoint or endpoint.startswith("${") else f"http://{endpoint}"
    try:
        parts = urlsplit(whole)
        if parts.port != GRPC_PORT:
            return whole
    except ValueError:
        return whole
    host = parts.netloc.removesuffix(f":{GRPC_PORT}")
    return parts._replace(netloc=f"{host}:{HTTP_PORT}").geturl()


def isolation_of(source: OriginalSource, environ: Mapping[str, str]) -> dict[str, object]:
    """The top-level `isolation`, where the file, or the environment, turned it off."""
    place = ("feature_flags", "container_isolation")
    if source.tree(*place) is not None:
        if source.flag(*place, default=True):
            return {}
        source.note("changed", place, "backends run without containers: isolation: off")
        return {"isolation": "off"}
    if environ.get("ARGUS_CONTAINER_ISOLATION", "").lower() in ("false", "0", "no"):
        source.note("changed", ("backends",), "$ARGUS_CONTAINER_ISOLATION is not read: isolation: off says the same")
        return {"isolation": "off"}
    return {}


def engine_of(source: OriginalSource, environ: Mapping[str, str]) -> dict[str, object]:
    """The `defaults`, where the environment names the engine."""
    engine = environ.get("ARGUS_RUNTIME", "").lower()
    if engine not in ("docker", "podman"):
        return {}
    source.note("changed", ("backends",), "$ARGUS_RUNTIME is not read: defaults.container.runtime says the same")
    return {"defaults": {"container": {"runtime": engine}}}
