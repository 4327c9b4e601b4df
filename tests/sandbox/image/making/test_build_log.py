"""The log of a build: lines however they come, bounds, secrets, and the line that says why."""

from __future__ import annotations

import pytest

from argus_trio.sandbox.image.making.build_log import MAX_LINE_CHARACTERS, MAX_LINES, TAIL_LINES, BuildLog


def ignore(line: str) -> None:
    """Hear nothing."""


def log_of(text: str) -> BuildLog:
    log = BuildLog(redact=lambda line: line.replace("canary", "[redacted]"), on_line=ignore)
    log.feed(text.encode())
    log.end()
    return log


def test_lines_are_heard_whole_however_they_come_without_colours_and_without_secrets() -> None:
    heard: list[str] = []
    log = BuildLog(redact=lambda line: line.replace("canary", "[redacted]"), on_line=heard.append)
    for piece in (b"on", b"e\r\n  two \x1b[31m", b"red\x1b[0m\rca", b"nary\n\n", b"\xff\x07 rest"):
        log.feed(piece)
    log.end()
    assert heard == ["one", "two red", "[redacted]", "\ufffd rest"]


def test_a_log_without_end_and_a_line_without_end_are_bounded() -> None:
    log = log_of("".join(f"line {number}\n" for number in range(10_000)) + "x" * 10_000_000)
    assert len(log.tail) == TAIL_LINES
    assert all(len(line) <= MAX_LINE_CHARACTERS for line in log.tail)
    assert len(log._lines) == MAX_LINES


def test_the_last_error_of_pip_is_the_reason() -> None:
    log = log_of("ERROR: Could not find a version\nERROR: No matching distribution found for x\n[notice] upgrade\n")
    assert log.reason == "No matching distribution found for x"


def test_an_index_that_does_not_answer_or_lets_nobody_in_is_told_with_what_was_not_found() -> None:
    broken = (
        "WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by "
        "'ProtocolError('Connection aborted.', ConnectionResetError(104, 'reset'))': /simple/six/\n"
    )
    failed = "ERROR: No matching distribution found for six\n"
    assert log_of(broken + failed).reason == (
        "No matching distribution found for six "
        "(the index: ProtocolError('Connection aborted.', ConnectionResetError(104, 'reset')))"
    )
    refused = "WARNING: 401 Error, Credentials not correct for http://one.example/simple/six/\n"
    assert "401 Error, Credentials not correct" in log_of(refused + failed).reason


def test_the_first_error_of_npm_that_says_something_is_the_reason() -> None:
    log = log_of("npm http fetch\nnpm error code E404\nnpm error 404 Not Found - GET https://x\nnpm error 404 Note\n")
    assert log.reason == "404 Not Found - GET https://x"
    assert log_of("npm ERR! code EACCES\nnpm ERR! syscall mkdir\nnpm ERR! Your cache\n").reason == "Your cache"


def test_otherwise_the_last_line_is_the_reason_and_nothing_is_none() -> None:
    assert log_of("one\ntwo\n").reason == "two"
    assert log_of("").reason == ""


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("ERROR: Cannot find command 'git' - do you have 'git' installed and in your PATH?", "it needs git"),
        ("  error: command 'gcc' failed: No such file or directory", "it has to be compiled"),
        ("npm error gyp ERR! find Python", "it has to be compiled"),
        ("ERROR: Ignored the following versions that require a different python version: 2.0 Requires-Python >=3.14",
         "it needs another version of the interpreter"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] x'))", "container.ca_bundle"),
        ("WARNING: The repository located at x is not a trusted or secure host", "PIP_TRUSTED_HOST"),
        ("npm error code SELF_SIGNED_CERT_IN_CHAIN", "container.ca_bundle"),
        ("OSError: [Errno 28] No space left on device", "argus-trio clean"),
    ],
)  # fmt: skip
def test_what_is_known_to_help_is_told_with_the_reason(line: str, hint: str) -> None:
    assert hint in log_of(f"{line}\nERROR: No matching distribution found for x\n").reason


def test_where_a_script_of_a_package_failed_its_own_words_are_the_reason() -> None:
    log = log_of(
        "npm error code 1\nnpm error path /x\nnpm error command failed\nnpm error command sh -c node install.mjs\n"
        "npm error **INFO** Skipping.\nnpm error Error: Failed to set up chrome! Set X.\nnpm error     at y\n"
    )
    assert log.reason == "Error: Failed to set up chrome! Set X."
