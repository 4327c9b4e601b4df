"""Requests that come in, and the gate of a configuration that judges them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from argus_trio.config.load import parse
from argus_trio.core.access.arrival import RequestArrival, Unadmitted
from argus_trio.core.access.principal import Principal
from argus_trio.core.journal import Journal
from argus_trio.pipeline.build import build_pipeline
from argus_trio.pipeline.pipeline import Pipeline


def arrival(
    fields: Mapping[str, str] | None = None,
    *,
    path: str = "/mcp",
    address: str = "192.0.2.7",
    is_from_proxy: bool = False,
) -> RequestArrival:
    return RequestArrival(
        path=path,
        address=address,
        is_from_proxy=is_from_proxy,
        fields={name.lower().encode(): value.encode() for name, value in (fields or {}).items()},
    )


def bearer(token: str, *, path: str = "/mcp") -> RequestArrival:
    return arrival({"Authorization": f"Bearer {token}"}, path=path)


def pipeline_of(text: str, before: Pipeline | None = None, journal: Journal | None = None) -> Pipeline:
    config = parse(text, source="test", folder=Path("/nowhere"), environ={})
    return build_pipeline(config, before={} if before is None else before.kept, journal=journal)


@asynccontextmanager
async def living(text: str, before: Pipeline | None = None) -> AsyncIterator[Pipeline]:
    """The pipeline of a file, entered as the gateway does it."""
    pipeline = pipeline_of(text, before)
    async with trio.open_nursery() as nursery:
        for lifetime in pipeline.lifetimes:
            await nursery.start(lifetime.run)
        yield pipeline
        nursery.cancel_scope.cancel()


async def admitted(pipeline: Pipeline, request: RequestArrival) -> Principal:
    assert pipeline.access.admit is not None
    return await pipeline.access.admit(request)


async def refused(pipeline: Pipeline, request: RequestArrival) -> Unadmitted:
    with pytest.raises(Unadmitted) as caught:
        await admitted(pipeline, request)
    return caught.value
