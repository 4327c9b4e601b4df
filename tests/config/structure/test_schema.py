"""The JSON Schema: the same rules as the loader, for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import attrs
import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types

from argus_trio.config.load import load
from argus_trio.config.model.backend import Backend, BackendSpec
from argus_trio.config.model.config import Config
from argus_trio.config.structure.schema import schema
from argus_trio.config.structure.structure import keys_of
from tests.config.support.reading import HTTP, STDIO, problem, problems, read

CONF = Path(__file__).parents[3] / "conf"
VALIDATOR = Draft202012Validator(schema())

TLS = "server: {tls: {cert_file: secret, key_file: secret, nonsense: 1}}"
ONE_METHOD = "{type: api_key, keys: [{key: abcdefghijklmnop, principal: a}]}"
METHOD = "middleware: [{type: authentication, methods: [{%s}]}]"
UNKNOWN = {
    "Config": "nonsense: 1",
    "Server": "server: {nonsense: 1}",
    "ServerManagement": "server: {management: {nonsense: 1}}",
    "ServerLimits": "server: {limits: {nonsense: 1}}",
    "ServerTls": TLS,
    "ConflictResolution": "conflict_resolution: {nonsense: 1}",
    "Defaults": "defaults: {nonsense: 1}",
    "StdioBackend": STDIO + "    nonsense: 1",
    "HttpBackend": HTTP + "    nonsense: 1",
    "SseBackend": "backends: {a: {type: sse, url: 'http://x', nonsense: 1}}",
    "Timeouts": STDIO + "    timeouts: {nonsense: 1}",
    "Restart": STDIO + "    restart: {nonsense: 1}",
    "Probing": STDIO + "    health: {nonsense: 1}",
    "Bounds": STDIO + "    limits: {nonsense: 1}",
    "Filters": STDIO + "    filters: {nonsense: 1}",
    "Globs": STDIO + "    filters: {tools: {nonsense: 1}}",
    "Override": STDIO + "    tool_overrides: {t: {nonsense: 1}}",
    "ClientTls": HTTP + "    tls: {nonsense: 1}",
    "Container": STDIO + "    container: {nonsense: 1}",
    "NetworkSpec": STDIO + "    container: {network: {allow: ['a:1'], nonsense: 1}}",
    "MountSpec": STDIO + "    container: {mounts: [{source: /, nonsense: 1}]}",
    "View": "views: {a: {nonsense: 1}}",
    "LoggingSpec": "middleware: [{type: logging, nonsense: 1}]",
    "TelemetrySpec": "middleware: [{type: telemetry, nonsense: 1}]",
    "AuthenticationSpec": f"middleware: [{{type: authentication, methods: [{ONE_METHOD}], nonsense: 1}}]",
    "AnonymousClients": f"middleware: [{{type: authentication, methods: [{ONE_METHOD}], anonymous: {{nonsense: 1}}}}]",
    "BearerMethod": METHOD % "type: bearer, tokens: [{token: abcdefghijklmnop, principal: a}], nonsense: 1",
    "BearerToken": METHOD % "type: bearer, tokens: [{token: abcdefghijklmnop, principal: a, nonsense: 1}]",
    "ApiKeyMethod": METHOD % "type: api_key, keys: [{key: abcdefghijklmnop, principal: a}], nonsense: 1",
    "ApiKey": METHOD % "type: api_key, keys: [{key: abcdefghijklmnop, principal: a, nonsense: 1}]",
    "HeaderMethod": "server: {trusted_proxies: [10.0.0.1]}\n" + METHOD % "type: header, header: X-User, nonsense: 1",
    "JwtMethod": METHOD % "type: jwt, issuer: 'https://i', audience: a, nonsense: 1",
    "RbacSpec": "middleware: [{type: rbac, nonsense: 1}]",
    "Role": "middleware: [{type: rbac, roles: {a: {nonsense: 1}}}]",
    "ArgumentCondition": "middleware: [{type: rbac, roles: {a: "
    "{allow: ['*'], when: {'*': {/a: {equals: 1, nonsense: 1}}}}}}]",
    "RateLimitSpec": "middleware: [{type: rate_limit, limits: [{scope: global, calls: 1, per: 1}], nonsense: 1}]",
    "RateLimit": "middleware: [{type: rate_limit, limits: [{scope: global, calls: 1, per: 1, nonsense: 1}]}]",
    "CustomSpec": "middleware: [{use: 'a:B', nonsense: 1}]",
}


def _accepts(text: str) -> bool:
    return bool(VALIDATOR.is_valid(yaml.safe_load(text)))


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema())


def test_the_file_in_conf_is_this_schema() -> None:
    assert json.loads((CONF / "argus.schema.json").read_text()) == schema()


@pytest.mark.parametrize("path", sorted(CONF.glob("*.yaml")), ids=lambda path: path.name)
def test_every_file_in_conf_loads_anywhere_and_fits_the_schema(path: Path) -> None:
    load(path, environ={})
    assert _accepts(path.read_text())
    assert path.read_text().startswith("# yaml-language-server: $schema=./argus.schema.json\n")


def test_the_reference_names_every_key_with_its_default() -> None:
    reference = yaml.safe_load((CONF / "argus.yaml").read_text())
    config = load(CONF / "argus.yaml", environ={})
    assert set(reference) == set(keys_of(Config))
    assert set(reference["server"]) == set(keys_of(type(config.server)))
    assert config.server == Config().server
    assert set(reference["conflict_resolution"]) == set(keys_of(type(config.conflict_resolution)))
    assert config.conflict_resolution == Config().conflict_resolution
    assert set(reference["defaults"]) == set(keys_of(type(config.defaults)))
    assert config.defaults == Config().defaults
    assert set(reference["defaults"]["timeouts"]) == set(keys_of(type(config.defaults.timeouts)))
    written = set().union(*(set(backend) for backend in reference["backends"].values()))
    assert written == set().union(*(set(keys_of(cls)) for cls in get_args(BackendSpec)))
    time = config.backends["time"]
    for field in attrs.fields(Backend):
        if field.name not in ("name", "tool_overrides"):
            assert getattr(time, field.name) == field.default, field.name
    assert set(reference["backends"]["time"]["timeouts"]) == set(keys_of(type(time.timeouts)))
    assert set(reference["backends"]["time"]["filters"]) == set(keys_of(type(time.filters)))


def test_every_class_of_the_schema_is_tried_with_an_unknown_key() -> None:
    definitions = schema()["$defs"]
    assert isinstance(definitions, dict)
    assert set(UNKNOWN) == {"Config", *definitions} - {"spliced"}


@pytest.mark.parametrize("name", UNKNOWN)
def test_loader_and_schema_agree_on_unknown_keys(name: str) -> None:
    found = problems(UNKNOWN[name], folder=Path(__file__).parents[1] / "data")
    # The file that stands for all files is no certificate.
    assert [each.message for each in found if each.path != "server.tls"] == ["unknown key"]
    assert not _accepts(UNKNOWN[name])
    without = yaml.safe_load(UNKNOWN[name].replace(", nonsense: 1", "").replace("nonsense: 1", ""))
    assert VALIDATOR.is_valid(without or {})


@pytest.mark.parametrize(
    "text",
    [
        "version: 1",
        "version: '1'\nserver:\nbackends:\n",
        "server: {port: '${PORT:-80}', allow_unauthenticated: '${OPEN:-no}', startup_grace: 1}",
        STDIO + "    args: [1, true, 1.5, a]\n    env: {A: 1, B: true}\n    cwd: null\n    prefix: ''\n",
        HTTP + "    headers: {A: b}\n    session: per-client\n    enabled: false\n",
        "conflict_resolution: {strategy: '${S:-error}', separator: '-'}",
        "defaults:\n",
        "defaults: {timeouts: {call: 5}, restart: null, session: shared, env_from: [A]}\n" + HTTP,
    ],
)
def test_loader_and_schema_agree_on_what_is_good(text: str) -> None:
    read(text)
    assert _accepts(text)


@pytest.mark.parametrize(
    "text",
    [
        "version: 2",
        "server: {port: '9000'}",
        "server: {port: 70000}",
        "server: {tls: {cert_file: a}}",
        "backends: {a: {command: x}}",
        "backends: {a: {type: stdio}}",
        "backends: {a: {type: http, url: 'http://x'}}",
        "backends: {a b: {type: stdio, command: run}}",
        "backends: []",
        STDIO + "    args: x\n",
        STDIO + "    args: [null]\n",
        STDIO + "    cwd: ''\n",
        STDIO + "    env: {A: null}\n",
        STDIO + "    prefix: 'a b'\n",
        STDIO + "    timeouts: {call: 0}\n",
        STDIO + "    url: http://x\n",
        "defaults: []",
        "defaults: {timeouts: {call: 0}}\n" + STDIO,
        "defaults: {session: none}",
        "defaults: {env: {A: b}}",
        "conflict_resolution: {separator: ''}",
        "conflict_resolution: {strategy: none}",
    ],
)
def test_loader_and_schema_agree_on_what_is_not(text: str) -> None:
    assert problem(text)
    assert not _accepts(text)


def test_every_key_is_described() -> None:
    for found in (schema(), *_objects(schema()["$defs"])):
        properties = found["properties"]
        assert isinstance(properties, dict)
        assert all(each["description"] for each in properties.values())


def _objects(definitions: object) -> list[dict[str, object]]:
    assert isinstance(definitions, dict)
    return [each for each in definitions.values() if each["type"] == "object"]
