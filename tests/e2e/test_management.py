"""The management API of a real gateway, asked with `curl` and with bare sockets."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from tests.e2e.child import ROOT
from tests.e2e.gateway import Gateway, Json, running, stdio, written

PAGE = (ROOT / "docs" / "management.md").read_text()
EXAMPLES = [
    line for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE) for line in block.splitlines()
]
CONFIG: Json = {
    "backends": {
        "files": stdio("echo.py", filters={"tools": {"deny": ["fail"]}}),
        "other": stdio("echo.py", prefix="", tool_overrides={"echo": {"name": "say"}}),
    }
}


@pytest.fixture(scope="module")
def argus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with running(CONFIG, tmp_path_factory.mktemp("management")) as gateway:
        yield gateway


def curl(gateway: Gateway, example: str) -> str:
    command = example.replace("http://127.0.0.1:9000", gateway.url).replace("curl ", "curl -f --max-time 10 ", 1)
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, f"{example}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_the_page_works_as_it_stands_there(argus: Gateway, example: str) -> None:
    assert curl(argus, example).strip()


def test_the_example_for_a_scraper_lets_it_scrape_and_nothing_more(tmp_path: Path) -> None:
    (middleware,) = re.findall(r"^```yaml\n(middleware:.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    config = {"backends": {}, **yaml.safe_load(middleware)}
    with running(config, tmp_path, env={"METRICS_TOKEN": "scraper-0123456789"}) as gateway:
        scrape = f"curl -s {gateway.url}/manage/v1/metrics"
        assert "\nargus_ready 1\n" in curl(gateway, f"{scrape} -H 'Authorization: Bearer scraper-0123456789'")
        assert gateway.get("/manage/v1/metrics")[0] == 401
        reload = f"curl -s -X POST {gateway.url}/manage/v1/reload -H 'Authorization: Bearer scraper-0123456789'"
        assert '"error":"forbidden"' in subprocess.run(["bash", "-c", reload], capture_output=True, text=True).stdout


def test_what_is_hidden_is_told_with_the_reason_and_what_is_renamed_with_both_names(argus: Gateway) -> None:
    _, told = argus.get("/manage/v1/capabilities?type=tools&search=*fail")
    assert [(each["backend"], each["name"], each["hidden"], each["why"]) for each in told["tools"]] == [
        ("files", "files__fail", "filter", "filters.tools.deny has fail"),
        ("other", "fail", None, None),
    ]
    _, told = argus.get("/manage/v1/capabilities?type=tools&search=say")
    assert [(each["name"], each["original_name"], each["renamed"]) for each in told["tools"]] == [("say", "echo", True)]
    assert told["route_map"] == {"say": ["other", "echo"]}


def test_pages_of_a_real_catalog_are_all_of_it(argus: Gateway) -> None:
    whole = argus.get("/manage/v1/capabilities")[1]
    names: list[str] = []
    after: str | None = ""
    while after is not None:
        page = argus.get(f"/manage/v1/capabilities?limit=3&after={after}")[1]
        names += [each["name"] for each in page["tools"]]
        after = page["next"]
    assert names == [each["name"] for each in whole["tools"]]


def test_a_backend_tells_its_latest_states_and_since_when_it_is_connected(argus: Gateway) -> None:
    _, entry = argus.get("/manage/v1/backends/files")
    assert [each["type"] for each in entry["conditions"]][-2:] == ["starting", "ready"]
    assert [each["status"] for each in entry["conditions"]].count("True") == 1
    assert entry["connected_at"] == entry["conditions"][-1]["timestamp"]
    assert (entry["state"], entry["phase"], entry["hold"]) == ("ready", "ready", None)


def test_the_states_of_a_backend_outlast_a_reload_that_replaces_it(tmp_path: Path) -> None:
    with running({"server": {"watch": False}, "backends": {"files": stdio("echo.py")}}, tmp_path) as gateway:
        changed = stdio("echo.py", env={"CHANGED": "1"})
        written({"server": {"watch": False}, "backends": {"files": changed}}, tmp_path, gateway.mark)
        report = json.loads(curl(gateway, "curl -s -X POST http://127.0.0.1:9000/manage/v1/reload"))
        assert report["backends_changed"] == ["files"]
        _, entry = gateway.get("/manage/v1/backends/files")
        assert [each["type"] for each in entry["conditions"]] == ["starting", "ready", "starting", "ready"]
        assert [each["status"] for each in entry["conditions"]] == ["False", "False", "False", "True"]
        assert entry["connected_at"] == entry["conditions"][-1]["timestamp"]


@pytest.mark.parametrize(
    ("head", "status", "error"),
    [
        ("GET /manage/v1/backends/%2e%2e%2fstatus", 404, "not_found"),
        ("GET /manage/v1/backends/files%2f", 200, None),
        ("GET /manage/v1/backends/%66iles", 200, None),
        ("GET /manage/v1/backends/a%00b", 404, "unknown_backend"),
        ("GET /manage/v1/backends/%ff%fe", 404, "unknown_backend"),
        ("GET /manage/v1/backends/%zz", 404, "unknown_backend"),
        ("GET /manage/v1/../v1/backends", 404, "not_found"),
        ("GET /manage/v1//backends", 404, "not_found"),
        ("GET /manage/v1/capabilities?search=%", 200, None),
        ("GET /manage/v1/capabilities?limit=" + "9" * 4000, 400, "bad_request"),
        ("GET /manage/v1/capabilities?after=" + "A" * 4000, 404, "unknown_page"),
        ("BREW /manage/v1/health", 405, "method_not_allowed"),
        ("HEAD /manage/v1/backends", 200, None),
    ],
)
def test_what_is_odd_on_the_wire_is_answered(argus: Gateway, head: str, status: int, error: str | None) -> None:
    found, body = raw(argus, head)
    assert found == status, body
    if error is not None:
        assert json.loads(body)["error"] == error


def test_a_query_of_64_kilobytes_is_refused_and_the_gateway_goes_on(argus: Gateway) -> None:
    status, _ = raw(argus, "GET /manage/v1/capabilities?search=" + "x" * 65_536)
    assert status in (400, 414, 431)
    assert argus.get("/manage/v1/health")[0] == 200


def raw(gateway: Gateway, head: str) -> tuple[int, bytes]:
    """One request, as its head is written: status and body."""
    place = urlsplit(gateway.url)
    assert place.hostname
    assert place.port
    with socket.create_connection((place.hostname, place.port), timeout=10) as wire:
        wire.sendall(f"{head} HTTP/1.1\r\nhost: {place.netloc}\r\nconnection: close\r\n\r\n".encode("latin-1"))
        answer = b""
        while part := wire.recv(65_536):
            answer += part
    start, _, body = answer.partition(b"\r\n\r\n")
    return int(start.split()[1]), body
