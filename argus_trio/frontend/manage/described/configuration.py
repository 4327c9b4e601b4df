"""`/manage/v1/config` and `/manage/v1/explain`: the configuration in effect, and what it allows whom."""

from __future__ import annotations

from collections.abc import Mapping

from argus_trio.config.check.authorization.explain import NoQuestion, Question, explain
from argus_trio.config.read.shown import shown_config
from argus_trio.contract.operation import Operation
from argus_trio.contract.settings import CONFIG, EXPLAIN, ConfigAnswer, ExplainAnswer, ExplainQuery
from argus_trio.core.redaction import Redactor
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.manage.answer import ManageProblem, PageAnswer
from argus_trio.frontend.manage.request import ManageRequest, Page
from argus_trio.frontend.manage.status import config_status
from argus_trio.wire.members import object_or_none


def configuration_pages(gateway: Gateway) -> Mapping[Operation, Page]:
    """The configuration in effect, as its file would say it, and what it allows whom."""

    async def config(_: ManageRequest) -> PageAnswer:
        in_effect, status = gateway.management.config(), config_status(gateway)
        answer = ConfigAnswer(
            file_path=status.file_path,
            loaded_at=status.loaded_at,
            generation=status.generation,
            config=shown_config(in_effect, Redactor(in_effect.secrets)),
        )
        return PageAnswer(body=answer)

    async def explanation(request: ManageRequest) -> PageAnswer:
        query = request.query_as(ExplainQuery)
        question = Question(
            principal=query.principal,
            name=query.name,
            roles=query.role,
            arguments=_arguments(query.args),
            endpoint=query.endpoint,
        )
        try:
            found = explain(gateway.management.config(), question)
        except NoQuestion as error:
            raise ManageProblem("no-question", str(error)) from None
        return PageAnswer(
            body=ExplainAnswer(principal=query.principal, name=query.name, allowed=found.is_allowed, lines=found.lines)
        )

    return {CONFIG: config, EXPLAIN: explanation}


def _arguments(written: str | None) -> bytes | None:
    if written is None:
        return None
    if object_or_none(written.encode()) is None:
        raise ManageProblem("no-question", 'args is a JSON object such as {"path": "/srv/public/a"}')
    return written.encode()
