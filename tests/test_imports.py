"""The rules of who may import whom, executed: read from the syntax trees of every module."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = "argus_trio"

LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"errors", "__init__", "clock", "per_call"}),
    frozenset({"wire"}),
    frozenset({"core"}),
    frozenset({"contract"}),
    frozenset({"net"}),
    frozenset({"manage_client", "client_files"}),
    frozenset({"config"}),
    frozenset({"sandbox", "pipeline"}),
    frozenset({"backends"}),
    frozenset({"frontend", "middleware"}),
    frozenset({"runtime"}),
    frozenset({"logs"}),
    frozenset({"app"}),
    frozenset({"demo", "bridge", "verbs", "tui", "importing", "doctor"}),
    frozenset({"cli"}),
    frozenset({"__main__"}),
)
"""From the bottom up. A part imports from lower layers and from itself; those of one layer never see each other."""
INNER_LAYERS: dict[str, tuple[frozenset[str], ...]] = {
    "core": (
        frozenset({"access"}),
        frozenset({"control", "redaction", "reload_report", "stages"}),
        frozenset({"call", "catalog", "health"}),
        frozenset({"rates", "open_exchanges", "inventory", "journal"}),
    ),
    "config": (
        frozenset({"model"}),
        frozenset({"diff", "inherited", "read", "policy"}),
        frozenset({"structure"}),
        frozenset({"check"}),
        frozenset({"load"}),
        frozenset({"file"}),
    ),
    "sandbox": (
        frozenset({"plan"}),
        frozenset({"engine", "egress", "shim"}),
        frozenset({"container"}),
        frozenset({"image"}),
        frozenset({"telling"}),
        frozenset({"rooms"}),
        frozenset({"in_use", "plans", "standing"}),
        frozenset({"sandbox"}),
    ),
    "backends": (
        frozenset({"process"}),
        frozenset({"links"}),
        frozenset({"connection"}),
        frozenset({"subscriptions", "listings"}),
        frozenset({"connectivity"}),
        frozenset({"scope"}),
        frozenset({"generation", "startup_grace"}),
        frozenset({"generations", "drain", "holds", "succession"}),
        frozenset({"status"}),
        frozenset({"supervisor"}),
        frozenset({"routing"}),
    ),
    "tui": (
        frozenset({"effect", "parts"}),
        frozenset({"message", "step"}),
        frozenset({"servers", "form"}),
        frozenset({"calls"}),
        frozenset({"state"}),
        frozenset({"pages"}),
        frozenset({"shell", "kit"}),
        frozenset({"screens"}),
        frozenset({"terminal", "effects"}),
        frozenset({"run"}),
    ),
    "frontend": (
        frozenset({"outcome"}),
        frozenset({"identity", "gateway", "notifications"}),
        frozenset({"http"}),
        frozenset({"sessions", "input_required", "server", "admission"}),
        frozenset({"edges", "manage"}),
        frozenset({"application"}),
        frozenset({"app"}),
    ),
}
"""The same inside the parts that are divided into rooms."""
STRANGERS = (
    frozenset({("frontend", "backends"), ("frontend", "pipeline"), ("frontend", "sandbox"), ("backends", "pipeline")})
    | {("bridge", part) for part in ("core", "config", "sandbox", "backends", "pipeline", "frontend", "runtime", "app")}
    | {
        (outside, part)
        for outside in ("verbs", "tui")
        for part in ("config", "sandbox", "backends", "pipeline", "frontend", "runtime", "logs", "app")
    }
    | {
        (inside, "manage_client")
        for inside in ("config", "sandbox", "backends", "pipeline", "frontend", "runtime", "logs", "app")
    }
)
"""Parts that do not know a lower one either, by importer and imported."""
LEAVES = frozenset({"samples"})
"""Programs of their own: they import nothing of the package, and only who starts them may name them."""
STARTERS = frozenset({"app", "demo", "cli", "__main__"})
LATE = STARTERS | {"pipeline.build", "verbs.run", "sandbox.sandbox", "frontend.server.speaking"}
"""The composition roots: they may load inside a function what only some configurations need, or what can wait."""

ROOMS: dict[str, frozenset[str]] = {
    "hypercorn": frozenset({"frontend.server.hypercorn_server", "frontend.server.hypercorn_frame"}),
    "urwid": frozenset({"tui.kit.*", "tui.screens.*", "tui.terminal.*"}),
    "jsonschema": frozenset({"tui.form.judge"}),
    "referencing": frozenset({"tui.form.judge"}),
    "yaml": frozenset({"config.*", "tui.servers", "importing.*"}),
    "cattrs": frozenset({"config.*"}),
    "h11": frozenset({"frontend.server.hypercorn_server"}),
    "opentelemetry": frozenset({"pipeline.telemetry.*"}),
    "cryptography": frozenset({"frontend.input_required.seal"}),
    "jwt": frozenset({"pipeline.authentication.*"}),
    "h2": frozenset(),
    "shtab": frozenset(),
    "mcp": frozenset(),
    "mcp_types": frozenset(),
    "pydantic": frozenset(),
    "starlette": frozenset(),
    "httpx": frozenset(),
    "httpx2": frozenset(),
    "anyio": frozenset(),
    "asyncio": frozenset({"sandbox.engine.*"}),
    "aiodocker": frozenset({"sandbox.engine.*"}),
    "aiohttp": frozenset({"sandbox.engine.*"}),
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
    return (each.part, target) not in STRANGERS and layer_of(target) < layer_of(each.part)


def goes_down_inside(each: Import) -> bool:
    """Whether an import between two rooms of one part goes down as well."""
    layers = INNER_LAYERS.get(each.part)
    if layers is None or each.imported_part != each.part:
        return True
    importer, imported = each.importer.split(".")[1], each.module.split(".")[2:3]
    if not imported or importer in ("__init__", imported[0]):
        return True
    (above,) = [number for number, rooms in enumerate(layers) if importer in rooms]
    (below,) = [number for number, rooms in enumerate(layers) if imported[0] in rooms]
    return below < above


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


def test_imports_point_down_from_room_to_room() -> None:
    assert wrong([each for each in PRODUCT if not goes_down_inside(each)]) == []


def test_a_library_is_known_to_its_room_alone() -> None:
    assert wrong([each for each in PRODUCT if not is_in_its_room(each)]) == []


def test_what_decides_does_no_io() -> None:
    assert wrong([each for each in PRODUCT if each.part in SANS_IO and each.module.split(".")[0] in IO]) == []


def test_imports_stand_at_the_top_of_the_file() -> None:
    assert wrong([each for each in IMPORTS if not each.at_the_top and not LATE & {each.part, each.importer}]) == []


def test_samples_import_nothing_of_the_package() -> None:
    inside = [each for each in IMPORTS if each.part in LEAVES and each.imported_part not in {None, *LEAVES}]
    assert wrong(inside) == []


@pytest.mark.parametrize(
    ("importer", "statement", "broken"),
    [
        ("wire.lines", "from argus_trio.core.catalog.names import shown", goes_down),
        ("pipeline.chain", "from argus_trio.backends.routing.router import Router", goes_down),
        ("backends.routing.router", "import argus_trio.pipeline.chain", goes_down),
        ("errors", "from argus_trio import wire", goes_down),
        ("frontend.identity", "from argus_trio.backends.supervisor import Supervisor", goes_down),
        ("bridge.run", "from argus_trio.runtime.changes.reload import ReloadSupervisor", goes_down),
        ("verbs.calls", "from argus_trio.frontend.gateway import Gateway", goes_down),
        ("tui.run", "from argus_trio.verbs.link.client import ManageClient", goes_down),
        ("tui.pages.tools", "import urwid", is_in_its_room),
        ("tui.state.world", "from argus_trio.tui.pages.page import DashboardPage", goes_down_inside),
        ("frontend.server.transport", "from argus_trio.samples import notes", goes_down),
        ("frontend.edge", "from hypercorn.config import Config", is_in_its_room),
        ("backends.links.stdio", "import mcp.client", is_in_its_room),
        ("backends.links.stdio", "from argus_trio.backends.scope.scope import Scope", goes_down_inside),
        ("backends.listings.fetch", "from argus_trio.backends.subscriptions.hub import x", goes_down_inside),
        ("frontend.server.transport", "from argus_trio.frontend.application import Application", goes_down_inside),
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


@pytest.mark.parametrize("path", sorted((ROOT / PACKAGE).rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_handle_has_no_repr_for_that_is_made_at_each_start_and_shows_what_it_holds(path: Path) -> None:
    for made in re.findall(r"^@attrs\.(?:define|frozen)\((.*)\)$", path.read_text(), re.MULTILINE):
        assert ("eq=False" in made) == ("repr=False" in made), made


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


MODULES = sorted((ROOT / PACKAGE).rglob("*.py"))
FOLDERS = sorted({path.parent for path in MODULES})


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_a_folder_can_be_taken_in_at_a_glance(folder: Path) -> None:
    assert len(list(folder.glob("*.py"))) <= 14


@pytest.mark.parametrize(
    "folder",
    [each for each in FOLDERS if each.name not in (PACKAGE, "samples")],
    ids=lambda folder: str(folder.relative_to(ROOT)),
)
def test_a_room_begins_with_its_map(folder: Path) -> None:
    tree = ast.parse((folder / "__init__.py").read_text())
    assert len(tree.body) == 1
    assert 8 <= (ast.get_docstring(tree) or "").count("\n") + 1 <= 24


def types_of(tree: ast.Module) -> Iterator[str]:
    """The classes and type aliases at the top of a module, without a leading underscore; no constants."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield node.name.lstrip("_")
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id.lstrip("_")
            is_variable = isinstance(node.value, ast.Call)  # of a type: it means nothing outside of its module
            if name[:1].isupper() and not name.isupper() and not is_variable:
                yield name


