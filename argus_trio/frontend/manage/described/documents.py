"""`/manage/v1/openapi.json` and `/manage/v1/problems/{word}`: what the API says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import trio

from argus_trio.contract.openapi import openapi_document
from argus_trio.contract.operation import Operation
from argus_trio.contract.problem import PROBLEMS, type_of
from argus_trio.contract.settings import OPENAPI, PROBLEM_PAGE
from argus_trio.frontend.http.header_names import CONTENT_TYPE
from argus_trio.frontend.manage.answer import ManageProblem, PageAnswer
from argus_trio.frontend.manage.request import ManageRequest, Page
from argus_trio.wire.envelope import encode

_MARKDOWN: Final = (CONTENT_TYPE, b"text/markdown; charset=utf-8")


def document_pages() -> Mapping[Operation, Page]:
    """What the API says of itself."""
    made: list[bytes] = []

    async def openapi(_: ManageRequest) -> PageAnswer:
        if not made:  # it takes a moment, for comments are read out of the source; nobody else has to wait for that
            made.append(encode(await trio.to_thread.run_sync(openapi_document)))
        return PageAnswer(body=made[0])

    async def problem(request: ManageRequest) -> PageAnswer:
        return PageAnswer(body=problem_page(request.path["word"]), headers=(_MARKDOWN,))

    return {OPENAPI: openapi, PROBLEM_PAGE: problem}


def problem_page(word: str) -> bytes:
    """The page of one kind of problem.

    Raises:
        ManageProblem: there is no such kind.
    """
    kind = PROBLEMS.get(word)
    if kind is None:
        raise ManageProblem("not-found", "there is no problem of this name; docs/management.md lists them")
    return f"# {kind.title}\n\nStatus {kind.status}, type `{type_of(word)}`\n\n{kind.page}\n".encode()
