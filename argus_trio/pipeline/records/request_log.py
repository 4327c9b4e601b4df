"""`type: logging`: one event in the log for each request that came in, however it ended.

What stands before it in the file has turned requests away that it does not see: outermost it sees everything, and is
told of what is turned away before its body was read.
"""

from __future__ import annotations

import re
from typing import Final

import attrs
import structlog
import trio

from argus_trio.config.model.middleware import LoggingSpec
from argus_trio.core.access.arrival import RequestArrival, Unadmitted
from argus_trio.core.call.exchange import Call, Exchange, Handler
from argus_trio.core.call.record import named_in
from argus_trio.pipeline.chain import Middleware
from argus_trio.pipeline.factory import FactoryContext, SpecUnusable
from argus_trio.pipeline.records.excerpt import Excerpts
from argus_trio.pipeline.records.outcomes import (
    code_of_error,
    outcome_of_error,
    outcome_of_result,
    reason_of,
)
from argus_trio.pipeline.stage import Resolve, Stage
from argus_trio.wire.envelope import Params, encode
from argus_trio.wire.request_meta import client_of

log = structlog.get_logger()

_SHOWN: Final = 200
"""As much of a name, a URI or a method as is logged, in characters."""
_NOT_ARGUMENTS: Final = frozenset({"_meta", "name", "uri", "taskId", "requestState"})


def logging_stage(spec: LoggingSpec, context: FactoryContext) -> Stage:
    """The stage that logs each request.

    Raises:
        SpecUnusable: a pattern is no regular expression.
    """
    for index, pattern in enumerate(spec.redact):
        try:
            re.compile(pattern)
        except re.error as error:
            raise SpecUnusable(f"no regular expression: {error}", key=f"redact[{index}]") from None
    excerpts = Excerpts.of(spec.max_bytes, spec.redact, context.config.secrets)
    requests = RequestLog(arguments=excerpts if spec.arguments else None, results=excerpts if spec.results else None)
    return Stage(call=requests.link, on_unadmitted=requests.unadmitted)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RequestLog:
    """Logs each request."""

    arguments: Excerpts | None
    """How arguments are shown; None where they are not."""
    results: Excerpts | None

    def link(self, _: Resolve) -> Middleware:
        """Its link in a chain: the same in each."""
        return self

    async def __call__(self, exchange: Exchange, call_next: Handler) -> bytes:
        """Serve the exchange, and log how it ended."""
        started = trio.current_time()
        try:
            result = await call_next(exchange)
        except BaseException as error:
            self._log(exchange, started, None, error)
            raise
        self._log(exchange, started, result, None)
        return result

    def unadmitted(self, arrival: RequestArrival, refusal: Unadmitted) -> None:
        """Log a request that was turned away before its body was read."""
        log.info(
            "request",
            outcome="unadmitted",
            path=arrival.path,
            address=arrival.address,
            status=refusal.status,
            reason=f"{refusal.error}: {refusal.message}",
        )

    def _log(self, exchange: Exchange, started: float, result: bytes | None, error: BaseException | None) -> None:
        call, record = exchange.call, exchange.record
        facts: dict[str, object] = {"principal": call.principal.name, **_client(call), "method": call.method[:_SHOWN]}
        if name := shown_name(call.params):
            facts["name"] = name
        if record is not None and record.backend:
            facts.update(backend=record.backend, own_name=record.own[:_SHOWN], backend_transport=record.transport)
            if record.era is not None:
                facts["backend_era"] = record.era.value
            for fact in ("waited", "asks", "retries"):
                if value := round(getattr(record, fact), 4):
                    facts[fact] = value
        if error is None:
            facts["outcome"] = outcome_of_result(call.method, result or b"")
        else:
            facts.update(outcome=outcome_of_error(error, record), reason=reason_of(error, record))
            if (code := code_of_error(error, record)) is not None:
                facts["code"] = code
        facts["seconds"] = round(trio.current_time() - started, 4)
        facts["request_bytes"] = sum(map(len, call.params.values()))
        if result is not None:
            facts["result_bytes"] = len(result)
        if self.arguments is not None:
            facts["arguments"] = self.arguments(arguments_of_call(call))  # {} too: that it had none
        if self.results is not None and result is not None:
            facts["result"] = self.results(result)
        log.info("request", **facts)


def _client(call: Call) -> dict[str, object]:
    name, version = client_of(call.client_info) if call.client_info else ("", "")
    facts: dict[str, object] = {"client": f"{name} {version}".strip()} if name or version else {}
    facts.update(era=call.era.value, transport=call.transport)
    if call.address:
        facts["address"] = call.address
    if call.endpoint:
        facts["view"] = call.endpoint
    return facts


def shown_name(params: Params) -> str:
    """The name or URI that a call names, as its client knows it; empty where it names none."""
    return named_in(params)[:_SHOWN]


def arguments_of_call(call: Call) -> bytes:
    """What a call was given beside the name of what it calls, as raw JSON."""
    if "arguments" in call.params:
        return bytes(call.params["arguments"])
    return encode({key: value for key, value in call.params.items() if key not in _NOT_ARGUMENTS})
