"""Which gateway is asked, and as whom."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from argus_trio.bridge.run import endpoint
from argus_trio.errors import LinkFailed
from argus_trio.manage_client.failure import CommandFailed
from argus_trio.manage_client.token import find_token
from argus_trio.manage_client.where import GatewayPlace, find_place
from tests.cli.conftest import Run
from tests.cli.fake import FakeManagement, serving
from tests.cli.values import STATUS

ENDS = ["", "/", "/mcp", "/mcp/", "/sse", "/manage/v1", "/manage/v1/", "/manage"]


@pytest.mark.parametrize("end", ENDS)
def test_an_address_means_the_same_with_and_without_its_end(end: str) -> None:
    expected = GatewayPlace(shown="http://h:1/pre", host="h", port=1, prefix="/pre")
    assert find_place(f"http://h:1/pre{end}", {}) == expected
    assert find_place(None, {"ARGUS_URL": f"http://h:1/pre{end}"}) == expected
    assert endpoint(f"http://h:1/pre{end}") == "http://h:1/pre/mcp"


def test_the_endpoint_of_a_view_names_the_view_as_well() -> None:
    place = find_place("https://h/mcp/a%20b", {})
    assert (place.prefix, place.view, place.port, place.is_tls) == ("", "a b", 443, True)
    assert endpoint("https://h/sse/safe") == "https://h/mcp/safe"


@pytest.mark.parametrize("address", ["unix:/run/a.sock", "unix:///run/a.sock"])
def test_a_unix_socket_is_named_by_its_path(address: str) -> None:
    assert find_place(address, {}) == GatewayPlace(shown="unix:/run/a.sock", socket="/run/a.sock")


def test_the_bridge_says_that_it_takes_no_unix_socket() -> None:
    with pytest.raises(LinkFailed, match="over HTTP alone"):
        endpoint("unix:/run/a.sock")


@pytest.mark.parametrize(
    "address",
    ["", "h:9000", "ftp://h", "http://", "http://[", "http://h:x", "http://u:geheim@h", "unix:", "http://h/a b"],
)
def test_what_is_no_address_is_refused_without_its_secrets(plain: Run, address: str) -> None:
    ran = plain("status", f"--server={address}")
    if address:  # an empty one counts as none
        assert ran.code == 2
        assert "--server" in ran.err
        assert "geheim" not in ran.err


def test_without_any_the_usual_address_is_asked() -> None:
    assert find_place(None, {}).shown == "http://127.0.0.1:9000"


def test_the_only_socket_of_a_running_gateway_is_taken(
    plain: Run, fake: FakeManagement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run" / "argus-trio"
    folder.mkdir(parents=True)
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(folder / "argus-trio-1.sock"))
    dead.close()
    (folder / "argus-trio-file.sock").write_text("")
    fake.answers["GET /status"] = STATUS
    with serving(fake, path=folder / "argus-trio-9000.sock") as address:
        ran = plain("status")
        assert (ran.code, ran.err) == (0, "")
        assert address in ran.out
        with serving(FakeManagement(), path=folder / "argus-trio-9001.sock") as other:
            ran = plain("status")
            assert ran.code == 2
            assert f"--server {address}" in ran.err
            assert f"--server {other}" in ran.err
            monkeypatch.setenv("ARGUS_URL", address)
            assert plain("status").code == 0


def test_a_token_is_sent_and_never_shown(
    argus: Run, fake: FakeManagement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.answers["GET /status"] = STATUS
    monkeypatch.setenv("ARGUS_TOKEN", "of-the-environment\n")
    argus("status")
    file = tmp_path / "token"
    file.write_text("of-the-file\n")
    file.chmod(0o600)
    ran = argus("status", "--token-file", str(file))
    assert [each.headers["authorization"] for each in fake.asked] == ["Bearer of-the-environment", "Bearer of-the-file"]
    assert "of-the" not in ran.out + ran.err


def test_a_token_that_others_can_read_is_warned_of(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("secret")
    file.chmod(0o644)
    told: list[str] = []
    assert find_token(str(file), {}, told.append) == "secret"
    assert told == [f"other users can read {file}: chmod 600 {file}"]


@pytest.mark.parametrize("text", ["", "\n", "two words", "ümlaut", "x" * 70_000])
def test_what_is_no_token_is_refused_without_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "token"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(CommandFailed) as failed:
        find_token(str(file), {}, print)
    assert failed.value.code == 2
    assert not text.strip() or text not in str(failed.value)
    with pytest.raises(CommandFailed, match="No such file"):
        find_token(str(tmp_path / "none"), {}, print)
