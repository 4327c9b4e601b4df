"""The seal: opens what it sealed, and nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.errors import InvalidParams
from argus_trio.frontend.input_required.seal import AesGcmSeal

SEAL = AesGcmSeal()
SEALED = SEAL.seal(b"content")


@given(st.binary())
def test_what_is_sealed_can_be_opened_and_read_by_nobody_else(content: bytes) -> None:
    sealed = SEAL.seal(content)
    assert SEAL.open(sealed) == content
    assert SEAL.seal(content) != sealed
    with pytest.raises(InvalidParams, match="since it was started"):
        AesGcmSeal().open(sealed)


@given(st.integers(0, len(SEALED) - 1), st.integers(1, 63))
def test_every_change_of_a_character_is_noticed(place: int, step: int) -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = letters[(letters.index(SEALED[place]) + step) % 64]
    with pytest.raises(InvalidParams):
        SEAL.open(SEALED[:place] + other + SEALED[place + 1 :])


@pytest.mark.parametrize(
    "text",
    ["", "x", "=", SEALED + "=", SEALED + "\n", " " + SEALED, SEALED[:-1], SEALED[:30], "é", "\ud800"],
    ids=ascii,
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidParams):
        SEAL.open(text)


def test_it_is_not_loaded_at_the_start() -> None:
    program = "import sys, argus_trio.app; sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
