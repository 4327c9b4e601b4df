"""What the containers of a backend tried to reach: a table, and lists that a configuration takes as they are."""

from __future__ import annotations

import msgspec
import pytest
import yaml

from argus_trio.contract.backends import EgressAnswer, EgressHostEntry, EgressListsEntry, EgressOthersEntry
from tests.cli.conftest import Run
from tests.cli.fake import FakeManagement, problem
from tests.cli.values import AT

NONE = EgressListsEntry(allow=(), host_services=())


def host(name: str, port: int = 443, **more: object) -> EgressHostEntry:
    values: dict[str, object] = {
        "during": "run",
        "passed": 0,
        "refused": 0,
        "failed": 0,
        "by": None,
        "reason": None,
        "message": None,
        "sent": 0,
        "received": 0,
    }
    entry = {"host": name, "port": port, "first": AT, "latest": AT, **values, **more}
    return msgspec.convert(entry, EgressHostEntry)


def answer(*hosts: EgressHostEntry, **more: object) -> EgressAnswer:
    lists: dict[str, object] = {
        "plan": "contained",
        "network": "public",
        "others": None,
        "let_through": NONE,
        "not_let_through": NONE,
        **more,
    }
    return EgressAnswer(backend="files", hosts=hosts, **lists)  # type: ignore[arg-type]  # each test says which


def test_attempts_are_a_table_with_the_reason_of_each(argus: Run, fake: FakeManagement) -> None:
    fake.answers["GET /backends/files/egress"] = answer(
        host("api.example", passed=3, by="public", sent=2048, received=1),
        host("fd00::1", 80, refused=2, message="it is an address"),
        host("pypi.org", passed=1, during="installation"),
        host("\x1b[31mred", refused=1, during="installation", message="no"),
        others=EgressOthersEntry(passed=1, refused=2, failed=3, sent=4, received=5),
    )
    ran = argus("egress", "files")
    assert (ran.code, ran.err) == (0, "")
    lines = [line.split() for line in ran.out.splitlines()]
    assert lines[0] == ["HOST", "PASSED", "REFUSED", "FAILED", "SENT", "RECEIVED", "LATEST", "WHY"]
    assert lines[1][:8] == ["api.example:443", "3", "0", "0", "2.0", "KiB", "1", "byte"]
    assert lines[2][0] == "[fd00::1]:80"
    assert lines[2][-4:] == ["it", "is", "an", "address"]
    assert lines[3][-5:] == ["while", "its", "image", "was", "made"]
    assert lines[4][-2:] == ["made:", "no"]
    assert lines[5][:4] == ["(others)", "1", "2", "3"]
    assert "\x1b" not in ran.out
    assert "container:" not in ran.out


def test_the_lists_are_yaml_that_the_file_takes(argus: Run, fake: FakeManagement) -> None:
    fake.answers["GET /backends/files/egress"] = answer(
        host("api.example", passed=1),
        let_through=EgressListsEntry(allow=("api.example:443", "b.example:80"), host_services=("[::1]:5432",)),
        not_let_through=EgressListsEntry(allow=("c.example:443",), host_services=()),
    )
    _, let_through, refused = argus("egress", "files").out.split("\n\n")
    assert yaml.safe_load(let_through) == {
        "container": {
            "network": {"allow": ["api.example:443", "b.example:80"]},
            "host_services": ["[::1]:5432"],
        }
    }
    assert let_through.startswith("# what was let through, and nothing else")
    assert yaml.safe_load(refused) == {"container": {"network": {"allow": ["c.example:443"]}}}
    assert refused.startswith("# what was refused")


def test_where_services_alone_were_reached_the_rest_is_closed(argus: Run, fake: FakeManagement) -> None:
    fake.answers["GET /backends/files/egress"] = answer(
        host("db", 5432, passed=1), let_through=EgressListsEntry(allow=(), host_services=("db:5432",))
    )
    _, let_through = argus("egress", "files").out.split("\n\n")
    assert yaml.safe_load(let_through) == {"container": {"network": {"allow": []}, "host_services": ["db:5432"]}}


@pytest.mark.parametrize(
    ("plan", "network", "said"),
    [
        ("bare", None, "it runs bare"),
        ("contained", "bridge", "its network is bridge"),
        ("contained", "none", "its network is none"),
        ("contained", "public", ""),
        (None, None, ""),
    ],
)
def test_where_nothing_is_counted_that_is_said(
    argus: Run, fake: FakeManagement, plan: str | None, network: str | None, said: str
) -> None:
    fake.answers["GET /backends/files/egress"] = answer(host("h", passed=1), plan=plan, network=network)
    ran = argus("egress", "files")
    assert said in ran.err
    assert bool(ran.err) == bool(said)


def test_nothing_is_told_as_such(argus: Run, fake: FakeManagement) -> None:
    fake.answers["GET /backends/files/egress"] = answer()
    ran = argus("egress", "files")
    assert ran.code == 0
    assert "none of its containers has tried to reach anything" in ran.out + ran.err


def test_with_json_it_is_printed_as_it_came(argus: Run, fake: FakeManagement) -> None:
    raw = msgspec.json.encode(answer(host("h", passed=1)))
    fake.answers["GET /backends/files/egress"] = (200, raw)
    assert argus("egress", "files", "--json").out.encode() == raw + b"\n"


def test_an_unknown_backend_is_told(argus: Run, fake: FakeManagement) -> None:
    fake.answers["GET /backends/x/egress"] = (404, problem("unknown-backend", 404, "no backend x"))
    ran = argus("egress", "x")
    assert ran.code == 1
    assert "no backend x" in ran.err
