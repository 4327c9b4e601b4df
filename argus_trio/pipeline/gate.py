"""Admission: the stages that judge a request before its body is read, in the order of the file."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from argus_trio.core.access.arrival import RequestArrival, Unadmitted
from argus_trio.core.access.principal import ANONYMOUS, OPERATOR_ROLE, Principal
from argus_trio.pipeline.stage import Stage


@attrs.frozen(eq=False, repr=False)
class Gate:
    """Says who asks; an `Admit`."""

    stages: Sequence[Stage]

    async def __call__(self, arrival: RequestArrival) -> Principal:
        """Who asks.

        Raises:
            Unadmitted: a stage turns the request away; the stages before it have been told.
        """
        principal: Principal | None = None
        for index, stage in enumerate(self.stages):
            if stage.arrive is None:
                continue
            try:
                principal = await stage.arrive(arrival, principal)
            except Unadmitted as refusal:
                for before in self.stages[:index]:
                    if before.on_unadmitted is not None:
                        before.on_unadmitted(arrival, refusal)
                raise
        if principal is None:
            return ANONYMOUS
        if OPERATOR_ROLE in principal.roles:  # a token or a proxy may say anything; this role is the gateway's own
            return attrs.evolve(principal, roles=principal.roles - {OPERATOR_ROLE})
        return principal
