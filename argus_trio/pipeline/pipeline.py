"""The pipeline of one configuration: its stages, what the front end asks of them, and how long they live."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import attrs

from argus_trio.core.access.access import Access
from argus_trio.core.call.exchange import EndedSession, Handler
from argus_trio.core.figures import Figures
from argus_trio.core.open_exchanges import OpenExchanges
from argus_trio.pipeline.chain import chain
from argus_trio.pipeline.lifetime import Lifetime
from argus_trio.pipeline.stage import Resolve, Stage
from argus_trio.pipeline.under_way import Entered, UnderWay


@attrs.define(eq=False, repr=False, kw_only=True)
class Pipeline:
    """What each request passes under one configuration; lasts until its last call has ended."""

    stages: tuple[Stage, ...] = ()
    access: Access = attrs.field(factory=Access)
    kept: Mapping[Hashable, object] = attrs.field(factory=dict, repr=False)
    """What its stages keep over a reload."""
    under_way: UnderWay = attrs.field(factory=UnderWay, init=False)
    """The calls that it is in the middle of."""

    def handler(
        self,
        end: Handler,
        resolve: Resolve,
        *,
        exchanges: OpenExchanges | None = None,
        figures: Figures | None = None,
    ) -> Handler:
        """The chain of one generation: every stage with a part in calls, in order, and `end` behind them.

        Each call is entered in `exchanges` while it is under way, and in the `figures` at its end.
        """
        entered = Entered(
            under_way=self.under_way,
            exchanges=OpenExchanges() if exchanges is None else exchanges,
            figures=Figures() if figures is None else figures,
        )
        links = (stage.call(resolve) for stage in self.stages if stage.call is not None)
        return chain((entered, *links), end)

    @property
    def lifetimes(self) -> tuple[Lifetime, ...]:
        """What its stages hold, outermost first."""
        return tuple(lifetime for _, lifetime in self.lifetimes_by_path)

    @property
    def lifetimes_by_path(self) -> Sequence[tuple[str, Lifetime]]:
        """The same, each with the path of its stage in the file."""
        held = ((f"middleware[{number}]", stage.lifetime) for number, stage in enumerate(self.stages))
        return tuple((path, lifetime) for path, lifetime in held if lifetime is not None)

    def session_ended(self, session: EndedSession) -> None:
        """Tell the stages that a session has ended. Does not block."""
        for stage in self.stages:
            if stage.on_session_end is not None:
                stage.on_session_end(session)

    def retire(self) -> None:
        """No further call begins: another pipeline has taken its place."""
        self.under_way.close()

    async def wait_over(self) -> None:
        """Wait until it is retired and its last call has ended."""
        await self.under_way.wait_over()
