"""`/manage/v1/me`: who asks, how they came in, and what they may do; anybody is told who is let in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from argus_trio.contract.clients import ME, CameBy, MeAnswer
from argus_trio.contract.operation import Operation
from argus_trio.core.access.access import ManageRight
from argus_trio.core.access.principal import OPERATOR_METHOD, OPERATOR_ROLE
from argus_trio.frontend.manage.answer import PageAnswer
from argus_trio.frontend.manage.request import ManageRequest, Page


def me_pages() -> Mapping[Operation, Page]:
    """Who asks."""

    async def me(request: ManageRequest) -> PageAnswer:
        rights: tuple[ManageRight, ...] = get_args(ManageRight)
        answer = MeAnswer(
            principal=request.principal.name,
            roles=tuple(sorted(request.principal.roles - {OPERATOR_ROLE})),  # which is no role of the file
            came_by=_came_by(request),
            rights=tuple(filter(request.may, rights)),
            endpoint="/mcp",
            endpoints=tuple(sorted(request.access.views)),
        )
        return PageAnswer(body=answer)

    return {ME: me}


def _came_by(request: ManageRequest) -> CameBy:
    if request.http.door.peer is not None:
        return "socket"
    return "token" if request.principal.method == OPERATOR_METHOD else "client"
