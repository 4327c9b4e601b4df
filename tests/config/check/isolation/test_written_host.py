"""HOST:PORT as it is written, and what to write where it is not."""

from __future__ import annotations

import pytest

from argus_trio.config.check.isolation.written_host import flaw_of
from argus_trio.sandbox.plan.network import LOCALHOST, HostRule, host_rule


@pytest.mark.parametrize(
    "text",
    ["api.github.com:443", "*.example.com:443", "API.Example.COM:1", "db:65535", "a_b.c-d.e.:80", "bücher.example:443"],
)
def test_a_name_with_a_port_may_be_allowed(text: str) -> None:
    assert flaw_of(text, is_service=False) is None


@pytest.mark.parametrize(
    "text", ["localhost:5432", "127.0.0.1:5432", "[::1]:5432", "host.docker.internal:80", "db.internal:5432"]
)
def test_a_service_is_a_name_or_this_machine(text: str) -> None:
    assert flaw_of(text, is_service=True) is None


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("api.github.com", "write api.github.com:443 for HTTPS"),
        ("*.example.com", 'write "*.example.com:443" for HTTPS'),
        ("https://api.github.com", "write api.github.com:443"),
        ("https://api.github.com/graphql?x=1", "write api.github.com:443"),
        ("http://API.github.com", "write api.github.com:80"),
        ("https://u:secretpass@api.github.com:8443/x", "write api.github.com:8443"),
        ("https://*.example.com/", 'write "*.example.com:443"'),
        ("//api.github.com", "write api.github.com:443"),
        ("api.github.com:8443/graphql", "write api.github.com:8443"),
        ("api.github.com/graphql", "write api.github.com:443"),
        ("https://10.0.0.1/", "write 10.0.0.1:443"),
        ("https:///x", "for example api.example.com:443"),
        ("http://a b/", "for example api.example.com:443"),
        ("*", "for every host write network: public"),
        ("*:443", "for every host write network: public"),
        ("", "for example api.example.com:443"),
        (":443", "for example api.example.com:443"),
        ("a b:443", "for example api.example.com:443"),
        ("-a.example:443", "for example api.example.com:443"),
        ("a..b:443", "for example api.example.com:443"),
        (f"{'a' * 300}:443", "for example api.example.com:443"),
        ("api.*.com:443", "*.example.com:443"),
        ("*api.example.com:443", "*.example.com:443"),
        ("api.example.com:0", "an entry for each port"),
        ("api.example.com:70000", "an entry for each port"),
        ("api.example.com:80-90", "an entry for each port"),
        ("api.example.com:https", "an entry for each port"),
        ("10.0.0.1:443", "give it a name"),
        ("10.0.0.1", "give it a name"),
        ("[2001:db8::1]:443", "give it a name"),
        ("2001:db8::1", "give it a name"),
        ("localhost:5432", "write host_services: [localhost:5432] beside it"),
        ("127.0.0.1", "write host_services: [localhost:PORT] beside it"),
        ("host.docker.internal:80", "write host_services: [localhost:80] beside it"),
    ],
)
def test_what_may_not_be_allowed_is_told_with_what_to_write(text: str, hint: str) -> None:
    flaw = flaw_of(text, is_service=False)
    assert flaw is not None
    assert hint in flaw.hint
    assert "secretpass" not in f"{flaw}"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("postgres://app:secretpass@db:6000/x", "write db:6000"),
        ("postgresql://db/x", "write db:5432"),
        ("redis://cache", "write cache:6379"),
        ("http://localhost:8080/", "write localhost:8080"),
        ("*.internal:5432", "NAME:PORT for each"),
        ("*", "NAME:PORT for each"),
        ("", "for example localhost:5432"),
        ("localhost", "for example localhost:5432"),
        ("localhost:many", "for example localhost:5432"),
        ("10.0.0.5:5432", "give it a name"),
    ],
)
def test_what_is_no_service_is_told_with_what_to_write(text: str, hint: str) -> None:
    flaw = flaw_of(text, is_service=True)
    assert flaw is not None
    assert hint in flaw.hint
    assert "secretpass" not in f"{flaw}"


def planned(text: str) -> HostRule | None:
    try:
        return host_rule(text)
    except ValueError:
        return None


@pytest.mark.parametrize(
    "text",
    [
        *("a:1", "A.b.:65535", "_a-b.c:80", "a:00080", "*.a:1", "*.*.a:1", "x*y:1", "*", "*:443", ":443", "", "a b:1"),
        *("a:0", "a:70000", "a:x", "a:1:2", "a/b:1", "http://a:1", "a..b:1", ".a:1", "-a:1", "a-:1", f"{'a' * 64}:1"),
        *("localhost:1", "127.0.0.1:1", "[::1]:1", "::1:1", "host.docker.internal:1", "a.localhost:1", "127.1:1"),
        *("10.0.0.1:1", "10.0.0.1", "[2001:db8::1]:1", "2001:db8::1", "[a]:1", "b\u00fccher.example:443", "a:\u0663"),
    ],
)
def test_check_takes_what_a_plan_takes_and_nothing_else(text: str) -> None:
    rule = planned(text)
    assert (flaw_of(text, is_service=True) is None) == (rule is not None and not rule.host.startswith("*"))
    assert (flaw_of(text, is_service=False) is None) == (rule is not None and rule.host != LOCALHOST)
