"""`uvx`, `uv tool run` and `pipx run`: packages of a Python index, and the program of theirs that is run."""

from __future__ import annotations

import re
from typing import Final

from argus_trio.sandbox.plan.commands.asked import IN_IMAGE, IN_PACKAGES, NEWEST, CommandLine, OwnProgram, PackageRun
from argus_trio.sandbox.plan.commands.options import OptionTable, ReadOptions, read_options

_INDEX: Final = ("--default-index", "--index-url", "-i")
_EXTRA: Final = ("--index", "--extra-index-url")
_DROPPED_VALUES: Final = frozenset({
    "--cache-dir", "--color", "--exclude-newer-package", "--index-strategy", "--link-mode", "--python-preference",
    "--refresh-package", "--reinstall-package", "--upgrade-package", "-P", "--preview-features",
})  # fmt: skip
"""Options with a value that say how `uv` goes about it, which is not what is asked for."""
_DROPPED_FLAGS: Final = frozenset({
    "-q", "--quiet", "-v", "--verbose", "-U", "--upgrade", "--refresh", "--reinstall", "-n", "--no-cache",
    "--no-cache-dir", "--offline", "--isolated", "--no-config", "--no-progress", "--no-env-file", "--managed-python",
    "--no-managed-python", "--no-python-downloads", "--allow-python-downloads", "--native-tls", "--no-native-tls",
    "--system-certs", "--compile-bytecode", "--preview", "--no-preview", "--no-sources",
})  # fmt: skip
_NEWER: Final = ("-U", "--upgrade", "--refresh", "--refresh-package", "-P", "--upgrade-package", "--reinstall")
_UVX: Final = OptionTable(
    values=frozenset({"--from", "--with", "-w", "--python", "-p", "--prerelease", *_INDEX, *_EXTRA}) | _DROPPED_VALUES,
    flags=_DROPPED_FLAGS | {"--pre"},
)
_PIPX: Final = OptionTable(
    values=frozenset({"--spec", "--python", "--index-url", "-i", "--with"}),
    flags=frozenset({"--no-cache", "--verbose", "-v", "--quiet", "-q", "--pypackages", "--fetch-missing-python"}),
)
_NAME: Final = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_REQUIREMENT: Final = re.compile(
    rf"({_NAME})\s*(\[[A-Za-z0-9._,\s-]*\])?\s*((?:(?:[~=!<>]=|===|[<>])\s*[A-Za-z0-9.*+!_-]+\s*,?\s*)*)"
)
_AT_VERSION: Final = re.compile(rf"({_NAME})(\[[A-Za-z0-9._,-]*\])?@([A-Za-z0-9][A-Za-z0-9.+!_-]*)")
_AT_URL: Final = re.compile(rf"{_NAME}\s*(?:\[[A-Za-z0-9._,\s-]*\])?\s*@\s*(?:git\+https://|https://)\S+")
_URL: Final = re.compile(r"(?:git\+https://|https://)\S+")
_VERSION: Final = re.compile(r"(?:python|cpython)?@?-?(3\.\d{1,2})(?:\.\d{1,2})?")
_INTERPRETERS: Final = frozenset({"python", "python3"})
_RUNNERS: Final = frozenset({"fastmcp", "ipython", "mcp", "streamlit", "uvicorn"})
"""Programs of packages that run what they are named: a script among their arguments is the user's own."""
_SCRIPT: Final = re.compile(r"\.py(?:$|:)")


def read_uvx(args: tuple[str, ...], shown: str = "uvx") -> CommandLine:
    """What `uvx` is asked for by these arguments."""
    read = read_options(args, _UVX)
    if read.unknown is not None:
        return _unknown(shown, read.unknown)
    if not read.rest:
        return OwnProgram(why=f"{shown} names no package: add one to args")
    named, *own = read.rest
    origin = read.last("--from")
    prereleases = read.has("--pre") or read.last("--prerelease") in ("allow", "explicit")
    return _run(named, tuple(own), origin, read=read, extra=read.all("--with", "-w"), prereleases=prereleases)


