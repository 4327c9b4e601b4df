"""What engines refuse, in sentences that say what to do."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from argus_trio.sandbox.engine.facts import EngineFacts
from argus_trio.sandbox.engine.failure import AskedFor, EngineFailed, FailureKind, hung, kind_of, no_answer, refusal

FACTS = EngineFacts(kind="docker", version="20.10", api_version="1.41", socket=Path("/run/docker.sock"))


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (404, "No such image: nope:1", "no_image"),
        (404, "manifest for nope:1 not found: manifest unknown: manifest unknown", "no_image"),
        (404, "pull access denied for x, repository does not exist or may require 'docker login'", "no_image"),
        (400, "invalid reference format", "no_image"),
        (404, "nope:1: image not known", "no_image"),
        (404, "No such container: 12", "no_container"),
        (404, 'no container with name or ID "12" found: no such container', "no_container"),
        (400, 'OCI runtime create failed: exec: "x": executable file not found in $PATH: unknown', "no_program"),
        (500, "crun: executable file `x` not found in $PATH: No such file or directory", "no_program"),
        (400, "unable to start container process: exec: permission denied", "no_program"),
        (500, "exec /bin/x: exec format error", "no_program"),
        (400, 'invalid mount config for type "bind": bind source path does not exist: /x', "no_source"),
        (500, "statfs /x: no such file or directory", "no_source"),
        (500, "write /var/lib/docker/x: no space left on device", "no_space"),
        (500, "failed to register layer: No space left on device", "no_space"),
        (500, 'Get "https://registry.example/v2/": dial tcp: lookup registry.example: no such host', "unreachable"),
        (500, "net/http: TLS handshake timeout", "unreachable"),
        (500, "x509: certificate signed by unknown authority", "unreachable"),
        (409, "Conflict. The container name is already in use", "conflict"),
        (500, "something else", "refused"),
    ],
)
def test_what_an_engine_says_has_a_kind(status: int, message: str, kind: FailureKind) -> None:
    assert kind_of(status, message) == kind


def said(message: str, status: int = 500, image: str = "") -> EngineFailed:
    return refusal(
        FACTS, AskedFor(doing="start the container", image=image), status=status, message=message, redact=str
    )


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("bind source path does not exist: /x", "or set isolation: off"),
        ("No such image: nope:1", "`docker pull nope:1`"),
        ("no space left on device", "`argus-trio clean`"),
        ("dial tcp: no such host", "proxy, DNS and certificate settings of its own"),
        ("executable file not found in $PATH", "the image does not have the program"),
        ("anything", "docker 20.10 refused to start the container: anything"),
        ("", "docker 20.10 refused to start the container: HTTP 500"),
    ],
)
def test_each_kind_says_what_to_do(message: str, hint: str) -> None:
    assert hint in said(message, image="nope:1").reason


def test_what_an_engine_says_is_one_line_cut_and_without_secrets() -> None:
    failed = refusal(
        FACTS,
        AskedFor(doing="x"),
        status=500,
        message="first\n  hunter2 " + "y" * 1000,
        redact=lambda text: text.replace("hunter2", "[…]"),
    )
    assert "first […] yyy" in failed.reason
    assert len(failed.reason) < 400
    assert failed.reason.endswith("…")


@pytest.mark.parametrize(
    ("number", "kind", "hint", "never_ran"),
    [
        (errno.EACCES, "denied", "add the user to the group docker", True),
        (errno.ENOENT, "absent", "its socket is gone", True),
        (errno.ECONNREFUSED, "absent", "nobody listens there", True),
        (None, "absent", "broke the connection off", False),
    ],
)
def test_an_engine_that_is_not_reached_is_told_by_why(
    number: int | None, kind: str, hint: str, never_ran: bool
) -> None:
    failed = no_answer(FACTS, AskedFor(doing="start the container"), number)
    assert (failed.kind, failed.never_ran) == (kind, never_ran)
    assert hint in failed.reason
    assert "/run/docker.sock" in failed.reason


def test_one_that_hangs_is_told_with_the_time_that_it_had() -> None:
    failed = hung(FACTS, AskedFor(doing="start the container"), 30)
    assert failed.reason.startswith("docker 20.10 did not start the container within 30 s: it hangs")
    assert not failed.never_ran


def test_the_same_failure_for_another_task_keeps_its_kind() -> None:
    again = said("No such image: x", status=404).again(never_ran=True)
    assert (again.kind, again.status, again.never_ran) == ("no_image", 404, True)
