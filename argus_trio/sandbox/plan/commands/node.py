"""`npx` and its like: packages of an npm registry, and the program of theirs that is run."""

from __future__ import annotations

import re
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.sandbox.plan.commands.asked import IN_IMAGE, IN_PACKAGES, NEWEST, CommandLine, OwnProgram, PackageRun
from argus_trio.sandbox.plan.commands.options import OptionTable, ReadOptions, read_options

_NPM: Final = OptionTable(
    values=frozenset({"-p", "--package", "--registry", "--loglevel", "--cache", "--fetch-retries", "--fetch-timeout"}),
    flags=frozenset({
        "-y", "--yes", "--no", "--no-install", "-q", "--quiet", "-s", "--silent", "-d", "-dd", "--verbose", "-f",
        "--force", "--offline", "--prefer-offline", "--prefer-online", "--ignore-existing", "--legacy-peer-deps",
        "--no-audit", "--no-fund", "--no-update-notifier", "--no-progress", "-g", "--global", "--bun",
    }),
)  # fmt: skip
_NAME: Final = r"(?:@[a-z0-9~._-]+/)?[A-Za-z0-9~][A-Za-z0-9~._-]*"
_SPEC: Final = re.compile(rf"({_NAME})(?:@([A-Za-z0-9.^~<>=*|+ -]+))?")
_ALIAS: Final = re.compile(rf"{_NAME}@npm:{_NAME}(?:@[A-Za-z0-9.^~<>=*|+-]+)?")
_GIT: Final = re.compile(
    r"(?:git\+https://|git://|https://github\.com/[^/\s]+/[^/\s]+?(?:\.git)?(?:#\S*)?$|(?:github|gitlab|bitbucket):)\S*"
)
_SHORT_GIT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+(?:#\S+)?")
_TARBALL: Final = re.compile(r"https://\S+")
_RUNNERS: Final = frozenset(
    {"tsx", "ts-node", "ts-node-esm", "nodemon", "node", "bun", "deno", "vite-node", "babel-node"}
)
"""Packages that run a script, which is the user's own."""


@attrs.frozen(kw_only=True)
class _Runner(Value):
    """How a runner is spelled."""

    words: tuple[str, ...]
    """What stands between its name and its options."""
    takes_late_options: bool = False
    """Whether what begins with `-` behind the package is still the runner's, up to `--`."""


_RUNS: Final[dict[str, tuple[_Runner, ...]]] = {
    "npx": (_Runner(words=()),),
    "npm": (_Runner(words=("exec",), takes_late_options=True), _Runner(words=("x",), takes_late_options=True)),
    "pnpx": (_Runner(words=()),),
    "pnpm": (_Runner(words=("dlx",)), _Runner(words=("--silent", "dlx"))),
    "bunx": (_Runner(words=()),),
    "bun": (_Runner(words=("x",)),),
    "yarn": (_Runner(words=("dlx",)),),
}
NODE_RUNNERS: Final = frozenset(_RUNS)


def read_node(command: str, args: tuple[str, ...]) -> CommandLine:
    """What a runner of npm packages is asked for."""
    runner = next((each for each in _RUNS[command] if args[: len(each.words)] == each.words), None)
    if runner is None:
        ways = " or ".join(" ".join((command, *each.words)) for each in _RUNS[command][:1])
        return OwnProgram(why=f"{command} runs a project of your own: write {ways} PACKAGE, or {IN_IMAGE}")
    shown = " ".join((command, *runner.words))
    given = args[len(runner.words) :]
    read = read_options(given, _NPM)
    if read.unknown in ("-c", "--call", "--shell-mode"):
        return OwnProgram(why=f"{shown} {read.unknown} is a shell's command line: write the package and its arguments")
    if read.unknown is not None:
        return _unknown(shown, read.unknown)
    if not read.rest:
        return OwnProgram(why=f"{shown} names no package: add one to args")
    if read.has("--bun"):
        return OwnProgram(why=f"--bun asks for Bun, which no base image has: leave it out, or {IN_IMAGE}")
    return _run(read, is_parted="--" in given, runner=runner, shown=shown)


def _run(read: ReadOptions, *, is_parted: bool, runner: _Runner, shown: str) -> CommandLine:
    named, *own = read.rest
    if runner.takes_late_options:
        if own[:1] == ["--"]:
            own = own[1:]
        elif not is_parted and any(each.startswith("-") for each in own):
            return OwnProgram(why=f"{shown} takes options behind the package for itself: write -- before the package")
    asked = read.all("-p", "--package")
    packages = asked or (named,)
    for each in packages:
        if not is_package(each):
            return _no_package(each)
    found = _SPEC.fullmatch(named)
    if found and found.group(1) in _RUNNERS:
        return OwnProgram(
            why=f"it runs a program of your own with {found.group(1)}: {IN_PACKAGES}, or {IN_IMAGE}",
            interpreter="node",
            program=found.group(1),
            args=tuple(own),
            packages=() if found.group(1) == "node" else packages,
        )
    return PackageRun(
        kind="node",
        packages=packages,
        program=named if asked else None,
        args=tuple(own),
        index_url=read.last("--registry"),
        notes=(NEWEST,) if any(each.endswith("@latest") for each in packages) else (),
    )


def is_package(text: str) -> bool:
    """Whether npm gets it from a registry, by git without a key, or as an archive over https."""
    if text.startswith((".", "/", "~", "-", "file:")):
        return False
    return any(each.fullmatch(text) for each in (_SPEC, _ALIAS, _GIT, _SHORT_GIT, _TARBALL))


def needs_git(package: str) -> bool:
    """Whether git fetches it."""
    return not package.startswith("@") and bool(_GIT.fullmatch(package) or _SHORT_GIT.fullmatch(package))


def _unknown(shown: str, option: str) -> OwnProgram:
    return OwnProgram(
        why=f"what {option} of {shown} means for an image is not known: leave it out, list packages in "
        f"container.packages, or {IN_IMAGE}"
    )


def _no_package(text: str) -> OwnProgram:
    plain = re.sub(r"//[^/@\s]*@", "//", text)
    return OwnProgram(
        why=f"{plain} is no package of a registry or at an https URL, but something of your own: {IN_IMAGE}, or name a "
        "Dockerfile in container.dockerfile"
    )
