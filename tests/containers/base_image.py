"""`python3 -m tests.containers.base_image SOCKET_URL [python|node]...`: the base images, made of what this machine has.

They get the names that are the product's defaults, so that nothing has to be configured and no registry be in reach; so
it is for an engine that the tests started themselves, and no other. The first image holds this interpreter with its
standard library and pip, the second node and npm; both the shared libraries of these, a shell with a few tools, and the
certificates that this machine trusts. A second run finds that they are there, and does nothing.
"""

from __future__ import annotations

import ensurepip
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath

from tests.containers.engine import Engine

TOOLS: tuple[str, ...] = (
    "sh",
    "cat",
    "chmod",
    "chown",
    "cp",
    "echo",
    "env",
    "id",
    "ln",
    "ls",
    "mkdir",
    "mv",
    "pwd",
    "rm",
    "sleep",
)
TOOLS += ("touch", "true", "uname")
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
FOLDERS: tuple[str, ...] = (
    "app",
    "dev",
    "etc",
    "home",
    "opt",
    "proc",
    "root",
    "run",
    "srv",
    "sys",
    "usr",
    "usr/bin",
    "usr/lib",
)
FOLDERS += ("usr/local", "usr/local/bin", "usr/local/lib", "usr/sbin", "usr/lib64", "var", "var/lib")
MERGED = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}
ACCOUNTS = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"
GROUPS = "root:x:0:\nnogroup:x:65534:\n"
OF_WHEELS: tuple[str, ...] = (
    "libgcc_s.so.1",
    "libstdc++.so.6",
    "libm.so.6",
    "libdl.so.2",
    "librt.so.1",
    "libpthread.so.0",
)
OF_WHEELS += ("libutil.so.1", "libresolv.so.2", "libz.so.1", "libanl.so.1", "libnss_dns.so.2", "libnss_files.so.2")
"""What wheels take for granted, and what is loaded by name at run time."""
LEFT_OUT = {"test", "tests", "idlelib", "tkinter", "turtledemo", "lib2to3", "__pycache__", "site-packages"}
LEFT_OUT |= {"dist-packages", "ensurepip", "EXTERNALLY-MANAGED"}
NAMES = {"python": "python:3.13-slim", "node": "node:22-slim"}
PATH = "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin"


class Missing(Exception):
    """This machine does not have what an image is made of."""


class Root:
    """A root filesystem, written as a tar archive file by file."""

    def __init__(self, out: tarfile.TarFile) -> None:
        self._out = out
        self._names: set[str] = set()
        self._programs: list[Path] = []
        for name in FOLDERS:
            self.folder(name)
        for name in ("tmp", "var/tmp"):
            self.folder(name, 0o1777)
        for name, target in MERGED.items():
            self.link(name, target)
        self.text("etc/passwd", ACCOUNTS)
        self.text("etc/group", GROUPS)
        self.text("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n")
        self.text("etc/os-release", 'ID=machine\nPRETTY_NAME="what this machine has"\n')
        self.file(Path("/") / CERTIFICATES, CERTIFICATES)
        for name in TOOLS:
            self.program(Path(found(name)), f"usr/bin/{name}")

    def folder(self, name: str, mode: int = 0o755) -> None:
        entry = tarfile.TarInfo(name)
        entry.type, entry.mode = tarfile.DIRTYPE, mode
        self._out.addfile(entry)

    def link(self, name: str, target: str) -> None:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = tarfile.SYMTYPE, target
        self._out.addfile(entry)

    def text(self, name: str, content: str | bytes, mode: int = 0o644) -> None:
        data = content.encode() if isinstance(content, str) else content
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(data), mode
        self._out.addfile(entry, io.BytesIO(data))

    def file(self, source: Path, name: str) -> None:
        """The content of a file, whatever links lead to it."""
        name = merged(name)
        if name in self._names:
            return
        self._names.add(name)
        with source.open("rb") as content:
            entry = tarfile.TarInfo(name)
            status = os.fstat(content.fileno())
            entry.size, entry.mode = status.st_size, 0o755 if status.st_mode & 0o111 else 0o644
            self._out.addfile(entry, content)

    def program(self, source: Path, name: str) -> None:
        """A program or a module with machine code: its libraries come with it."""
        self._programs.append(source)
        self.file(source.resolve(), name)

    def tree(self, source: Path, name: str, is_wanted: Callable[[str], bool]) -> None:
        for folder, folders, files in os.walk(source):
            folders[:] = sorted(filter(is_wanted, folders))
            for each in sorted(filter(is_wanted, files)):
                path = Path(folder) / each
                target = str(PurePosixPath(name) / path.relative_to(source).as_posix())
                if path.exists():
                    (self.program if ".so" in path.suffixes else self.file)(path, target)

    def libraries(self) -> None:
        """The shared libraries of all programs so far: where they are, or where the loader looks by itself."""
        needed = {path for each in chunks(self._programs, 100) for path in shared(each)}
        usual = next(path.parent for path in needed if path.name == "libc.so.6")
        needed.update(usual / name for name in OF_WHEELS if (usual / name).exists())
        for path in sorted(needed):
            known = path.parts[1] in MERGED or path.parts[1:3] in {("usr", "lib"), ("usr", "lib64")}
            self.file(path.resolve(), str(path if known else usual / path.name))


