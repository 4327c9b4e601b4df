"""Where clients are led: what is said, else what the configuration says, else the usual address; with doubts."""

from __future__ import annotations

from pathlib import Path

import pytest

from argus_trio.cli.clients.address import FoundAddress, NoAddress, find_address


def found(tmp_path: Path, url: str | None = None, *, view: str = "", text: str = "", **environ: str) -> FoundAddress:
    if text:
        (tmp_path / "config.yaml").write_text(text)
    return find_address(url, None, view=view, environ={"HOME": str(tmp_path), **environ}, cwd=tmp_path)


@pytest.mark.parametrize(
    ("said", "base", "view"),
    [
        ("http://h:1", "http://h:1", ""),
        ("https://h/mcp", "https://h", ""),
        ("https://h/below/sse/", "https://h/below", ""),
        ("https://h/mcp/a%20b", "https://h", "a b"),
        ("https://h/manage/v1", "https://h", ""),
    ],
)
def test_what_is_said_may_name_any_endpoint(tmp_path: Path, said: str, base: str, view: str) -> None:
    for address in (found(tmp_path, said), found(tmp_path, ARGUS_URL=said)):
        assert (address.base, address.view) == (base, view)


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("h:1", "is no address"),
        ("ftp://h", "is no address"),
        ("http://", "is no address"),
        ("http://h:x", "is no address"),
        ("http://h/a b", "is no address"),
        ("unix:/run/a.sock", "is no address"),
        ("http://u:secret@h", "a user or a password"),
        ("http://h/?a=secret", "has a \\? or a #"),
    ],
)
def test_what_is_no_address_is_refused_without_its_secrets(tmp_path: Path, said: str, what: str) -> None:
    with pytest.raises(NoAddress, match=what) as refused:
        found(tmp_path, said)
    assert "secret" not in str(refused.value)


def test_two_views_are_one_too_many(tmp_path: Path) -> None:
    with pytest.raises(NoAddress, match="names the view a, --view another one: b"):
        found(tmp_path, "http://h/mcp/a", view="b")
    assert found(tmp_path, "http://h/mcp/a", view="a").view == "a"


@pytest.mark.parametrize(
    ("server", "base"),
    [
        ("", "http://127.0.0.1:9000"),
        ("server: {port: 9100}", "http://127.0.0.1:9100"),
        ("server: {host: 0.0.0.0}", "http://127.0.0.1:9000"),
        ('server: {host: "::"}', "http://[::1]:9000"),
        ('server: {host: "::1", port: 9100}', "http://[::1]:9100"),
        ("server: {host: gateway.lan}", "http://gateway.lan:9000"),
        ("server: {tls: {cert_file: c, key_file: k}}", "https://127.0.0.1:9000"),
        ("server: {port: 9100, public_url: https://argus.example/below}", "https://argus.example/below"),
        ("server: {port: '${PORT}'}", "http://127.0.0.1:9200"),
        ("server: {port: '${PORT_OF_FILE}'}\nenv_file: e", "http://127.0.0.1:9300"),
    ],
)
def test_the_configuration_says_where_whatever_else_is_wrong_with_it(tmp_path: Path, server: str, base: str) -> None:
    (tmp_path / "e").write_text("PORT_OF_FILE=9300\n")
    text = f"{server}\nbackends: {{a: {{type: nonsense, command: '${{UNSET}}'}}}}\n"
    address = found(tmp_path, text=text, PORT="9200")
    assert (address.base, address.doubts) == (base, ())


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("server: {port: many}", "argus-trio check"),
        ("server: {port: '${UNSET}'}", "argus-trio check"),
        ("server: [", "argus-trio check"),
        ("[]", "argus-trio check"),
        ("server: {port: 0}", "another one at each start"),
    ],
)
def test_an_address_that_is_not_to_be_known_is_doubted(tmp_path: Path, text: str, doubt: str) -> None:
    address = found(tmp_path, text=text)
    assert address.base == "http://127.0.0.1:9000"
    assert [doubt in each and "say --url" in each for each in address.doubts] == [True]


def test_a_view_that_the_configuration_has_not_is_doubted(tmp_path: Path) -> None:
    text = "views: {safe: {}, small: {}}"
    assert found(tmp_path, text=text, view="safe").doubts == ()
    (doubt,) = found(tmp_path, text=text, view="sfae").doubts
    assert doubt.endswith("has no view sfae; its views: safe, small")


def test_a_gateway_that_has_clients_say_who_they_are_is_known(tmp_path: Path) -> None:
    assert not found(tmp_path, text="middleware: [{type: logging}]").is_guarded
    assert found(tmp_path, text="middleware: [{type: authentication}]").is_guarded


def test_without_a_configuration_it_is_the_usual_address(tmp_path: Path) -> None:
    assert found(tmp_path).base == "http://127.0.0.1:9000"


def test_a_socket_is_no_address_for_clients(tmp_path: Path) -> None:
    assert found(tmp_path, ARGUS_URL="unix:/run/a", text="server: {port: 9100}").base == "http://127.0.0.1:9100"


def test_a_configuration_that_is_named_and_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoAddress, match="there is no such file"):
        find_address(None, Path("none.yaml"), view="", environ={}, cwd=tmp_path)
    with pytest.raises(NoAddress, match="there is no such file"):
        found(tmp_path, ARGUS_CONFIG="none.yaml")
