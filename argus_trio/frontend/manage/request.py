"""What a page of the management API is asked: one request, its path, query and body read as the contract says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import attrs

from argus_trio.core.access.access import Access, ManageRight
from argus_trio.core.access.principal import ANONYMOUS, Principal
from argus_trio.frontend.http.request import IncomingRequest
from argus_trio.frontend.manage.answer import PageAnswer

T = TypeVar("T")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ManageRequest:
    """One request, let in."""

    http: IncomingRequest
    access: Access
    path: Mapping[str, str]
    """The segments that its path names, decoded."""
    query: object
    """Of the type that its operation says, as is `body`."""
    body: object

    @property
    def principal(self) -> Principal:
        """Who asks."""
        return self.http.principal

    @property
    def sees_all(self) -> bool:
        """Whether who asks may look at everything, not only at what is theirs."""
        return self.may("read")

    def owns(self, name: str) -> bool:
        """Whether what belongs to the principal `name` is theirs who ask. What is anonymous is nobody's own."""
        return name == self.principal.name != ANONYMOUS.name

    def may(self, right: ManageRight) -> bool:
        """Whether who asks has a right."""
        return self.access.may_manage(self.principal, right)

    def query_as(self, kind: type[T]) -> T:
        """The query, whose type the operation says."""
        if not isinstance(self.query, kind):
            raise TypeError(f"the query of this operation is no {kind.__name__}")
        return self.query

    def body_as(self, kind: type[T]) -> T:
        """The body, whose type the operation says."""
        if not isinstance(self.body, kind):
            raise TypeError(f"the body of this operation is no {kind.__name__}")
        return self.body


Page = Callable[[ManageRequest], Awaitable[PageAnswer | None]]
"""Answers an operation: with an answer, or None once it has written one itself, such as a stream. Raises
`ManageProblem`, or `ClientGone`."""
