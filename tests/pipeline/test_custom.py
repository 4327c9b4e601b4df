"""A middleware of the user's own: how it is found, what is said of one that is not, and how long it lives."""

from __future__ import annotations

from pathlib import Path

import pytest

from argus_trio.config.model.config import Config
from argus_trio.config.model.middleware import CustomSpec
from argus_trio.config.model.plain import PlainMapping
from argus_trio.core.access.target import Target
from argus_trio.core.call.exchange import Call, Exchange
from argus_trio.errors import ConfigInvalid, Problem
from argus_trio.middleware import arguments_of, result_of, with_arguments
from argus_trio.pipeline.build import build_pipeline
from argus_trio.pipeline.pipeline import Pipeline
from argus_trio.wire.envelope import Raw
from tests.pipeline.support.exchanges import PlainExchange

COUNTING = """
class Count:
    def __init__(self, *, start=0):
        self.count = start
    async def __call__(self, exchange, call_next):
        self.count += 1
        return b'{"count":%d}' % self.count

async def plain(exchange, call_next):
    return await call_next(exchange)

async def careless(exchange, call_next):
    return {"count": 1}

async def broken(exchange, call_next):
    return b"no JSON"

async def alone(exchange):
    return b"{}"

NUMBER = 1
"""


def resolve(_: Call) -> Target | None:
    return None


async def end(_: Exchange) -> bytes:
    return b'{"end":true}'


def config(use: str, **options: object) -> Config:
    return Config(middleware=(CustomSpec(use=use, options=PlainMapping(options)),))


def problem(folder: Path, use: str, **options: object) -> Problem:
    with pytest.raises(ConfigInvalid) as caught:
        build_pipeline(config(use, **options), folder=folder)
    (found,) = caught.value.problems
    return found


async def called(pipeline: Pipeline) -> bytes:
    return await pipeline.handler(end, resolve)(PlainExchange())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own.py").write_text(COUNTING)
    return tmp_path


async def test_a_class_beside_the_file_is_made_with_its_options(folder: Path) -> None:
    assert await called(build_pipeline(config("./own.py:Count", start=4), folder=folder)) == b'{"count":5}'


async def test_a_function_is_used_as_it_is(folder: Path) -> None:
    assert await called(build_pipeline(config("./own.py:plain"), folder=folder)) == b'{"end":true}'


async def test_a_module_of_the_environment_is_imported() -> None:
    assert await called(build_pipeline(config("tests.pipeline.test_custom:passing"))) == b'{"end":true}'


async def test_its_state_outlasts_a_reload_that_changes_neither_its_code_nor_its_options(folder: Path) -> None:
    first = build_pipeline(config("./own.py:Count"), folder=folder)
    await called(first)
    same = build_pipeline(config("./own.py:Count"), folder=folder, before=first.kept)
    assert await called(same) == b'{"count":2}'
    other = build_pipeline(config("./own.py:Count", start=7), folder=folder, before=same.kept)
    assert await called(other) == b'{"count":8}'
    (folder / "own.py").write_text(COUNTING.replace("+= 1", "+= 10"))
    edited = build_pipeline(config("./own.py:Count"), folder=folder, before=same.kept)
    assert await called(edited) == b'{"count":10}'


async def test_what_is_no_result_is_a_fault_that_names_it(folder: Path) -> None:
    with pytest.raises(TypeError, match=r"careless returned dict; a middleware returns the bytes"):
        await called(build_pipeline(config("./own.py:careless"), folder=folder))
    with pytest.raises(TypeError, match=r"broken returned bytes that are no JSON object"):
        await called(build_pipeline(config("./own.py:broken"), folder=folder))


def test_what_a_file_has_is_told_without_what_it_imports(folder: Path) -> None:
    (folder / "own.py").write_text("import json\nfrom pathlib import Path\n" + COUNTING)
    assert problem(folder, "./own.py:Cuont").hint == "it has: Count, plain, careless, broken, alone"


@pytest.mark.parametrize(
    ("use", "options", "path", "said"),
    [
        ("own", {}, "use", "expected a module and a name in it"),
        (":Count", {}, "use", "expected a module and a name in it"),
        ("./none.py:Count", {}, "use", "cannot be read: No such file"),
        ("./own.py:Cuont", {}, "use", "there is no Cuont in ./own.py"),
        ("./own.py:NUMBER", {}, "use", "is neither a class nor a function"),
        ("./own.py:alone", {}, "use", "takes other arguments than a call has"),
        ("./own.py:plain", {"a": 1}, "options", "takes no options"),
        ("./own.py:Count", {"strat": 1}, "options", "unexpected keyword argument 'strat'"),
        ("./broken.py:Count", {}, "use", "broken.py cannot be imported: ZeroDivisionError"),
        ("./bad.py:Count", {}, "use", "bad.py cannot be imported: SyntaxError"),
        ("no.such.module:Count", {}, "use", "there is no module no.such.module"),
        ("builtins:dict", {}, "use", "makes no middleware"),
    ],
)
def test_what_cannot_be_made_is_a_problem_of_the_file(
    folder: Path, use: str, options: dict[str, object], path: str, said: str
) -> None:
    (folder / "broken.py").write_text("1 / 0")
    (folder / "bad.py").write_text("def")
    found = problem(folder, use, **options)
    assert found.path == f"middleware[0].{path}"
    assert said in found.message


async def test_arguments_are_transformed_on_the_way_and_the_first_call_stays_as_it_was() -> None:
    exchange = PlainExchange()
    changed = with_arguments(exchange, {"a": [1, 2]})
    assert arguments_of(changed) == {"a": [1, 2]}
    assert arguments_of(exchange) == {}
    assert result_of(b'{"content":[ 1]}') == {"content": Raw(b"[ 1]")}


async def passing(exchange: Exchange, call_next: object) -> bytes:
    assert callable(call_next)
    result: bytes = await call_next(exchange)
    return result
