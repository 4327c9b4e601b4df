"""What is said of variables that the original Argus read."""

from __future__ import annotations

from argus_trio.config.check.check_variables import VARIABLES
from tests.config.support.reading import STDIO, read

TOKEN = {"ARGUS_MGMT_TOKEN": "hush-hush-hush-hush"}


def told(text: str, environ: dict[str, str]) -> list[tuple[str, str, str]]:
    warnings = read(text, environ=environ).warnings
    return [(each.path, each.message, each.hint) for each in warnings if not each.path.endswith(".command")]


def test_a_variable_of_the_original_that_nobody_reads_is_told_with_what_to_write() -> None:
    ((path, message, hint),) = told(STDIO, TOKEN)
    assert path == "server.management.token"
    assert message.startswith("$ARGUS_MGMT_TOKEN is set and not read")
    assert '{token: "${ARGUS_MGMT_TOKEN}"}' in hint
    assert "hush" not in message + hint
    assert len(told(STDIO, dict.fromkeys(VARIABLES, "x"))) == len(VARIABLES)


def test_one_that_the_file_names_is_read() -> None:
    assert told('server: {management: {token: "${ARGUS_MGMT_TOKEN}"}}\n' + STDIO, TOKEN) == []
    assert told(STDIO, {"ARGUS_MGMT_TOKEN": "", "ARGUS_TOKEN": "x", "ARGUS_URL": "x"}) == []
