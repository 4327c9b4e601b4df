"""The OpenAPI document: that it is the one on file, and that it says what the contract says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argus_trio.contract.openapi import openapi_document, operations
from argus_trio.contract.operation import Operation
from argus_trio.contract.problem import PROBLEMS
from tests.frontend.support.managing import Managed

Json = dict[str, Any]
DOCUMENT: Json = json.loads(json.dumps(openapi_document()))
ON_FILE = Path(__file__).parents[2] / "docs" / "openapi.json"
METHODS = {(path, method) for path, told in DOCUMENT["paths"].items() for method in told}


def told_of(operation: Operation) -> Json:
    told: Json = DOCUMENT["paths"][operation.path][operation.method.lower()]
    return told


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (each for key, each in value.items() if key == "$ref")
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from references(each)


def test_the_document_on_file_is_the_one_that_is_made() -> None:
    assert json.loads(ON_FILE.read_text()) == DOCUMENT, "python -m tests.contract writes it anew"


async def test_the_document_that_is_served_is_the_one_on_file() -> None:
    answer = await Managed().get("/openapi.json")
    assert (answer.status, answer.json) == (200, DOCUMENT)


def test_every_operation_is_told_once() -> None:
    assert {(each.path, each.method.lower()) for each in operations()} == METHODS
    assert len(operations()) == len(METHODS)
    ids = [told_of(each)["operationId"] for each in operations()]
    assert sorted(ids) == sorted(set(ids))


def test_every_reference_leads_to_something_and_nothing_is_left_over() -> None:
    components = DOCUMENT["components"]
    there = {f"#/components/{kind}/{name}" for kind in ("schemas", "responses") for name in components[kind]}
    assert set(references(DOCUMENT)) - there == set()
    assert there - set(references(DOCUMENT)) <= {"#/components/schemas/NoBody"}


@pytest.mark.parametrize("operation", operations(), ids=lambda each: f"{each.method} {each.path}")
def test_an_operation_is_told_whole(operation: Operation) -> None:
    told = told_of(operation)
    assert told["summary"]
    by_place: dict[str, set[str]] = {"path": set(), "query": set(), "header": set()}
    for parameter in told.get("parameters", []):
        by_place[parameter["in"]].add(parameter["name"])
        assert parameter["schema"]
    assert by_place["path"] == set(re.findall(r"\{(\w+)\}", operation.path))
    assert by_place["query"] == set(operation.query.__annotations__)
    assert ("requestBody" in told) == (operation.body is not None) == (operation.method == "POST")
    statuses = {str(PROBLEMS[word].status) for word in operation.problems} | set(map(str, operation.statuses))
    assert statuses | {"400", "405", "429", "500", "503"} <= set(told["responses"])
    for status in operation.statuses:
        assert set(operation.media) <= set(told["responses"][str(status)]["content"])
    assert ("401" in told["responses"]) == (not operation.is_public)


def test_what_a_member_means_is_told_with_it() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["ToolEntry"]["properties"]["name"]["description"] == "As clients know it."
    assert schemas["ToolCallRequest"]["additionalProperties"] is False
    assert schemas["BackendEntry"]["properties"]["since"]["anyOf"][0] == {"type": "string", "format": "date-time"}


def test_every_problem_of_an_operation_has_a_page() -> None:
    assert {word for each in operations() for word in each.problems} <= set(PROBLEMS)


@pytest.mark.parametrize("word", PROBLEMS)
async def test_the_type_of_a_problem_leads_to_its_page(word: str) -> None:
    answer = await Managed().get(f"/problems/{word}")
    assert answer.status == 200
    assert answer.headers[b"content-type"] == b"text/markdown; charset=utf-8"
    text = answer.body.decode()
    assert text.startswith(f"# {PROBLEMS[word].title}\n")
    assert str(PROBLEMS[word].status) in text


async def test_a_problem_that_there_is_not_has_none() -> None:
    answer = await Managed().get("/problems/boredom")
    assert (answer.status, answer.json["error"]) == (404, "not_found")
