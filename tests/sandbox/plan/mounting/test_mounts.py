"""What of this machine a container sees."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from argus_trio.config.model.container import Container, MountSpec
from argus_trio.sandbox.plan.machine import PathSeen
from argus_trio.sandbox.plan.mounting.mounts import MAX_MOUNTS
from argus_trio.sandbox.plan.outcome import Mount
from tests.sandbox.plan.support import DOCKER, backend, contained, here, refused


def mounts_of(*args: str, container: Container | None = None, **more: object) -> list[str]:
    return [str(each) for each in contained(backend("uvx", "x", *args, container=container, **more)).mounts]


@pytest.mark.parametrize(
    ("args", "mounts"),
    [
        (("/srv/data",), ["/srv/data:/srv/data:ro"]),
        (("--path", "/srv/data"), ["/srv/data:/srv/data:ro"]),
        (("--path=/srv/data",), ["/srv/data:/srv/data:ro"]),
        (("path=/srv/data",), ["/srv/data:/srv/data:ro"]),
        (("file:///srv/data",), ["/srv/data:/srv/data:ro"]),
        (("/srv/data/../data/./sub",), ["/srv/data/sub:/srv/data/sub:ro"]),
        (("/srv/data", "/srv/data/sub", "/srv/data/db.sqlite"), ["/srv/data:/srv/data:ro"]),
        (("/srv/data/sub", "/srv/data"), ["/srv/data:/srv/data:ro"]),
        (("/srv/data:/opt/tool",), ["/opt/tool:/opt/tool:ro", "/srv/data:/srv/data:ro"]),
        (("/home/me/a b.txt",), ["/home/me/a b.txt:/home/me/a b.txt:ro"]),
        (("./data",), ["/work/data:/work/data:ro"]),
        (("../srv/data",), ["/srv/data:/srv/data:ro"]),
        (("/home/me/link-to-data",), ["/srv/data:/home/me/link-to-data:ro"]),
        (("/srv/data", "/srv/data/out"), ["/opt/tool:/opt/tool:ro", "/srv/data:/srv/data:ro"]),
        (("here.txt", "owner/repo", "data", "https://example.com/srv/data", "-x", "--", "", "//srv/data"), []),
        (("/not/there", "/api/v1", "/dev/null", "/tmp", "--log=/dev/stderr"), []),
        (("x" * 5000, "/" + "x" * 5000, "/srv/da\0ta"), []),
    ],
)
def test_a_path_that_is_there_is_mounted_where_it_is(args: tuple[str, ...], mounts: list[str]) -> None:
    assert mounts_of(*args) == mounts


@pytest.mark.parametrize(
    ("args", "mounts"),
    [
        (("here.txt",), ["/work:/work:ro"]),
        (("data/x",), ["/work:/work:ro"]),
        (("../srv/data",), ["/srv/data:/srv/data:ro", "/work:/work:ro"]),
    ],
)
def test_in_a_folder_of_its_own_a_plain_name_is_a_path(args: tuple[str, ...], mounts: list[str]) -> None:
    spec = backend("uvx", "x", *args, cwd=Path("/work"))
    plan = contained(spec)
    assert [str(each) for each in plan.mounts] == mounts
    assert plan.cwd == "/work"


def test_a_relative_path_has_its_folder_inside() -> None:
    assert contained(backend("uvx", "x", "./data")).cwd == "/work"
    assert contained(backend("uvx", "x", "/srv/data")).cwd == "/home/argus"


def test_variables_name_paths_too() -> None:
    env = {"DATA": "/srv/data", "BOTH": "/opt/tool:/home/me/notes", "URL": "https://x/srv/data", "NAME": "here.txt"}
    plan = contained(backend("uvx", "x", env=env))
    assert [(str(each.source), each.why) for each in plan.mounts] == [
        ("/home/me/notes", "env.BOTH"),
        ("/opt/tool", "env.BOTH"),
        ("/srv/data", "env.DATA"),
    ]


@pytest.mark.parametrize(
    ("env", "begin"),
    [
        ({"KUBECONFIG": "/home/me/.ssh/id_ed25519"}, "env.KUBECONFIG names /home/me/.ssh/id_ed25519, a place for keys"),
        (
            {"DOCKER_HOST": "unix:///run/docker.sock"},
            "env.DOCKER_HOST names /run/docker.sock, the socket of a container",
        ),
        (
            {"SSH_AUTH_SOCK": "/tmp/agent.sock"},
            "env.SSH_AUTH_SOCK names /tmp/agent.sock, a socket, which is not mounted",
        ),
    ],
)
def test_variables_that_name_keys_and_sockets_are_refused_too(env: dict[str, str], begin: str) -> None:
    assert refused(backend("uvx", "x", env=env)).startswith(begin)


def test_variables_of_the_containers_own_name_no_paths() -> None:
    assert contained(backend("uvx", "x", env={"PATH": "/usr/bin", "HOME": "/home/me", "SHELL": "/bin"})).mounts == ()


def test_what_is_mounted_by_itself_is_said() -> None:
    assert contained(backend("uvx", "x", "/srv/data")).notes == (
        "args[1] names /srv/data, which it sees read-only",
        "what it is to change is to stand in container.mounts, with mode: rw",
    )


@pytest.mark.parametrize(
    ("word", "mounts"),
    [
        ("~/notes", ["/home/me/notes:/home/argus/notes:ro"]),
        ("--path=~/notes/./todo.md", ["/home/me/notes/todo.md:/home/argus/notes/todo.md:ro"]),
        ("~/../../home/me/notes", []),
        ("~/nowhere", []),
        ("~other/notes", []),
    ],
)
def test_a_home_that_a_program_reads_itself_is_the_one_inside(word: str, mounts: list[str]) -> None:
    assert mounts_of(word) == mounts


@pytest.mark.parametrize(("word", "path"), [("~", "/home/me"), ("~/.ssh", "/home/me/.ssh"), ("~/notes/..", "/home/me")])
def test_a_home_is_not_mounted_however_it_is_named(word: str, path: str) -> None:
    assert refused(backend("uvx", "x", word)).startswith(f"args[1] names {path}, ")


def test_a_script_that_is_named_alone_stands_where_the_gateway_runs() -> None:
    extra = {"/work/server.py": PathSeen(real=Path("/work/server.py"), kind="file", uid=1000)}
    spec = backend("python", "server.py", container=Container(packages=("mcp",)))
    plan = contained(spec, DOCKER, here(extra=extra))
    assert ([str(each) for each in plan.mounts], plan.cwd) == (["/work:/work:ro"], "/work")


def test_a_file_that_is_to_be_made_is_said() -> None:
    plan = contained(backend("uvx", "x", "--db", "/srv/data/new.db"))
    assert plan.mounts == ()
    assert plan.notes == (
        "args[2] names /srv/data/new.db, which is not there and cannot be made: for that mount /srv/data with mode: rw",
    )


def test_a_file_that_could_not_be_made_here_either_is_not_spoken_of() -> None:
    container = Container(mounts=(MountSpec(source=Path("/srv/data"), mode="rw"),))
    srv = {"/srv": PathSeen(real=Path("/srv"), kind="folder")}
    spec = backend("uvx", "x", "/srv/new.db", "/etc/new.conf", "/nowhere/new.db", "/api/v1.json")
    assert contained(spec, where=here(extra=srv)).notes == ()
    assert contained(backend("uvx", "x", "/srv/data/new.db", container=container)).notes == ()


@pytest.mark.parametrize(
    ("args", "begin"),
    [
        (("/",), "args[1] names /, a system folder, which is not mounted: name what is meant below it"),
        (("/etc",), "args[1] names /etc, part of the system, which is not mounted by itself: if it is meant, write "
                    "container: {mounts: [{source: /etc, target: /host/etc}]}, and /host/etc in its place"),
        (("/etc/passwd",), "args[1] names /etc/passwd, part of the system, which is not mounted by itself: if it is"
                           " meant, write container: {mounts: [{source: /etc/passwd}]}"),
        (("/usr/share",), "args[1] names /usr/share, part of the system"),
        (("--shell=/usr/bin/env",), "args[1] names /usr/bin/env, part of the system"),
        (("/proc",), "args[1] names /proc, part of the system, which is not mounted: name"),
        (("/var",), "args[1] names /var, a system folder, which is not mounted: name what is meant below it"),
        (("/home",), "args[1] names /home, a system folder"),
        (("/home/me",), "args[1] names /home/me, a user's home folder, which is not mounted by itself: if it is meant"),
        (("/home/me/notes/..",), "args[1] names /home/me, a user's home folder"),
        (("/home/other",), "args[1] names /home/other, a user's home folder"),
        (("/root",), "args[1] names /root, a system folder"),
        (("/home/me/.ssh",), "args[1] names /home/me/.ssh, a place for keys"),
        (("/home/me/.ssh/id_ed25519",), "args[1] names /home/me/.ssh/id_ed25519, a place for keys"),
        (("/home/me/.netrc",), "args[1] names /home/me/.netrc, a place for keys"),
        (("/home/me/.config",), "args[1] names /home/me/.config, a folder that holds keys"),
        (("/home/me/.config/gcloud",), "args[1] names /home/me/.config/gcloud, a place for keys"),
        (("/home/me/.docker",), "args[1] names /home/me/.docker, a place for keys"),
        (("/home/me/link-to-ssh",), "args[1] names /home/me/link-to-ssh, a place for keys"),
        (("/srv/etc",), "args[1] names /srv/etc, part of the system"),
        (("/run/docker.sock",), "args[1] names /run/docker.sock, the socket of a container engine"),
        (("/var/run/docker.sock",), "args[1] names /var/run/docker.sock, the socket of a container engine"),
        (("/srv/docker.sock",), "args[1] names /srv/docker.sock, the socket of a container engine"),
        (("unix:///run/docker.sock",), "args[1] names /run/docker.sock, the socket of a container engine"),
        (("/srv/mysql.sock",), "args[1] names /srv/mysql.sock, a socket, which is not mounted by itself"),
        (("/var/lib/me/homes",), "args[1] names /var/lib/me/homes, where the homes of backends are kept"),
        (("/var/lib/me",), "args[1] names /var/lib/me, a folder that holds the homes of backends"),
        (("/var/lib/docker",), "args[1] names /var/lib/docker, part of the system"),
    ],
)  # fmt: skip
def test_what_is_everybodys_or_secret_is_never_mounted_by_itself(args: tuple[str, ...], begin: str) -> None:
    assert refused(backend("uvx", "x", *args)).startswith(begin)


def test_a_folder_with_keys_in_it_is_somebodys_home() -> None:
    extra = {
        "/data/joe": PathSeen(real=Path("/data/joe"), kind="folder"),
        "/data/joe/.ssh": PathSeen(real=Path("/data/joe/.ssh"), kind="folder"),
    }
    why = refused(backend("uvx", "x", "/data/joe"), DOCKER, here(extra=extra))
    assert why.startswith("args[1] names /data/joe, a folder that holds keys")


def test_what_a_refusal_says_to_write_is_enough() -> None:
    spec = backend("uvx", "x", "/etc/passwd", container=Container(mounts=(MountSpec(source=Path("/etc/passwd")),)))
    assert [str(each) for each in contained(spec).mounts] == ["/etc/passwd:/etc/passwd:ro"]


def test_what_the_file_mounts_comes_first_and_may_be_changed() -> None:
    container = Container(mounts=(MountSpec(source=Path("/srv/data"), mode="rw", selinux="private"),))
    plan = contained(backend("uvx", "x", "/srv/data", "/srv/data/sub", container=container))
    assert plan.mounts == (Mount(source=Path("/srv/data"), target="/srv/data", is_writable=True, selinux="private"),)


def test_a_target_is_where_the_file_says() -> None:
    container = Container(mounts=(MountSpec(source=Path("/srv/data"), target="/data/"),))
    assert mounts_of(container=container) == ["/srv/data:/data:ro"]


@pytest.mark.parametrize(
    ("mount", "begin"),
    [
        (MountSpec(source=Path("/nowhere")), "container.mounts: /nowhere is not there: create it"),
        (MountSpec(source=Path("/run/docker.sock")), "container.mounts: /run/docker.sock is, or holds, the socket"),
        (MountSpec(source=Path("/var/run/docker.sock")), "container.mounts: /var/run/docker.sock is, or holds"),
        (MountSpec(source=Path("/run"), target="/x"), "container.mounts: /run is, or holds, the socket of a container"),
        (
            MountSpec(source=Path("/proc"), target="/x"),
            "container.mounts: /proc tells of the processes of this",
        ),
        (MountSpec(source=Path("/"), target="/x"), "container.mounts: / is, or holds, the socket"),
        (MountSpec(source=Path("/srv/data"), target="data"), "container.mounts: target data is not an absolute path"),
        (MountSpec(source=Path("/srv/data"), target="/a/../b"), "container.mounts: target /a/../b is not an absolute"),
        (
            MountSpec(source=Path("/srv/data"), target="/run/argus/x"),
            "container.mounts: /run/argus/x is the container's",
        ),
        (MountSpec(source=Path("/srv/data"), target="/"), "container.mounts: / is the container's own"),
        (MountSpec(source=Path("/srv/data"), target="/proc/1"), "container.mounts: /proc/1 is the container's own"),
        (MountSpec(source=Path("/srv/data"), target="/home/argus"), "container.mounts: /home/argus is the container's"),
        (MountSpec(source=Path("/srv/data"), target="/run/argus-ca.pem"), "container.mounts: /run/argus-ca.pem is the"),
    ],
)
def test_a_mount_that_cannot_be_is_refused(mount: MountSpec, begin: str) -> None:
    assert refused(backend("uvx", "x", container=Container(mounts=(mount,)))).startswith(begin)


def test_two_mounts_have_two_targets() -> None:
    mounts = (MountSpec(source=Path("/srv/data"), target="/x"), MountSpec(source=Path("/opt/tool"), target="/x"))
    assert "/x is mounted twice" in refused(backend("uvx", "x", container=Container(mounts=mounts)))


def test_a_shells_star_that_named_too_much_is_refused() -> None:
    many = {f"/data/{number}": PathSeen(real=Path(f"/data/{number}"), kind="file") for number in range(MAX_MOUNTS + 1)}
    why = refused(backend("uvx", "x", *many), DOCKER, here(extra=many))
    assert why == "65 files and folders are named, and at most 64 are mounted: name a folder with all of them"


SECRET = PathSeen(real=Path("/data/s"), kind="folder", uid=0, gid=0, mode=0o700, is_readable=False)


def test_a_folder_that_the_container_could_not_read_is_refused_with_what_to_do() -> None:
    why = refused(backend("uvx", "x", "/data/s"), DOCKER, here(uid=0, extra={"/data/s": SECRET}))
    assert why == (
        "args[1] names /data/s, which belongs to uid 0 and which the container's user 65532:65532 may not read: chmod "
        "o+rx it, or write isolation: off"
    )


def test_a_folder_that_is_to_be_changed_and_cannot_be_is_refused() -> None:
    container = Container(mounts=(MountSpec(source=Path("/data/s"), mode="rw"),))
    seen = attrs.evolve(SECRET, mode=0o755)
    why = refused(backend("uvx", "x", container=container), DOCKER, here(uid=0, extra={"/data/s": seen}))
    assert (
        "so that the container's user 65532:65532 may not change it: chown it to 65532:65532, or write mode: ro" in why
    )


def test_where_the_gateway_is_root_the_owner_of_what_is_mounted_is_who_the_container_is() -> None:
    owned = attrs.evolve(SECRET, uid=1000, gid=100)
    plan = contained(backend("uvx", "x", "/data/s"), DOCKER, here(uid=0, extra={"/data/s": owned}))
    assert plan.user == "1000:100"


def test_the_groups_that_open_a_folder_are_kept() -> None:
    seen = attrs.evolve(SECRET, gid=44, mode=0o750, is_readable=True)
    machine = attrs.evolve(here(extra={"/data/s": seen}), groups=frozenset({44, 55}))
    assert contained(backend("uvx", "x", "/data/s"), DOCKER, machine).groups == (44,)


def test_a_script_brings_what_is_beside_it() -> None:
    container = Container(packages=("mcp",))
    plan = contained(backend("python", "/home/me/project/server.py", "--x", container=container))
    assert [str(each) for each in plan.mounts] == ["/home/me/project:/home/me/project:ro"]
    assert plan.argv == ("python", "/home/me/project/server.py", "--x")


def test_a_script_in_a_home_folder_comes_alone() -> None:
    extra = {"/home/me/s.py": PathSeen(real=Path("/home/me/s.py"), kind="file", uid=1000)}
    spec = backend("python", "/home/me/s.py", container=Container(packages=("mcp",)))
    plan = contained(spec, DOCKER, here(extra=extra))
    assert [str(each) for each in plan.mounts] == ["/home/me/s.py:/home/me/s.py:ro"]


def test_a_folder_that_is_not_there_is_no_place_to_run_in() -> None:
    assert refused(backend("uvx", "x", cwd=Path("/nowhere"))).startswith("cwd: /nowhere is no folder of this machine")


def test_under_strict_nothing_is_mounted_that_is_not_said() -> None:
    spec = backend("uvx", "x", "/etc/passwd", cwd=Path("/work"), container=Container(strict=True))
    plan = contained(spec)
    assert plan.mounts == ()
    assert plan.cwd == "/home/argus"
    assert plan.notes == ("cwd /work is not mounted, so its home is where it runs: for that folder write it in mounts",)


def test_an_image_of_ones_own_may_have_what_is_not_mounted() -> None:
    plan = contained(backend("server", "/etc/passwd", "/srv/data", container=Container(image="mine")))
    assert [str(each) for each in plan.mounts] == ["/srv/data:/srv/data:ro"]
    assert "args[0] names /etc/passwd, part of the system, which is not mounted by itself" in plan.notes


ODD = attrs.evolve(DOCKER, socket=Path("/opt/engine/odd.sock"))
ENGINE_FILE = PathSeen(real=Path("/opt/engine/odd.sock"), kind="socket", identity=(1, 2))
ENGINE_FOLDERS = {
    "/opt/engine": PathSeen(real=Path("/opt/engine"), kind="folder"),
    "/opt/engine/odd.sock": ENGINE_FILE,
    "/opt/link": PathSeen(real=Path("/opt/engine"), kind="folder"),
    "/opt/hard": attrs.evolve(ENGINE_FILE, real=Path("/opt/hard")),
    "/opt/other": PathSeen(real=Path("/opt/other"), kind="folder"),
    "/opt/other/podman/podman.sock": PathSeen(real=Path("/opt/other/podman/podman.sock"), kind="socket"),
}


@pytest.mark.parametrize("path", ["/opt/engine", "/opt/link", "/opt/other", "/opt/hard", "/opt/engine/odd.sock"])
def test_no_folder_that_an_engine_listens_in_is_mounted_whoever_names_it(path: str) -> None:
    where = here(extra=ENGINE_FOLDERS)
    assert "socket" in refused(backend("uvx", "x", path), ODD, where)
    assert "socket" in refused(backend("uvx", "x", env={"PLACE": path}), ODD, where)
    explicit = Container(mounts=(MountSpec(source=Path(path), target="/x"),))
    assert "all power over this machine" in refused(backend("uvx", "x", container=explicit), ODD, where)


LED = {
    "/data": PathSeen(real=Path("/data"), kind="folder", uid=1000, is_writable=True),
    "/data/cache": PathSeen(real=Path("/home/me/notes"), kind="folder", uid=1000, is_writable=True),
    "/data/near": PathSeen(real=Path("/data/cache2"), kind="folder", uid=1000, is_writable=True),
}
CHANGED = MountSpec(source=Path("/data"), mode="rw")


def test_a_link_that_a_backend_may_have_made_mounts_nothing_elsewhere() -> None:
    """Who may change a folder could lay a link into it, and have that mounted at its next start."""
    where = here(extra=LED)
    both = Container(mounts=(CHANGED, MountSpec(source=Path("/data/cache"), target="/cache")))
    assert refused(backend("uvx", "x", container=both), DOCKER, where) == (
        "container.mounts: /data/cache leads to /home/me/notes by a link in /data, which a backend may change, and may "
        "have made it: write /home/me/notes in its place if that is meant"
    )
    named = backend("uvx", "x", "/data/cache", container=Container(mounts=(CHANGED,)))
    assert refused(named, DOCKER, where).startswith("args[1]: /data/cache leads to /home/me/notes by a link in /data")
    away = backend("uvx", "x", "/data/cache", container=Container(mounts=(attrs.evolve(CHANGED, target="/d"),)))
    assert refused(away, DOCKER, where).startswith("args[1]: /data/cache leads to /home/me/notes")
    run = backend("docker", "run", "-v", "/data:/data", "-v", "/data/cache:/cache", "x")
    assert refused(run, DOCKER, where).startswith("-v: /data/cache leads to /home/me/notes")


def test_a_link_that_stays_in_its_folder_or_that_nobody_may_change_is_followed() -> None:
    where = here(extra=LED)
    both = Container(mounts=(CHANGED, MountSpec(source=Path("/data/near"), target="/near")))
    assert len(contained(backend("uvx", "x", container=both), DOCKER, where).mounts) == 2
    fixed = Container(mounts=(attrs.evolve(CHANGED, mode="ro"), MountSpec(source=Path("/data/cache"), target="/cache")))
    assert len(contained(backend("uvx", "x", container=fixed), DOCKER, where).mounts) == 2


@pytest.mark.parametrize(
    ("path", "way_out"),
    [
        ("/home/me/new.db", "cannot be made: for that name one in a folder of its own, and mount that with mode: rw"),
        ("/home/me/notes/a/b.db", "cannot be made: for that make /home/me/notes/a, and mount it with mode: rw"),
        ("/tmp/work/b.db", "what is made there is lost when it ends: for that mount /tmp/work with mode: rw"),
    ],
)
def test_what_is_to_be_made_is_told_with_where_it_can_be(path: str, way_out: str) -> None:
    plan = contained(backend("uvx", "x", "--db", path))
    assert plan.notes == plan.lacks == (f"args[2] names {path}, which is not there and {way_out}",)


@pytest.mark.parametrize(
    "environ", [{"XDG_RUNTIME_DIR": "/data/run"}, {"RUNTIME_DIRECTORY": "/data/run/argus-trio:/b"}]
)
@pytest.mark.parametrize("path", ["/data", "/data/run", "/data/run/argus-trio", "/data/run/argus-trio/abc"])
def test_where_containers_have_their_sockets_no_other_container_sees(environ: dict[str, str], path: str) -> None:
    where = here(environ, extra=where_of(path))
    mount = Container(mounts=(MountSpec(source=Path(path), target="/x"),))
    assert "have their sockets" in refused(backend("uvx", "x", container=mount), DOCKER, where)
    assert contained(backend("uvx", "x", container=mount), DOCKER, here(extra=where_of(path))).mounts


def where_of(path: str) -> dict[str, PathSeen]:
    return {path: PathSeen(real=Path(path), kind="folder", uid=1000)}