def read_pipx(args: tuple[str, ...]) -> CommandLine:
    """What `pipx` is asked for."""
    left = args
    while left and left[0] in ("-q", "--quiet", "-v", "--verbose", "--global"):
        left = left[1:]
    if left[:1] != ("run",):
        return OwnProgram(why="only pipx run can be made an image of: write pipx run PACKAGE, or uvx PACKAGE")
    read = read_options(left[1:], _PIPX)
    if read.unknown is not None:
        return _unknown("pipx run", read.unknown)
    if not read.rest:
        return OwnProgram(why="pipx run names no package: add one to args")
    named, *own = read.rest
    return _run(named, tuple(own), read.last("--spec"), read=read, extra=read.all("--with"), prereleases=False)


def _run(
    named: str,
    own: tuple[str, ...],
    origin: str | None,
    *,
    read: ReadOptions,
    extra: tuple[str, ...],
    prereleases: bool,
) -> CommandLine:
    version = _interpreter(read.last("--python", "-p"))
    if isinstance(version, OwnProgram):
        return version
    if named in _INTERPRETERS or (named in _RUNNERS and any(_SCRIPT.search(each) for each in own)):
        packages = _split(extra) if named in _INTERPRETERS else (origin or named, *_split(extra))
        return OwnProgram(
            why=f"it runs a program of your own with {_plain(named)}: {IN_PACKAGES}, or {IN_IMAGE}",
            interpreter="python",
            program=_program(named) or named,
            args=own,
            packages=tuple(each for each in map(requirement, packages) if each is not None),
        )
    first = requirement(origin or named)
    if first is None:
        return _no_package(origin or named)
    program = named if origin is not None else _program(named)
    if program is None:
        return OwnProgram(
            why=f"{_plain(named)} does not say what its program is called: write --from {_plain(named)} NAME"
        )
    others = [(each, requirement(each)) for each in _split(extra)]
    for each, read_as in others:
        if read_as is None:
            return _no_package(each)
    return PackageRun(
        kind="python",
        packages=(first, *(read_as for _, read_as in others if read_as is not None)),
        program=program,
        args=own,
        version=version,
        index_url=read.last(*_INDEX),
        extra_index_urls=tuple(index_address(each) for each in read.all(*_EXTRA)),
        with_prereleases=prereleases,
        notes=(NEWEST,) if read.has(*_NEWER) or (origin or named).endswith("@latest") else (),
    )


def requirement(text: str) -> str | None:
    """A package as pip takes it: `name@1.2` of uvx is `name==1.2`. None for what is no package of an index or a URL.

    Where git asks for a key, none is there: only what is public can be installed.
    """
    text = text.strip()
    if found := _AT_VERSION.fullmatch(text):
        name, extras, version = found.group(1), found.group(2) or "", found.group(3)
        return f"{name}{extras}" if version == "latest" else f"{name}{extras}=={version}"
    if _REQUIREMENT.fullmatch(text) or _AT_URL.fullmatch(text) or _URL.fullmatch(text):
        return text
    return None


def needs_git(package: str) -> bool:
    """Whether git fetches it."""
    return "git+" in package


def _program(named: str) -> str | None:
    """The program of a package that is named without one."""
    if _URL.fullmatch(named):
        return None
    found = re.match(_NAME, named)
    return found.group(0) if found else None


def _split(values: tuple[str, ...]) -> tuple[str, ...]:
    """`--with a,b` are two packages; a comma before a version belongs to it."""
    return tuple(
        part.strip() for value in values for part in re.split(r",(?=\s*[A-Za-z])(?![^\[]*\])", value) if part.strip()
    )


def index_address(text: str) -> str:
    """uv takes NAME=URL too."""
    name, equals, url = text.partition("=")
    return url if equals and "/" not in name else text


def _interpreter(text: str | None) -> str | OwnProgram | None:
    if text is None:
        return None
    found = _VERSION.fullmatch(text)
    if found is None:
        return OwnProgram(
            why=f"there is no image for --python {text}: write a version such as 3.12, or container.base_image"
        )
    return found.group(1)


def _unknown(shown: str, option: str) -> OwnProgram:
    return OwnProgram(
        why=f"what {option} of {shown} means for an image is not known: leave it out, list packages in "
        f"container.packages, or {IN_IMAGE}"
    )


def _no_package(text: str) -> OwnProgram:
    return OwnProgram(
        why=f"{_plain(text)} is no package of an index or at an https URL, but something of your own: {IN_IMAGE}, or "
        "name a Dockerfile in container.dockerfile"
    )


def _plain(text: str) -> str:
    """A package as it may be shown: URLs may hold credentials."""
    return re.sub(r"//[^/@\s]*@", "//", text)
