"""A middleware of the user's own: how it is found, what is said of one that is not, and how long it lives."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
import trio.lowlevel

from argus_trio.config.load import parse
from argus_trio.config.model.config import Config
from argus_trio.config.model.middleware import CustomSpec
from argus_trio.config.model.plain import PlainMapping
from argus_trio.core.access.target import Target
from argus_trio.core.call.exchange import Call, Exchange, Handler
from argus_trio.errors import ConfigInvalid, Problem
from argus_trio.middleware import Rejected, arguments_of, result_of, with_arguments, with_params
from argus_trio.pipeline.build import build_pipeline
from argus_trio.pipeline.contained import EndedItself
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


SHAPES = """
async def one(exchange): ...
class One:
    async def __call__(self, exchange): ...
def plain(exchange, call_next): ...
async def parts(exchange, call_next):
    yield b""
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


async def test_equal_entries_have_instances_of_their_own_and_keep_them(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "class Count:\n"
        "    calls = 0\n"
        "    async def __call__(self, exchange, call_next):\n"
        "        self.calls += 1\n"
        "        return b'{\"%d\":' % self.calls + await call_next(exchange) + b'}'\n"
    )
    twice = Config(middleware=config("./own.py:Count").middleware * 2)
    first = build_pipeline(twice, folder=tmp_path)
    assert await called(first) == b'{"1":{"1":{"end":true}}}'
    again = build_pipeline(twice, folder=tmp_path, before=first.kept)
    assert await called(again) == b'{"2":{"2":{"end":true}}}'


def test_what_it_does_to_its_options_is_not_done_to_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(COUNTING.replace("self.count = start", "start.append(1)"))
    given = config("./own.py:Count", start=[])
    build_pipeline(given, folder=tmp_path)
    assert given == config("./own.py:Count", start=[])


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
        ("./shapes.py:one", {}, "use", "takes other arguments than a call has: (exchange)"),
        ("./shapes.py:One", {}, "use", "takes other arguments than a call has: (exchange)"),
        ("./shapes.py:plain", {}, "use", "is no async function"),
        ("./shapes.py:parts", {}, "use", "is no async function"),
    ],
)
def test_what_cannot_be_made_is_a_problem_of_the_file(
    folder: Path, use: str, options: dict[str, object], path: str, said: str
) -> None:
    (folder / "broken.py").write_text("1 / 0")
    (folder / "bad.py").write_text("def")
    (folder / "shapes.py").write_text(SHAPES)
    found = problem(folder, use, **options)
    assert found.path == f"middleware[0].{path}"
    assert said in found.message


def test_what_a_reference_brought_in_is_not_quoted(folder: Path) -> None:
    (folder / "strict.py").write_text("class Made:\n    def __init__(self, key): raise ValueError('bad key ' + key)\n")
    for line in ("use: '${KEY}'", "use: 'own:${KEY}'", "{use: './strict.py:Made', options: {key: '${KEY}'}}"):
        loaded = parse(f"middleware: [{line}]", source="f", folder=folder, environ={"KEY": "hush-7f3a9c"})
        with pytest.raises(ConfigInvalid) as caught:
            build_pipeline(loaded, folder=folder)
        assert "hush" not in repr(caught.value.problems)


def test_a_problem_of_one_says_its_line_and_the_warnings_stay() -> None:
    text = 'version: "1"\nmiddleware:\n  - type: logging\n    redact: [a+]\n  - options: {}\n    use: no.such:Name\n'
    loaded = parse(text, source="f", folder=Path(), environ={})
    with pytest.raises(ConfigInvalid) as caught:
        build_pipeline(loaded)
    assert [(each.path, each.line) for each in caught.value.problems] == [("middleware[1].use", 6)]
    assert loaded.warnings
    assert caught.value.warnings == loaded.warnings


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


@pytest.mark.parametrize("made", [b"not json", b'{"a":', b"[1]", b"7", b"", b'{"a":1}\n\ndata: {}'])
async def test_what_is_no_json_object_never_becomes_a_part_of_an_answer(tmp_path: Path, made: bytes) -> None:
    (tmp_path / "own.py").write_text(f"async def broken(exchange, call_next):\n    return {made!r}\n")
    with pytest.raises(TypeError, match=r"broken returned bytes that are no JSON object"):
        await called(build_pipeline(config("./own.py:broken"), folder=tmp_path))


async def test_a_line_break_between_tokens_of_its_result_is_taken_out(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("async def lines(exchange, call_next):\n    return b'{\"a\":\\n1}'\n")
    assert await called(build_pipeline(config("./own.py:lines"), folder=tmp_path)) == b'{"a": 1}'


@pytest.mark.parametrize("raised", ["SystemExit(3)", "KeyboardInterrupt()", "GeneratorExit()"])
@pytest.mark.parametrize("nursery", [False, True])
async def test_what_ends_programs_ends_a_call(tmp_path: Path, raised: str, nursery: bool) -> None:
    group = f"BaseExceptionGroup('', [{raised}])" if nursery else raised
    (tmp_path / "own.py").write_text(f"async def ends(exchange, call_next):\n    raise {group}\n")
    with pytest.raises(EndedItself, match=raised[:-3]):
        await called(build_pipeline(config("./own.py:ends"), folder=tmp_path))


async def test_an_error_for_the_client_comes_through_a_nursery_of_a_middleware() -> None:
    async def refusing(_: Exchange) -> bytes:
        raise Rejected("no")

    pipeline = build_pipeline(config("tests.pipeline.test_custom:nursing"))
    with pytest.raises(Rejected):
        await pipeline.handler(refusing, resolve)(PlainExchange())


async def nursing(exchange: Exchange, call_next: Handler) -> bytes:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.lowlevel.checkpoint)
        return await call_next(exchange)


@pytest.mark.parametrize("text", ["raise SystemExit(3)", "class Count:\n    def __init__(self): raise SystemExit(3)"])
def test_a_module_that_would_end_the_program_is_a_problem_of_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "own.py").write_text(text)
    assert "SystemExit" in problem(tmp_path, "./own.py:Count").message


def test_raw_params_that_are_no_json_go_to_no_backend() -> None:
    with pytest.raises(TypeError, match="'arguments' is raw, and no JSON"):
        with_params(PlainExchange(), {"arguments": Raw(b"{oops")})
    assert with_params(PlainExchange(), {"a": Raw(b"[\n1]")}).call.params == {"a": Raw(b"[ 1]")}
