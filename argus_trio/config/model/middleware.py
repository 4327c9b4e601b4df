"""One middleware as the file declares it, by type; `MiddlewareSpec` is any of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

import attrs

from argus_trio import Value
from argus_trio.config.model.about import about
from argus_trio.config.model.authentication import AnonymousClients, AuthenticationMethod
from argus_trio.config.model.authorization import DefaultDecision, Role
from argus_trio.config.model.plain import PlainMapping

MOST_CALLS: Final = 1_000_000_000
MOST_SECONDS: Final = 31_536_000
"""A year: what a limit counts is forgotten at the end of the process anyway."""


@attrs.frozen(kw_only=True)
class LoggingSpec(Value):
    """One event in the log for each request."""

    type: Literal["logging"] = attrs.field(default="logging", metadata=about("one event in the log for each request"))
    arguments: bool = attrs.field(default=False, metadata=about("true logs the arguments too, cut and redacted"))
    results: bool = attrs.field(default=False, metadata=about("true logs the results too, cut and redacted"))
    max_bytes: int = attrs.field(
        default=2048, metadata=about("as much of arguments or a result as is logged", minimum=1)
    )
    redact: tuple[str, ...] = attrs.field(
        default=(), metadata=about("regular expressions of what is hidden in arguments and results")
    )


@attrs.frozen(kw_only=True)
class AuthenticationSpec(Value):
    """Who asks: decided for each request, before its body is read."""

    type: Literal["authentication"] = attrs.field(default="authentication", metadata=about("who asks"))
    methods: tuple[AuthenticationMethod, ...] = attrs.field(
        metadata=about("how clients say who they are; the first whose credential is there decides")
    )
    anonymous: AnonymousClients | None = attrs.field(
        default=None, metadata=about("lets in who brings no credentials; without it they get 401")
    )


@attrs.frozen(kw_only=True)
class RbacSpec(Value):
    """What a principal may see and do, by its roles."""

    type: Literal["rbac"] = attrs.field(default="rbac", metadata=about("what exists for whom, by roles"))
    default: DefaultDecision = attrs.field(default="deny", metadata=about("what holds where no rule decides"))
    roles: Mapping[str, Role] = attrs.field(
        default=MappingProxyType({}), metadata=about("what each role may do, by its name")
    )
    scopes: Mapping[str, tuple[str, ...]] = attrs.field(
        default=MappingProxyType({}),
        metadata=about("the scopes that a token needs beside its role, by rule; what is missing is asked for by a 403"),
    )


@attrs.frozen(kw_only=True)
class RateLimit(Value):
    """One limit: so many calls in so many seconds, refilled evenly."""

    scope: Literal["principal", "global"] = attrs.field(
        metadata=about("whose calls count together: one principal's, or its address where nobody is known; or all")
    )
    calls: int = attrs.field(metadata=about("how many calls", minimum=1, maximum=MOST_CALLS))
    per: float = attrs.field(metadata=about("in how many seconds", minimum=0.001, maximum=MOST_SECONDS))
    burst: int | None = attrs.field(
        default=None,
        metadata=about("how many at once, where that is not the same as calls", minimum=1, maximum=MOST_CALLS),
    )
    tools: tuple[str, ...] = attrs.field(default=(), metadata=about("globs of the tools that count, by the name shown"))
    methods: tuple[str, ...] = attrs.field(
        default=(),
        metadata=about(
            "the methods that count, or globs of them; without methods and tools tools/call, prompts/get, "
            "resources/read and completion/complete"
        ),
    )


@attrs.frozen(kw_only=True)
class RateLimitSpec(Value):
    """How often calls may be made."""

    type: Literal["rate_limit"] = attrs.field(default="rate_limit", metadata=about("how often calls may be made"))
    limits: tuple[RateLimit, ...] = attrs.field(metadata=about("the limits; a call has to pass all of them"))


@attrs.frozen(kw_only=True)
class TelemetrySpec(Value):
    """Traces and metrics, over OTLP/HTTP."""

    type: Literal["telemetry"] = attrs.field(default="telemetry", metadata=about("traces and metrics over OTLP/HTTP"))
    otlp_endpoint: str | None = attrs.field(
        default=None,
        metadata=about(
            "the collector, such as http://127.0.0.1:4318; without it, what OTEL_EXPORTER_OTLP_ENDPOINT says"
        ),
    )
    headers: Mapping[str, str] = attrs.field(
        default=MappingProxyType({}),
        repr=False,
        metadata=about("header fields for the collector", is_secret=True),
    )
    sample_ratio: float = attrs.field(
        default=1.0,
        metadata=about("the part of the traces that begin here and are recorded", minimum=0, maximum=1),
    )
    service_name: str | None = attrs.field(
        default=None, metadata=about("the name of the service; without it, what OTEL_SERVICE_NAME says, or argus-trio")
    )
    arguments: bool = attrs.field(default=False, metadata=about("true records arguments and results in spans"))


@attrs.frozen(kw_only=True)
class CustomSpec(Value):
    """A middleware of your own."""

    use: str = attrs.field(metadata=about("package.module:Name, or ./file.py:Name beside this file"))
    options: PlainMapping = attrs.field(
        default=PlainMapping(MappingProxyType({})), repr=False, metadata=about("what it is made with, by keyword")
    )

    def file(self, folder: Path) -> Path | None:
        """The file that `use` names, where it names one; `folder` is that of the configuration."""
        source, _, _ = self.use.rpartition(":")
        return folder / source if source.endswith(".py") else None


MiddlewareSpec = LoggingSpec | AuthenticationSpec | RbacSpec | RateLimitSpec | TelemetrySpec | CustomSpec


def is_at_arrival(spec: RateLimitSpec, middleware: Sequence[MiddlewareSpec]) -> bool:
    """Whether these limits stand before authentication, and so count requests before anybody knows what they ask."""
    place = next(index for index, each in enumerate(middleware) if each is spec)
    return any(isinstance(each, AuthenticationSpec) for each in middleware[place:])
