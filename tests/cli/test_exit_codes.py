"""What a verb says, and exits with, where there is no answer or another one than was wished for."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.fake import FakeManagement, problem, serving
from tests.cli.values import STATUS, backend, backends
from tests.servers.certificates import make_authority

ROOT = Path(__file__).parents[2]


def test_nobody_there_is_3_with_what_to_do(plain: Run) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        ran = plain("status", "--server", f"http://127.0.0.1:{free.getsockname()[1]}/mcp")
    assert (ran.code, ran.out) == (3, "")
    assert "Connection refused; start one with `argus-trio serve`" in ran.err


@pytest.mark.parametrize("address", ["unix:/no/such.sock", "http://no-such-host.invalid", "http://" + "a" * 70 + ".b"])
def test_a_place_that_is_not_there_is_3(plain: Run, address: str) -> None:
    ran = plain("status", "--server", address)
    assert ran.code == 3
    assert "no gateway at" in ran.err


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"])
def test_who_speaks_something_else_is_3(plain: Run, said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(10_000)
                connection.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        ran = plain("status", "--server", f"http://127.0.0.1:{server.getsockname()[1]}")
        thread.join(10)
    assert ran.code == 3
    assert "broke off" in ran.err


@pytest.mark.parametrize(
    ("word", "status", "code"), [("unauthorized", 401, 4), ("forbidden", 403, 4), ("internal", 500, 1)]
)
def test_a_problem_is_told_with_its_detail(argus: Run, fake: FakeManagement, word: str, status: int, code: int) -> None:
    body = problem(word, status, "so it is \x1b[31m")
    fake.answers["GET /status"] = (status, body)
    ran = argus("status")
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith("argus-trio: so it is \\x1b[31m")
    assert json.loads(argus("status", "--json").out) == body


@pytest.mark.parametrize("form", [{"error": "not_found"}, {"type": "/manage/v1/problems/not-found", "status": 404}])
def test_where_the_management_api_is_not_it_is_told_where_it_may_be(
    argus: Run, fake: FakeManagement, form: dict[str, object]
) -> None:
    fake.answers["GET /status"] = (404, {"message": "nothing is served at this path", **form})
    ran = argus("status")
    assert (ran.code, ran.out) == (1, "")
    assert "server.management.listen" in ran.err


def test_what_is_no_gateway_is_told(argus: Run, fake: FakeManagement) -> None:
    fake.answers["GET /status"] = (404, b"<html>")
    ran = argus("status")
    assert (ran.code, "is no argus-trio gateway" in ran.err) == (3, True)
    fake.answers["GET /status"] = (502, b"<html>")
    ran = argus("status")
    assert (ran.code, "as a proxy does whose gateway is not there" in ran.err) == (3, True)
    fake.answers["GET /status"] = (302, b"")
    fake.headers["Location"] = "https://elsewhere/"
    ran = argus("status")
    assert (ran.code, "leads to https://elsewhere/" in ran.err) == (3, True)


def test_what_answers_with_a_page_is_no_gateway_with_json_either(argus: Run, fake: FakeManagement) -> None:
    fake.answers["GET /status"] = (200, b"<html>hello</html>")
    ran = argus("status", "--json")
    assert (ran.code, ran.out, "is no argus-trio gateway" in ran.err) == (3, "", True)


def test_an_answer_of_another_contract_is_told(argus: Run, fake: FakeManagement) -> None:
    fake.answers["GET /status"] = {"service": {}}
    ran = argus("status")
    assert (ran.code, ran.out) == (1, "")
    assert "is the gateway of another version?" in ran.err
    assert argus("status", "--json").out == '{"service":{}}\n'


def test_tls_is_checked_and_a_certificate_of_ones_own_can_be_trusted(
    plain: Run, fake: FakeManagement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, context = make_authority(tmp_path)
    fake.answers["GET /status"] = STATUS
    with serving(fake, tls=context) as address:
        ran = plain("status", "--server", address)
        assert (ran.code, "certificate is not trusted" in ran.err) == (3, True)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert plain("status", "--server", address).code == 0


def test_a_proxy_is_asked_for_others_and_never_for_this_machine(
    plain: Run, fake: FakeManagement, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.answers["GET /status"] = STATUS
    monkeypatch.setenv("http_proxy", url)
    assert plain("status", "--server", "http://gateway.example").code == 0
    assert fake.asked[-1].path == "http://gateway.example:80/manage/v1/status"
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert plain("status", "--server", url).code == 0
    monkeypatch.setenv("http_proxy", "nonsense://x")
    assert plain("status", "--server", "http://gateway.example").code == 2


def test_who_reads_no_more_is_no_fault(fake: FakeManagement, url: str) -> None:
    fake.answers["GET /backends"] = backends(*(backend(f"b{number}") for number in range(5000)))
    command = f"{sys.executable} -m argus_trio backends --server {url} | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("NAME ")


def test_what_cannot_be_written_is_told(fake: FakeManagement, url: str) -> None:
    fake.answers["GET /status"] = STATUS
    command = f"{sys.executable} -m argus_trio status --server {url} > /dev/full"
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stderr) == (1, "argus-trio: the answer cannot be written: No space left on device\n")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ("status --server http://127.0.0.1:1 2>/dev/full", 3, ""),
        ("call t - <&-", 2, "nothing stands where the arguments should"),
        ("call t - < <(printf '\\xff{')", 2, "stdin cannot be read: it is no UTF-8"),
        ("config validate - < <(printf '\\xff')", 2, "stdin cannot be read: it is no UTF-8"),
    ],
)
def test_odd_descriptors_are_no_fault(fake: FakeManagement, url: str, words: str, code: int, told: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m argus_trio {words}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "ARGUS_URL": url},
    )
    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_an_argument_that_is_no_text_is_told(argus: Run, fake: FakeManagement) -> None:
    for words in (("call", "t\udcff"), ("call", "t", "a=\udcff"), ("backends", "\udcff")):
        ran = argus(*words)
        assert (ran.code, "is no UTF-8" in ran.err) == (2, True)
    assert fake.asked == []


def test_a_closed_stdout_is_no_fault(fake: FakeManagement, url: str) -> None:
    fake.answers["GET /status"] = STATUS
    command = f"{sys.executable} -m argus_trio status --server {url} >&-"
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stderr) == (0, b"")
