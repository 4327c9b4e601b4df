"""Runs a function on bytes that coverage guides (atheris, libFuzzer), until the time is over or it raises."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

ROOMS: Final = ["argus_trio.wire", "h11", "tests.wire.support"]
"""Whose coverage guides. They must not have been imported before."""
MAX_BYTES: Final = 4096
PIECES: Final = [
    b"Content-Length: 3\r\n",
    b"content-length: 3, 3\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Connection: close\r\n",
    b"name: value\r\n",
    b"a:\r\n b\r\n",
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n\r\n",
    b": ",
    b" ",
    b"\t",
    b",",
    b"\x00",
    b"\x0b",
    b"\x7f",
    b"\xff",
    b"abc",
    b"3\r\nabc\r\n",
    b"0\r\n\r\n",
    b"0\r\na: b\r\n\r\n",
    b"3;x=y\r\n",
]
"""Words of HTTP/1.1, whoever says them."""


def guide(name: str, find: Callable[[], Callable[[bytes], object]], words: Sequence[bytes]) -> None:
    """Fuzz what `find` imports and returns, for as many seconds as the command line says; exits the process.

    `words` are what libFuzzer puts together and begins with.
    """
    if importlib.util.find_spec("atheris") is None:
        sys.exit("atheris is not installed")
    atheris = importlib.import_module("atheris")
    kept = Path(tempfile.gettempdir()) / f"argus-fuzz-{name}"
    corpus = kept / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, word in enumerate(words):
        (corpus / f"word-{number}").write_bytes(word)
    written = ["".join(f"\\x{byte:02x}" for byte in word) for word in words if len(word) < 64]
    (kept / "words").write_text("".join(f'"{word}"\n' for word in written))
    with atheris.instrument_imports(include=ROOMS):
        target = find()

    def once(data: bytes) -> None:
        target(data)

    seconds = sys.argv[1] if len(sys.argv) > 1 else "60"
    options = [f"-max_total_time={seconds}", f"-dict={kept / 'words'}", f"-max_len={MAX_BYTES}"]
    options += [f"-artifact_prefix={kept}/", "-timeout=10", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], once)
    atheris.Fuzz()
