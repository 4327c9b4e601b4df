"""What the gateway and a shim say to each other, and the sentences that come of it."""

from __future__ import annotations

import errno

import pytest

from argus_trio.errors import LinkFailed
from argus_trio.sandbox.plan.network import HostRule, NetworkPolicy
from argus_trio.sandbox.shim.order import (
    MemoryKills,
    ProcessorTime,
    ServerEnded,
    ServerNotStarted,
    ServerStarted,
    ShimReport,
    StartStage,
    end_within,
    ending,
    exited,
    inner_ports,
    lost,
    not_started,
    read_report,
    start_order,
)

GIBIBYTE = 1024**3


def test_an_order_is_its_length_and_fields_between_nul() -> None:
    order = start_order(["a", ""], {"X": "1=2"}, "/w", ports="80,443")
    assert order == len(order[8:]).to_bytes(8, "big") + b"80,443\0/w\x002\0a\0\0X=1=2"


def test_bytes_that_are_no_text_reach_the_program_as_they_came() -> None:
    assert start_order(["\udcff"], {}, None, ports="").endswith(b"\0\xff")


@pytest.mark.parametrize(
    ("argv", "env"), [(["a\0b"], {}), (["a"], {"A": "\0"}), (["a"], {"": "x"}), (["a"], {"A=B": ""})]
)
def test_what_no_program_can_get_is_refused(argv: list[str], env: dict[str, str]) -> None:
    with pytest.raises(LinkFailed):
        start_order(argv, env, None, ports="")


@pytest.mark.parametrize(
    ("policy", "ports"),
    [
        (NetworkPolicy(), "80,443"),
        (NetworkPolicy(mode="none"), ""),
        (NetworkPolicy(mode="bridge", services=(HostRule(host="db", port=1),)), ""),
        (NetworkPolicy(services=(HostRule(host="db", port=5432),)), "80,443,5432"),
        (NetworkPolicy(services=(HostRule(host="localhost", port=5432),)), "80,443,5432,localhost:5432"),
        (NetworkPolicy(mode="allow", allow=(HostRule(host="*.x.org", port=8080),)), "80,443,8080"),
    ],
)
def test_names_have_the_ports_of_the_policy_and_127_0_0_1_those_of_local_services(
    policy: NetworkPolicy, ports: str
) -> None:
    assert inner_ports(policy) == ports


def test_the_line_that_ends_everything_says_how_soon() -> None:
    assert end_within(0.5) == b"end 0.5\n"


@pytest.mark.parametrize(
    ("line", "report"),
    [
        (b"started 7", ServerStarted(pid=7)),
        (b"failed exec 2", ServerNotStarted(stage="exec", number=2)),
        (b"usage 1.5", ProcessorTime(seconds=1.5)),
        (b"oom 2", MemoryKills(count=2)),
        (b"ended 256", ServerEnded(status=256)),
    ],
)
def test_what_a_shim_reports_is_understood(line: bytes, report: ShimReport) -> None:
    assert read_report(line) == report


@pytest.mark.parametrize(
    "line",
    [b"", b"hello", b"started", b"started x", b"failed exec 99999", b"failed fly 1", b"usage nan", b"usage inf",
     b"ended -1", b"ended 65536", b"ended 1 2", b"\xff\xfe", b"ended 9" + b"9" * 4000],
)  # fmt: skip
def test_what_no_shim_says_is_nothing(line: bytes) -> None:
    assert read_report(line) is None


@pytest.mark.parametrize(
    ("stage", "number", "sentence"),
    [
        ("exec", errno.ENOENT, "command 'x', or its interpreter, is not in the image i; PATH is /bin"),
        ("exec", errno.EACCES, "command 'x' is not executable in the image i; PATH is /bin"),
        ("exec", errno.ENOEXEC, "command 'x' cannot be executed in the image i: Exec format error; PATH is /bin"),
        (
            "chdir",
            errno.ENOENT,
            "cwd '/w' cannot be entered in its container: No such file or directory; `container.mounts` can mount it "
            "there",
        ),
        (
            "network",
            errno.EACCES,
            "its container cannot serve names on port 53: Permission denied; with `network: none` it needs none",
        ),
    ],
)
def test_why_a_server_does_not_run_is_a_sentence(stage: StartStage, number: int, sentence: str) -> None:
    failed = ServerNotStarted(stage=stage, number=number)
    assert not_started(failed, command="x", cwd="/w", image="i", path="/bin") == sentence


def test_a_command_with_its_path_is_not_said_to_be_searched() -> None:
    failed = ServerNotStarted(stage="exec", number=errno.ENOENT)
    assert not_started(failed, command="/x", cwd=None, image="i", path=None).endswith("is not in the image i")


@pytest.mark.parametrize(
    ("status", "kills", "sentence"),
    [
        (0, 0, "exited with code 0"),
        (3 * 256, 0, "exited with code 3"),
        (15, 0, "was killed by SIGTERM"),
        (139, 0, "was killed by SIGSEGV"),
        (33, 0, "was killed by signal 33"),
        (9, 0, "was killed by SIGKILL"),
        (9, 1, "ran out of memory (container.memory is 1 GiB)"),
        (256, 2, "exited with code 1, after a process of it had run out of memory (container.memory is 1 GiB)"),
    ],
)
def test_how_a_server_ended_is_a_sentence(status: int, kills: int, sentence: str) -> None:
    assert ending(status, memory_kills=kills, memory=GIBIBYTE) == sentence


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (None, "ended with its container"),
        (1, "ended with its container, which exited with code 1"),
        (137, "was killed with its container: from outside, or out of memory (container.memory is 1000 bytes)"),
    ],
)
def test_how_a_container_without_a_word_ended_is_a_sentence(code: int | None, sentence: str) -> None:
    assert lost(code, memory=1000) == sentence


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (None, "ended, and its engine does not tell how"),
        (3, "exited with code 3"),
        (139, "was killed by SIGSEGV"),
        (137, "was killed by SIGKILL, perhaps since it ran out of memory (container.memory is 1 GiB)"),
    ],
)
def test_how_a_server_ended_of_which_only_the_engine_tells_is_a_sentence(code: int | None, sentence: str) -> None:
    assert exited(code, memory=GIBIBYTE) == sentence