def found(name: str) -> str:
    if (path := shutil.which(name, path="/usr/bin:/bin") or shutil.which(name)) is None:
        raise Missing(f"there is no {name} in PATH")
    return path


def merged(name: str) -> str:
    """The place of a file where /bin and /lib are links into /usr."""
    head, _, rest = name.lstrip("/").partition("/")
    return f"{MERGED[head]}/{rest}" if head in MERGED else name.lstrip("/")


def chunks(paths: list[Path], size: int) -> Iterator[list[Path]]:
    return (paths[at : at + size] for at in range(0, len(paths), size))


def shared(programs: list[Path]) -> set[Path]:
    told = subprocess.run(["ldd", *map(str, programs)], capture_output=True, text=True, check=False).stdout
    return {Path(match[1]) for match in re.finditer(r"(?:=> |^\s+)(/\S+) \(0x", told, re.MULTILINE)}


def python(root: Root) -> None:
    """This interpreter as /usr/local/bin/python3, and pip."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    executable = Path(os.path.realpath(sys.executable))
    root.program(executable, f"usr/local/bin/{version}")
    for name in ("python3", "python"):
        root.link(f"usr/local/bin/{name}", version)
    library = f"usr/local/lib/{version}"
    root.tree(
        Path(sysconfig.get_path("stdlib")),
        library,
        lambda name: name not in LEFT_OUT and not name.startswith("config-") and not name.endswith((".pyc", ".a")),
    )
    for name, content in pip():
        root.text(f"{library}/{packages_folder()}/{name}", content)


def packages_folder() -> str:
    """What the folder of installed packages is called: Debian's interpreter has a name of its own."""
    return "dist-packages" if Path(sysconfig.get_path("purelib")).name == "dist-packages" else "site-packages"


def pip() -> Iterator[tuple[str, bytes]]:
    """The files of pip, out of the wheel that the interpreter makes environments with."""
    places = [
        Path(ensurepip.__file__).parent / "_bundled",
        Path(sysconfig.get_config_var("WHEEL_PKG_DIR") or "/nowhere"),
    ]
    for wheel in sorted(wheel for place in places for wheel in place.glob("pip-*.whl")):
        with zipfile.ZipFile(wheel) as packed:
            for name in packed.namelist():
                if not name.endswith("/"):
                    yield name, packed.read(name)
        return
    raise Missing("this Python has no pip for its environments (on Debian: apt install python3-venv)")


def node(root: Root) -> None:
    """node and npm as in /usr/local."""
    root.program(Path(found("node")), "usr/local/bin/node")
    entry = Path(os.path.realpath(found("npm")))
    folder = next((path for path in entry.parents if (path / "package.json").exists()), None)
    if folder is None:
        raise Missing(f"{entry} is not part of an npm package")
    modules = folder.parent
    target = "usr/local/lib/node_modules" if modules.name == "node_modules" else str(modules).lstrip("/")
    # Debian has what npm needs beside it; everywhere else it is within.
    source = folder if modules.name == "node_modules" else modules
    root.tree(source, f"{target}/npm" if source == folder else target, lambda name: name not in {"man", "docs"})
    for name in ("npm", "npx"):
        root.link(f"usr/local/bin/{name}", f"/{target}/npm/bin/{name}-cli.js")


MAKERS: dict[str, Callable[[Root], None]] = {"python": python, "node": node}


def written(kind: str, out: io.RawIOBase | io.BufferedIOBase) -> None:
    """Write the archive of one image."""
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.GNU_FORMAT) as archive:
        root = Root(archive)
        MAKERS[kind](root)
        root.libraries()


def streamed(kind: str) -> Iterator[bytes]:
    """The archive while it is written."""
    reading, writing = os.pipe()
    problems: list[BaseException] = []

    def write() -> None:
        with os.fdopen(writing, "wb") as out:
            try:
                written(kind, out)
            except BaseException as problem:  # noqa: BLE001 - raised again by the one who reads
                problems.append(problem)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    with os.fdopen(reading, "rb") as source:
        while chunk := source.read(1024 * 1024):
            yield chunk
    writer.join()
    if problems:
        raise problems[0]


def key(kind: str) -> str:
    """Tells whether an image is of this program, these certificates and these interpreters."""
    version = sys.version if kind == "python" else subprocess.check_output([found("node"), "--version"], text=True)
    parts = [Path(__file__).read_bytes(), version.encode(), (Path("/") / CERTIFICATES).read_bytes()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def imported(engine: Engine, kind: str) -> str:
    """The image's name, after it has been made if it was not there."""
    name, kept = NAMES[kind], f"argus-trio-test/base-{kind}"
    tag = key(kind)
    if not engine.has_image(f"{kept}:{tag}"):
        engine.ask(
            "POST", "/images/create", streamed(kind), fromSrc="-", repo=f"{kept}:{tag}", changes=f"ENV PATH={PATH}"
        )
    repository, _, version = name.partition(":")
    engine.ask("POST", f"/images/{kept}:{tag}/tag", repo=repository, tag=version)
    return name


def main(arguments: Iterable[str]) -> int:
    url, *kinds = arguments
    try:
        for kind in kinds or NAMES:
            print(f"{imported(Engine(url), kind)} is there", file=sys.stderr)
    except Missing as reason:
        print(f"no base image: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
