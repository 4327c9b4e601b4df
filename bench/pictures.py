"""The pictures of the dashboard in the README: `python -m bench.pictures`. A real gateway, the dashboard in tmux, keys
as a user types them; what is seen then, colours included, becomes `docs/pictures/*.svg`. Not a measurement."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

import attrs
import msgspec

from argus_trio.manage_client.clean import width

ROOT: Final = Path(__file__).parents[1]
COLUMNS: Final = 100
ROWS: Final = 30
WAIT_SECONDS: Final = 30.0
"""How long something may take to be seen."""
_CELL: Final = (8.4, 18.0)
"""A character's width and a line's height, in pixels."""
_SGR: Final = re.compile(r"\x1b\[([0-9;]*)m")
_BASIC: Final = (
    ("#1c1f26", "#d46a6a", "#6fbf73", "#d7b45a", "#5a8fd7", "#b57edc", "#56b6c2", "#c8ccd4"),
    ("#6b7280", "#ff8080", "#88dd88", "#ffe08a", "#88aaff", "#d7a6ff", "#66ddff", "#ffffff"),
)
_CUBE: Final = (0, 95, 135, 175, 215, 255)
BACKGROUND: Final = "#14161b"
TEXT: Final = "#c8ccd4"


@attrs.frozen
class Pen:
    """How text is written."""

    text: str = TEXT
    behind: str = ""
    is_bold: bool = False
    is_underlined: bool = False
    is_reversed: bool = False


def colour(number: int) -> str:
    """One of the 256 colours of a terminal, as the web has it."""
    if number < 16:
        return _BASIC[number // 8][number % 8]
    if number < 232:
        red, green, blue = (number - 16) // 36, (number - 16) // 6 % 6, (number - 16) % 6
        return f"#{_CUBE[red]:02x}{_CUBE[green]:02x}{_CUBE[blue]:02x}"
    return "#" + f"{8 + (number - 232) * 10:02x}" * 3


def drawn(pen: Pen, codes: list[int]) -> Pen:
    """The pen after the codes of one sequence (ECMA-48, SGR)."""
    while codes:
        code = codes.pop(0)
        if code == 0:
            pen = Pen()
        elif code in (1, 22):
            pen = attrs.evolve(pen, is_bold=code == 1)
        elif code in (4, 24):
            pen = attrs.evolve(pen, is_underlined=code == 4)
        elif code in (7, 27):
            pen = attrs.evolve(pen, is_reversed=code == 7)
        elif code in (38, 48) and codes[:1] == [5]:
            named, codes = colour(codes[1]), codes[2:]
            pen = attrs.evolve(pen, text=named) if code == 38 else attrs.evolve(pen, behind=named)
        elif code in (38, 48) and codes[:1] == [2]:
            named, codes = "#{:02x}{:02x}{:02x}".format(*codes[1:4]), codes[4:]
            pen = attrs.evolve(pen, text=named) if code == 38 else attrs.evolve(pen, behind=named)
        elif 30 <= code <= 37 or 90 <= code <= 97:
            pen = attrs.evolve(pen, text=colour(code - 30 if code < 90 else code - 82))
        elif 40 <= code <= 47 or 100 <= code <= 107:
            pen = attrs.evolve(pen, behind=colour(code - 40 if code < 100 else code - 92))
        elif code in (39, 49):
            pen = attrs.evolve(pen, text=TEXT) if code == 39 else attrs.evolve(pen, behind="")
    return pen


def pieces(line: str) -> Iterator[tuple[Pen, str]]:
    """A line as tmux captures it, in pieces of one pen."""
    pen, at = Pen(), 0
    for found in _SGR.finditer(line):
        if found.start() > at:
            yield pen, line[at : found.start()]
        pen, at = drawn(pen, [int(each or 0) for each in found[1].split(";")]), found.end()
    if at < len(line):
        yield pen, line[at:]


def picture(captured: str) -> str:
    """What is seen, as SVG."""
    across, down = _CELL
    parts = []
    for row, line in enumerate(captured.split("\n")[:ROWS]):
        column = 0
        for pen, text in pieces(line):
            columns = width(text)
            ink, behind = (pen.behind or BACKGROUND, pen.text) if pen.is_reversed else (pen.text, pen.behind)
            x, y, wide = column * across, row * down, columns * across
            if behind:
                parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{down}" fill="{behind}"/>')
            if text.strip():
                style = f"{' font-weight=' + chr(34) + 'bold' + chr(34) if pen.is_bold else ''}"
                style += ' text-decoration="underline"' if pen.is_underlined else ""
                parts.append(
                    f'<text x="{x:.1f}" y="{y + 13.5:.1f}" fill="{ink}" textLength="{wide:.1f}"'
                    f' lengthAdjust="spacingAndGlyphs" xml:space="preserve"{style}>{escape(text)}</text>'
                )
            column += columns
    size = f'width="{COLUMNS * across:.0f}" height="{ROWS * down:.0f}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="ui-monospace, Menlo, Consolas, monospace"'
        f' font-size="14"><rect width="100%" height="100%" fill="{BACKGROUND}"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


@attrs.frozen(kw_only=True)
class Stage:
    """A terminal with the dashboard in it."""

    socket: str

    def tmux(self, *words: str) -> str:
        """What tmux says to a command."""
        return subprocess.run(
            ["tmux", "-S", self.socket, *words], check=True, capture_output=True, text=True, timeout=WAIT_SECONDS
        ).stdout

    def press(self, *keys: str) -> None:
        """Press keys, by their names in tmux; a text after `=` is typed."""
        for key in keys:
            self.tmux("send-keys", "-t", "it", *(["-l", key[1:]] if key.startswith("=") else [key]))
            time.sleep(0.15)

    def until(self, text: str) -> None:
        """Wait until it is seen. Raises TimeoutError."""
        deadline = time.monotonic() + WAIT_SECONDS
        while text not in self.tmux("capture-pane", "-p", "-t", "it"):
            if time.monotonic() > deadline:
                raise TimeoutError(text)
            time.sleep(0.1)

    def keep(self, name: str) -> None:
        """Write what is seen as a picture."""
        folder = ROOT / "docs" / "pictures"
        folder.mkdir(exist_ok=True)
        time.sleep(1.2)
        (folder / f"{name}.svg").write_text(picture(self.tmux("capture-pane", "-p", "-e", "-t", "it")))


@contextmanager
def staged() -> Iterator[tuple[Stage, str]]:
    """A gateway with two backends, and a terminal; both are gone afterwards. Gives the gateway's address too."""
    folder = Path(tempfile.mkdtemp(prefix="argus-pictures-"))
    python = [sys.executable, "-m"]
    clock = {"type": "stdio", "command": python[0], "args": ["-m", "argus_trio.samples.clock"]}
    desk = {"type": "stdio", "command": python[0], "args": [str(ROOT / "tests/servers/desk.py")]}
    gone = {"type": "stdio", "command": "archive-server"}
    backends = {"clock": {**clock, "env": {"PYTHONPATH": str(ROOT)}}, "desk": desk, "archive": gone}
    (folder / "config.yaml").write_text(json.dumps({"isolation": "off", "backends": backends}))
    serve = [*python, "argus_trio", "serve", "-c", str(folder / "config.yaml"), "--port", "9000"]
    socket = str(folder / "tmux")
    with subprocess.Popen(serve, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as gateway:
        stage = Stage(socket=socket)
        size = ["-x", str(COLUMNS), "-y", str(ROWS)]
        command = f"{sys.executable} -m argus_trio tui --server http://127.0.0.1:9000"
        environ = {
            **os.environ,
            "TERM": "xterm-256color",
            "COLORTERM": "",
            "PYTHONPATH": str(ROOT),
            "LC_ALL": "C.UTF-8",
        }
        time.sleep(3)
        subprocess.run(
            ["tmux", "-S", socket, "-f", os.devnull, "new-session", "-d", "-s", "it", *size, command],
            check=True,
            env=environ,
            cwd=ROOT,
        )
        try:
            yield stage, "http://127.0.0.1:9000"
        finally:
            subprocess.run(["tmux", "-S", socket, "kill-server"], check=False)
            gateway.terminate()
    shutil.rmtree(folder)


def calls(count: int) -> None:
    """Some calls, so that there are figures."""
    command = [sys.executable, "-m", "argus_trio", "call", "clock__now", "--server", "http://127.0.0.1:9000"]
    for _ in range(count):
        subprocess.run(command, check=False, capture_output=True, cwd=ROOT, timeout=WAIT_SECONDS)


def main() -> None:
    """Make all of them anew."""
    with staged() as (stage, _):
        stage.until("ready")
        calls(12)
        stage.keep("overview")
        stage.press("2", "/", "=order", "Enter")
        stage.until("customer")
        stage.press("=Ada", "Tab", "Tab", "=12 Analytical Lane", "Tab", "Right", "Tab", "Right")
        stage.keep("form")

    names = sorted(path.name for path in (ROOT / "docs" / "pictures").glob("*.svg"))
    print(msgspec.json.encode(names).decode())


if __name__ == "__main__":
    main()