def test_no_type_is_named_twice() -> None:
    places: dict[str, list[str]] = {}
    for path in MODULES:
        for name in types_of(parsed(path)):
            places.setdefault(name, []).append(str(path.relative_to(ROOT)))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def constructor_positions(cls: ast.ClassDef) -> int:
    """How many arguments its constructor takes by position."""
    for node in cls.body:
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            return len(node.args.args) - 1
    bases = [ast.unparse(each) for each in cls.bases]
    if "PerCall" in bases or "PerCallValue" in bases:
        is_by_name = any(ast.unparse(each) == "kw_only=True" for each in cls.keywords)
        return 0 if is_by_name else sum(isinstance(node, ast.AnnAssign) and node.value is None for node in cls.body)
    decorators = " ".join(ast.unparse(each) for each in cls.decorator_list)
    if "attrs." not in decorators or "kw_only=True" in decorators:
        return 0
    fields = [node for node in cls.body if isinstance(node, ast.AnnAssign) and "ClassVar" not in ast.unparse(node)]
    values = ["" if each.value is None else ast.unparse(each.value) for each in fields]
    return sum("init=False" not in value and "kw_only=True" not in value for value in values)


def test_no_constructor_takes_more_than_three_arguments_by_position() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in MODULES
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ClassDef) and constructor_positions(node) > 3
    ]
    assert found == []


OF_A_TEST_FILE = re.compile(r"^\s*(?:from|import) tests\.(?:\w+\.)*test_\w+", re.MULTILINE)


def test_what_tests_share_stands_in_no_test_file() -> None:
    texts = ((path, path.read_text()) for path in sorted((ROOT / "tests").rglob("*.py")))
    assert [f"{path}: {found[0]}" for path, text in texts for found in OF_A_TEST_FILE.finditer(text)] == []


def test_an_import_of_a_test_file_would_be_seen() -> None:
    for text in ("from tests.core.test_payer import x", "def f():\n    import tests.test_imports"):
        assert OF_A_TEST_FILE.search(text)
