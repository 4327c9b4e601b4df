"""Makes the pipeline of a configuration. Blocking, for `use` imports modules: a reload does it in a thread."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, assert_never

from argus_trio.config.check.loopback import lets_in_anybody
from argus_trio.config.model.authentication import JwtMethod
from argus_trio.config.model.config import Config
from argus_trio.config.model.middleware import (
    AuthenticationSpec,
    CustomSpec,
    LoggingSpec,
    MiddlewareSpec,
    RateLimitSpec,
    RbacSpec,
    TelemetrySpec,
    is_at_arrival,
)
from argus_trio.config.read.secrets import hidden_in
from argus_trio.core.access.access import Access, anybody, anybody_manages, nobody_manages
from argus_trio.core.access.forwarded import TrustedProxies
from argus_trio.core.journal import Journal
from argus_trio.errors import ConfigInvalid, Problem
from argus_trio.pipeline.factory import FactoryContext, SpecUnusable
from argus_trio.pipeline.gate import Gate
from argus_trio.pipeline.kept_state import KeptState
from argus_trio.pipeline.pipeline import Pipeline
from argus_trio.pipeline.stage import Stage

NOTHING_KEPT: Final[Mapping[Hashable, object]] = MappingProxyType({})


def may_import_any(_: CustomSpec) -> bool:
    """Let every middleware of the user's own be imported: who writes the file may run code here."""
    return True


def build_pipeline(
    config: Config,
    *,
    source: str = "config.yaml",
    folder: Path = Path(),
    before: Mapping[Hashable, object] = NOTHING_KEPT,
    may_import: Callable[[CustomSpec], bool] = may_import_any,
    journal: Journal | None = None,
) -> Pipeline:
    """The pipeline of `config`, whose file is `source`; what an earlier one kept is in `before`. Notes in `journal`.

    A middleware of the user's own that may not be imported is left out.

    Raises:
        ConfigInvalid: every middleware that cannot be made.
    """
    kept_state = KeptState(before)
    noted = journal or Journal()
    context = FactoryContext(config=config, folder=folder, kept=kept_state, journal=noted)
    stages: list[Stage] = []
    problems: list[Problem] = []
    for index, spec in enumerate(config.middleware):
        if isinstance(spec, CustomSpec) and not may_import(spec):
            continue
        try:
            stages.append(_stage(spec, context))
        except SpecUnusable as unusable:
            problems.append(_problem(index, unusable, config))
    if problems:
        raise ConfigInvalid(source, hidden_in(problems, config.secrets), warnings=config.warnings)
    return Pipeline(stages=tuple(stages), access=_access(config, tuple(stages)), kept=kept_state.kept)


def _problem(index: int, unusable: SpecUnusable, config: Config) -> Problem:
    place = ("middleware", index)
    line = config.lines.get((*place, unusable.key), config.lines.get(place))
    path = f"middleware[{index}]" + (f".{unusable.key}" if unusable.key else "")
    return Problem(path=path, message=unusable.message, hint=unusable.hint, line=line)


def _stage(spec: MiddlewareSpec, context: FactoryContext) -> Stage:
    """The stage of one entry; what it takes is loaded where the file has such a one."""
    match spec:
        case RbacSpec():
            from argus_trio.pipeline.rbac import Rbac

            return Rbac.of(context.config).stage()
        case AuthenticationSpec():
            return _authentication_stage(spec, context)
        case CustomSpec():
            from argus_trio.pipeline.custom import custom_stage

            return custom_stage(spec, context)
        case LoggingSpec():
            from argus_trio.pipeline.records.request_log import logging_stage

            return logging_stage(spec, context)
        case TelemetrySpec():
            return _telemetry_stage(spec, context)
        case RateLimitSpec():
            from argus_trio.pipeline.limits.rate_limit import rate_limit_stage

            return rate_limit_stage(spec, context.kept, is_at_arrival=is_at_arrival(spec, context.config.middleware))
        case _:
            assert_never(spec)


def _authentication_stage(spec: AuthenticationSpec, context: FactoryContext) -> Stage:
    """The stage of authentication; what verifies signed tokens is loaded where there is an issuer."""
    from argus_trio.pipeline.authentication.stage import authentication_stage

    if not any(isinstance(method, JwtMethod) for method in spec.methods):
        return authentication_stage(spec, context)
    from argus_trio.pipeline.authentication.jwt_method import jwt_judges

    return authentication_stage(spec, context, make_judges=jwt_judges)


def _telemetry_stage(spec: TelemetrySpec, context: FactoryContext) -> Stage:
    """The stage of telemetry; what it is made of is an extra, and loaded only where it is asked for."""
    try:
        from argus_trio.pipeline.telemetry.stage import telemetry_stage
    except ModuleNotFoundError as missing:
        if not (missing.name or "").startswith("opentelemetry"):
            raise
        message = f"it needs packages that are not installed here ({missing.name})"
        raise SpecUnusable(message, 'pip install "argus-trio[telemetry]"', key="type") from None
    return telemetry_stage(spec, context)


def _access(config: Config, stages: tuple[Stage, ...]) -> Access:
    authenticates = any(isinstance(spec, AuthenticationSpec) for spec in config.middleware)
    may_manage = next((stage.may_manage for stage in stages if stage.may_manage is not None), None)
    knows = next((stage.knows for stage in stages if stage.knows is not None), anybody)
    stands = next((stage.stands for stage in stages if stage.stands is not None), anybody)
    return Access(
        admit=Gate(stages) if any(stage.arrive is not None for stage in stages) else None,
        authenticates=authenticates,
        asks_everybody=not lets_in_anybody(config),
        may_manage=may_manage or (nobody_manages if authenticates else anybody_manages),
        knows=knows,
        stands=stands,
        views=frozenset(config.views),
        documents=MappingProxyType({path: text for stage in stages for path, text in stage.documents.items()}),
        trusted_proxies=TrustedProxies.of(config.server.trusted_proxies),
    )
