"""What holds of every plan, whatever a backend is configured with."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.container import Container, MountSpec, NetworkSpec
from argus_trio.sandbox.plan.engine_facts import EngineFound, NoEngine
from argus_trio.sandbox.plan.mounting.forbidden import SYSTEM, is_below
from argus_trio.sandbox.plan.network import HostRule, host_rule
from argus_trio.sandbox.plan.outcome import Bare, Contained, Refused
from argus_trio.sandbox.plan.plan import plan
from argus_trio.sandbox.plan.profile import create_body
from argus_trio.sandbox.plan.shown import shown
from tests.sandbox.plan.support import (
    DOCKER,
    FILES,
    FOLDER,
    FOLDERS,
    LINKS,
    PODMAN,
    ROOTLESS_DOCKER,
    ROOTLESS_PODMAN,
    SOCKETS,
    here,
    launch_of,
)

SECRET = "s3cr3t-value"
PATHS = st.sampled_from((*FOLDERS, *FILES, *SOCKETS, *LINKS))
COMMANDS = st.sampled_from(
    [
        "uvx",
        "uv",
        "pipx",
        "npx",
        "npm",
        "pnpm",
        "bunx",
        "docker",
        "podman",
        "python",
        "node",
        "sh",
        "env",
        "./x",
        "",
        "/",
    ]
)
WORDS = st.one_of(
    st.sampled_from(
        [
            "run", "exec", "tool", "dlx", "x", "-y", "-i", "--rm", "-e", "-v", "--from", "--with", "-p", "--", "-", "",
            "=", "--=", "-e=", ":", "@", "a@1", "@a/b", "git+https://x/y", f"https://u:{SECRET}@x.org/y.whl", "A",
            f"--key={SECRET}", SECRET, f"KEY={SECRET}", "--python", "3.12", "--index-url", f"https://u:{SECRET}@i/s",
            "--network", "host", "--entrypoint", "--env-file", "-w", "-u", "0", "--pull", "always", "image:tag",
        ]
    ),
    PATHS,
    PATHS.map(lambda path: f"--opt={path}"),
    PATHS.map(lambda path: f"{path}:/x"),
    PATHS.map(lambda path: f"..{path}"),
    PATHS.map(lambda path: f"{path}/../."),
    st.text(max_size=20),
)  # fmt: skip
TEXTS = st.text(max_size=20)
CONTAINERS = st.builds(
    Container,
    isolation=st.sampled_from(["auto", "required", "off", None]),
    enabled=st.booleans(),
    image=st.none() | st.sampled_from(["mine", "a/b:1"]),
    packages=st.lists(WORDS, max_size=2).map(tuple),
    runtime=st.sampled_from(["auto", "docker", "podman"]),
    home=st.sampled_from(["kept", "tmpfs", None]),
    index_url=st.none() | st.just(f"https://u:{SECRET}@index/simple"),
    ca_bundle=st.none() | PATHS.map(Path),
    host_services=st.lists(st.sampled_from(["db:1", "x", "localhost:5432"]) | TEXTS, max_size=2).map(tuple),
    network=st.none() | st.builds(NetworkSpec, mode=st.sampled_from(["public", "none", "bridge"])),
    strict=st.booleans(),
)
BACKENDS = st.builds(
    StdioBackend,
    name=st.just("x"),
    command=COMMANDS | TEXTS,
    args=st.lists(WORDS, max_size=7).map(tuple),
    env=st.dictionaries(TEXTS.filter(bool), WORDS, max_size=3),
    env_from=st.lists(st.sampled_from(["*", "TOKEN", "PATH", "*_PROXY"]), max_size=2).map(tuple),
    cwd=st.none() | PATHS.map(Path),
    container=CONTAINERS,
)
ENGINES: st.SearchStrategy[EngineFound] = st.sampled_from(
    [DOCKER, PODMAN, ROOTLESS_DOCKER, ROOTLESS_PODMAN, NoEngine(why="none answers")]
)
ENVIRON = {"TOKEN": SECRET, "HTTPS_PROXY": f"http://u:{SECRET}@proxy", "PIP_INDEX_URL": f"https://u:{SECRET}@i/s"}
KEYS = (Path("/home/me/.ssh"), Path("/home/me/.aws"), Path("/home/me/.docker"), Path("/home/me/.config/gcloud"))


def rule_or_sentence(text: str) -> HostRule | str:
    try:
        return host_rule(text)
    except ValueError as error:
        return str(error)


def assert_harmless(found: Contained) -> None:
    """Nothing is mounted by itself that is everybody's, somebody's home, a key or a socket."""
    for mount in found.mounts:
        source = mount.source
        assert str(source) not in SOCKETS or not mount.why
        assert "docker.sock" not in source.name
        if not mount.why:
            continue
        assert not mount.is_writable
        assert source not in (
            Path("/"),
            Path("/home"),
            Path("/home/me"),
            Path("/home/other"),
            Path("/root"),
            Path("/var"),
        )
        assert not any(is_below(source, Path(each)) for each in SYSTEM)
        assert not any(is_below(source, each) or is_below(each, source) for each in KEYS)
        assert not is_below(Path("/var/lib/me/homes"), source)


@settings(max_examples=600, deadline=None)
@given(spec=BACKENDS, engine=ENGINES, uid=st.sampled_from([0, 1000]))
def test_a_plan_never_raises_mounts_nothing_that_is_secret_and_says_no_secret(
    spec: StdioBackend, engine: EngineFound, uid: int
) -> None:
    found = plan(spec, engine, here(ENVIRON, uid=uid))
    if isinstance(found, Bare | Refused):
        assert found.why
        assert spec.container.setting != "required" or isinstance(found, Refused)
        return
    assert spec.container.setting != "off"
    assert_harmless(found)
    assert found.user != "0:0" or engine is ROOTLESS_DOCKER
    assert not {"HTTPS_PROXY", "https_proxy"} & set(found.env) - set(spec.env)
    assert not isinstance(engine, NoEngine)
    body = json.dumps(create_body(launch_of(found), engine, instance="me", folder=FOLDER))
    isolation = repr(shown(found, engine))
    for text in (body, isolation, repr(found)):
        assert f"u:{SECRET}@" not in text


@settings(max_examples=200, deadline=None)
@given(secret=st.just(SECRET), words=st.lists(st.sampled_from([SECRET, f"--key={SECRET}", f"A={SECRET}"]), max_size=4))
def test_no_argument_and_no_variable_is_in_what_an_engine_is_told(secret: str, words: list[str]) -> None:
    spec = StdioBackend(name="x", command="uvx", args=("tool", *words), env={"A": secret}, env_from=("TOKEN",))
    found = plan(spec, DOCKER, here(ENVIRON))
    assert isinstance(found, Contained)
    assert secret in dict(found.env).values()
    for text in (json.dumps(create_body(launch_of(found), DOCKER, instance="me", folder=FOLDER)), repr(found)):
        assert secret not in text
    assert secret not in repr(shown(found, DOCKER))


@settings(max_examples=400, deadline=None)
@given(text=TEXTS | st.from_regex(r"[a-z*.\[\]:/@0-9-]{1,30}", fullmatch=True))
def test_what_is_no_rule_is_a_value_error_in_one_line(text: str) -> None:
    found = rule_or_sentence(text)
    if isinstance(found, str):
        assert found
        assert "\n" not in found or "\n" in text
        assert "conversion" not in found
    else:
        assert host_rule(str(found)) == found


@settings(max_examples=200, deadline=None)
@given(source=PATHS, target=st.none() | PATHS | TEXTS)
def test_no_mount_of_the_file_gives_an_engines_socket(source: str, target: str | None) -> None:
    container = Container(mounts=(MountSpec(source=Path(source), target=target),))
    found = plan(StdioBackend(name="x", command="uvx", args=("t",), container=container), DOCKER, here())
    if isinstance(found, Contained):
        assert not is_below(Path("/run/docker.sock"), found.mounts[0].source)
        assert found.mounts[0].target not in ("/", "/proc", "/etc/resolv.conf", "/run/argus")
