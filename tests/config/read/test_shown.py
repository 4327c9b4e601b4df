"""A configuration as its file would say it."""

from __future__ import annotations

import json

import pytest

from argus_trio.config.load import parse
from argus_trio.config.read.shown import shown_config
from argus_trio.core.redaction import HIDDEN, Redactor
from tests.config.support.reading import NOWHERE, read
from tests.e2e.child import ROOT

TEXT = """
server: {management: {token: hush-1-0123456789abcdef}}
middleware:
- type: authentication
  methods: [{type: bearer, tokens: [{token: hush-2-0123456789abcdef, principal: ops}]}]
- {type: telemetry, otlp_endpoint: "http://127.0.0.1:4318", headers: {a: hush-3}}
backends:
  near:
    type: stdio
    command: run
    args: [--verbose, --api-key, hush-4, --token=hush-5, "plain-${BROUGHT}"]
    env: {KEY: hush-6}
    container:
      network: none
      index_url: https://u:hush-9@pypi.example/simple
      packages: ["git+https://hush-10@git.example/x"]
  far:
    type: streamable-http
    url: "https://far.example/mcp?api_key=hush-7&page=2"
    headers: {X-Key: hush-8}
"""


def test_no_secret_is_shown_and_everything_else_is() -> None:
    config = read(TEXT, environ={"BROUGHT": "hush-brought"})
    shown = shown_config(config, Redactor(config.secrets))
    text = json.dumps(shown)
    assert "hush" not in text
    assert shown["server"]["management"] == {"token": HIDDEN, "socket": None, "listen": None}  # type: ignore[index]
    near, far = shown["backends"]["near"], shown["backends"]["far"]  # type: ignore[index]
    assert near["args"] == ["--verbose", "--api-key", HIDDEN, f"--token={HIDDEN}", f"plain-{HIDDEN}"]
    assert near["container"]["network"] == "none"
    assert near["container"]["index_url"] == f"https://{HIDDEN}@pypi.example/simple"
    assert near["env"] == {"KEY": HIDDEN}
    assert far["url"] == f"https://far.example/mcp?api_key={HIDDEN}&page=2"
    assert far["headers"] == {"X-Key": HIDDEN}
    assert far["timeouts"]["call"] == 120


@pytest.mark.parametrize("name", ["argus.yaml", "minimal.yaml"])
def test_what_is_shown_says_the_same_again(name: str) -> None:
    text = (ROOT / "conf" / name).read_text()
    environ = {"HOME": "/home/me", "PATH": "/bin", "TICKETS_TOKEN": "", "WEATHER_KEY": ""}
    config = parse(text, source=name, folder=ROOT / "conf", environ=environ)
    again = json.dumps(shown_config(config, lambda each: each))
    once_more = parse(again, source="again", folder=NOWHERE, environ=environ)
    assert shown_config(once_more, str) == json.loads(again)
