"""Installs Python packages into the image that it runs in; for any Python 3.8 with pip. See the map of this room."""

from __future__ import annotations

import compileall
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from importlib import metadata, util
from pathlib import Path

WORK = Path("/var/tmp/argus-install")  # noqa: S108 - nobody else is in this container; /tmp has no room, and runs nothing
STDERR = 2
SKIPPED = re.compile(r"/(site-packages|dist-packages|test|tests|idlelib|lib2to3|tkinter|turtledemo|ensurepip)(/|$)")
NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[|[<>=!~;@\s]|$)")


def main() -> None:
    """Install, and tell what is there."""
    order = json.loads(sys.argv[1])
    packages = json.loads(os.environ.pop("ARGUS_PACKAGES"))
    if util.find_spec("pip") is None:
        raise SystemExit("ERROR: the base image has no pip: give container.base_image one, such as python:3.13-slim")
    WORK.mkdir(parents=True, exist_ok=True)
    os.environ["TMPDIR"] = str(WORK)
    before = {path.name for path in scripts().iterdir()} if scripts().is_dir() else set()
    command = [sys.executable, "-m", "pip", *order["options"], *named(packages, WORK / "packages.txt")]
    code = subprocess.run(command, stdout=STDERR, stdin=subprocess.DEVNULL, check=False).returncode  # noqa: S603
    shutil.rmtree(WORK, ignore_errors=True)
    if code:
        raise SystemExit(code)
    program = find_program(packages[0], before) if order["link"] else ""
    if program:
        link(program, Path(order["link"]))
    compile_library()
    versions = {found.metadata["Name"]: found.version for found in metadata.distributions() if found.metadata["Name"]}
    sys.stdout.write(json.dumps({"versions": versions, "program": program}) + "\n")
    sys.stdout.flush()


def named(packages: list[str], listed: Path) -> list[str]:
    """The arguments that name packages. Of URLs a file, for they may hold a password, and everybody sees arguments."""
    lines = [" ".join(each.split()) for each in packages if "://" in each and not each.startswith("-")]
    if not lines:
        return ["--", *packages]
    listed.write_text("\n".join(lines) + "\n")
    return ["-r", str(listed), "--", *(each for each in packages if " ".join(each.split()) not in lines)]


def scripts() -> Path:
    """The folder that pip puts programs into."""
    return Path(sysconfig.get_path("scripts"))


def find_program(requirement: str, before: set[str]) -> str:
    """The program that the requirement is run by: named like its distribution, else its only one."""
    named = NAME.match(requirement)
    if named is not None and "://" not in requirement.split("@")[0]:
        name = named.group(1)
        found = sorted(programs_of(metadata.distribution(name)))
    else:
        name = requirement
        found = sorted(path.name for path in scripts().iterdir() if path.name not in before)
    fitting = [program for program in found if plain(program) == plain(name)] or found
    if len(fitting) == 1:
        return str(scripts() / fitting[0])
    if not found:
        raise SystemExit("ERROR: the package has no program to run")
    raise SystemExit(f"ERROR: the package has several programs, name one: {', '.join(found)}")


def programs_of(distribution: metadata.Distribution) -> set[str]:
    """The programs of a distribution: its entry points, and what it put beside them."""
    found = {point.name for point in distribution.entry_points if point.group == "console_scripts"}
    for path in distribution.files or ():
        place = Path(os.path.normpath(str(distribution.locate_file(path))))
        if place.parent == scripts():
            found.add(place.name)
    return {name for name in found if os.access(scripts() / name, os.X_OK)}


def plain(name: str) -> str:
    """A name as packages are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def link(program: str, place: Path) -> None:
    """Let the program be found at a place that is known."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    place.symlink_to(program)


def compile_library() -> None:
    """Compile the standard library: a root that is read-only never keeps what is compiled at a start."""
    library = sysconfig.get_path("stdlib")
    compileall.compile_dir(library, quiet=2, rx=SKIPPED, workers=0 if (os.cpu_count() or 1) > 1 else 1)


if __name__ == "__main__":
    main()
