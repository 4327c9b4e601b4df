"""The rules of who may import whom, executed: read from the syntax trees of every module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = "argus_trio"

LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"errors", "__init__"}),
    frozenset({"wire"}),
    frozenset({"core"}),
    frozenset({"net"}),
    frozenset({"config"}),
    frozenset({"backends", "pipeline"}),
    frozenset({"frontend"}),
    frozenset({"runtime"}),
    frozenset({"logs"}),
    frozenset({"app"}),
    frozenset({"demo", "bridge"}),
    frozenset({"cli"}),
    frozenset({"__main__"}),
)
"""From the bottom up. A part imports from lower layers and from itself; those of one layer never see each other."""
LEAVES = frozenset({"samples"})
"""Programs of their own: they import nothing of the package, and only who starts them may name them."""
STARTERS = frozenset({"app", "demo", "cli"})
"""The composition root: it may load inside a function what only some configurations need."""

ROOMS: dict[str, frozenset[str]] = {
    "hypercorn": frozenset({"frontend.server.hypercorn_server"}),
    "yaml": frozenset({"config.*"}),
    "cattrs": frozenset({"config.*"}),
    "h11": frozenset({"net.http1", "net.dial", "frontend.server.*"}),
    "watchfiles": frozenset({"runtime.watch"}),
    "cryptography": frozenset({"frontend.input_required.seal"}),
    "h2": frozenset(),
    "mcp": frozenset(),
    "mcp_types": frozenset(),
    "pydantic": frozenset(),
    "starlette": frozenset(),
    "httpx": frozenset(),
    "httpx2": frozenset(),
    "anyio": frozenset(),
    "asyncio": frozenset(),
    "uvicorn": frozenset(),
}
"""Libraries that only some modules know, as patterns below the package. `samples` may use any."""
SANS_IO = frozenset({"errors", "wire", "core"})
IO = frozenset({"trio", "socket", "ssl", "subprocess", "select", "threading", "time", "structlog", "logging"})


@attrs.frozen(kw_only=True)
class Import:
    """One import statement's one module, as seen in `importer` (dotted, below the package)."""

    importer: str
    module: str
    line: int
    at_the_top: bool

    @property
    def part(self) -> str:
        return self.importer.split(".")[0]

    @property
    def imported_part(self) -> str | None:
        """Which part of the package is imported, if it is one."""
        head, _, rest = self.module.partition(".")
        return (rest.split(".")[0] or "__init__") if head == PACKAGE else None

    def __str__(self) -> str:
        return f"{PACKAGE}/{self.importer.replace('.', '/')}.py:{self.line} imports {self.module}"


def imports_of(source: str, importer: str) -> Iterator[Import]:
    """Every import in a module's text; `from argus_trio import x` counts as `argus_trio.x` if that is a module."""
    tree = ast.parse(source)
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None
            assert node.level == 0, f"{importer}:{node.lineno} is relative"
            modules = [node.module]
            if node.module == PACKAGE:
                modules = [f"{PACKAGE}.{alias.name}" if is_module(alias.name) else PACKAGE for alias in node.names]
        else:
            continue
        for module in modules:
            yield Import(importer=importer, module=module, line=node.lineno, at_the_top=id(node) in top)


def is_module(name: str) -> bool:
    return (ROOT / PACKAGE / name).is_dir() or (ROOT / PACKAGE / f"{name}.py").is_file()


def all_imports() -> list[Import]:
    found: list[Import] = []
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        importer = ".".join(path.relative_to(ROOT / PACKAGE).with_suffix("").parts)
        found += imports_of(path.read_text(), importer)
    return found


IMPORTS = all_imports()
PRODUCT = [each for each in IMPORTS if each.part not in LEAVES]


def layer_of(part: str) -> int:
    (layer,) = [number for number, parts in enumerate(LAYERS) if part in parts]
    return layer


def goes_down(each: Import) -> bool:
    target = each.imported_part
    if target is None or target == each.part:
        return True
    if target in LEAVES:
        return each.part in STARTERS
    return layer_of(target) < layer_of(each.part)


def is_in_its_room(each: Import) -> bool:
    rooms = ROOMS.get(each.module.split(".")[0])
    return rooms is None or any(Path(each.importer).match(room) for room in rooms)


def wrong(imports: list[Import]) -> list[str]:
    return [str(each) for each in imports]


def test_every_part_of_the_package_has_its_layer() -> None:
    parts = {
        path.stem for path in (ROOT / PACKAGE).iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert parts <= frozenset().union(*LAYERS, LEAVES)


def test_imports_point_down() -> None:
    assert wrong([each for each in PRODUCT if not goes_down(each)]) == []


def test_a_library_is_known_to_its_room_alone() -> None:
    assert wrong([each for each in PRODUCT if not is_in_its_room(each)]) == []


def test_what_decides_does_no_io() -> None:
    assert wrong([each for each in PRODUCT if each.part in SANS_IO and each.module.split(".")[0] in IO]) == []


def test_imports_stand_at_the_top_of_the_file() -> None:
    assert wrong([each for each in IMPORTS if not each.at_the_top and each.part not in STARTERS]) == []


def test_samples_import_nothing_of_the_package() -> None:
    inside = [each for each in IMPORTS if each.part in LEAVES and each.imported_part not in {None, *LEAVES}]
    assert wrong(inside) == []


@pytest.mark.parametrize(
    ("importer", "statement", "broken"),
    [
        ("wire.lines", "from argus_trio.core.catalog.names import shown", goes_down),
        ("pipeline.chain", "from argus_trio.backends.routing.router import Router", goes_down),
        ("backends.router", "import argus_trio.pipeline.chain", goes_down),
        ("errors", "from argus_trio import wire", goes_down),
        ("frontend.server", "from argus_trio.samples import notes", goes_down),
        ("frontend.edge", "from hypercorn.config import Config", is_in_its_room),
        ("backends.stdio", "import mcp.client", is_in_its_room),
    ],
)
def test_a_broken_rule_would_be_seen(importer: str, statement: str, broken: object) -> None:
    assert callable(broken)
    (each,) = imports_of(statement, importer)
    assert not broken(each)


def test_an_import_inside_a_function_would_be_seen() -> None:
    (each,) = imports_of("def late():\n    import trio\n", "frontend.edge")
    assert not each.at_the_top


@pytest.mark.parametrize("path", sorted((ROOT / PACKAGE).rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short_and_says_what_it_is(path: Path) -> None:
    source = path.read_text()
    assert source.count("\n") <= 350
    assert ast.get_docstring(ast.parse(source))
