"""What a record knows of where an exchange goes."""

from __future__ import annotations

import pytest

from argus_trio.core.call.record import CallRecord
from argus_trio.wire.envelope import Params, Raw


@pytest.mark.parametrize(
    ("params", "own"),
    [
        ({"name": Raw(b'"read"')}, "read"),
        ({"uri": Raw(b'"a://b"')}, "a://b"),
        ({"ref": Raw(b'{"type":"ref/prompt","name":"greet"}')}, "greet"),
        ({"taskId": Raw(b'"7"')}, "7"),
        ({"name": Raw(b"7")}, ""),
        ({}, ""),
    ],
)
def test_the_own_name_is_what_the_params_name(params: Params, own: str) -> None:
    assert CallRecord(params=params).own == own
