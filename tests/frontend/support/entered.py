"""A front end whose calls pass the outermost link of a pipeline, so that they are among the exchanges under way."""

from __future__ import annotations

import attrs

from argus_trio.core.call.exchange import Handler
from argus_trio.core.open_exchanges import OpenExchanges
from argus_trio.frontend.gateway import Management
from argus_trio.pipeline.pipeline import Pipeline
from tests.frontend.support.serving import Answer, Served, ask

BASE = "/manage/v1"


@attrs.define(eq=False)
class Rig:
    """What a front end is given: a handler in a pipeline, and the registry of its calls."""

    inner: Handler
    management: Management = attrs.field(factory=lambda: Management(exchanges=OpenExchanges(instance="cafe")))

    @property
    def handler(self) -> Handler:
        management = self.management
        return Pipeline().handler(
            self.inner, lambda _: None, exchanges=management.exchanges, figures=management.figures
        )

    def stages(self) -> list[str]:
        """What has been noted in the journal."""
        events, _ = self.management.journal.since(1)
        return [event.stage for event in events]


async def managed(served: Served, path: str, method: str = "GET") -> Answer:
    """What the management API answers."""
    return await ask(served, method, BASE + path)


def listed(answer: Answer, plural: str) -> list[dict[str, object]]:
    """The entries of a list."""
    found = answer.json[plural]
    assert isinstance(found, list)
    return found
