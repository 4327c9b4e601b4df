"""Docker's limits on system calls for Podman, whose own profile lets a server make namespaces of users and mount there.

Podman takes a profile as a file of its machine. It is made of the one that Podman has: what it refuses stays refused,
and what Docker allows with capabilities alone is taken out, since a container of ours has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

PODMAN_PROFILES: Final = (Path("/etc/containers/seccomp.json"), Path("/usr/share/containers/seccomp.json"))
"""Where Podman looks for its own profile, in this order."""
MAX_PROFILE_BYTES: Final = 1024 * 1024
"""The largest profile that is read; usual ones have 16 KiB."""
WITHOUT_CAPABILITIES: Final = frozenset({
    "chroot", "fsconfig", "fsmount", "fsopen", "fspick", "mount", "mount_setattr", "move_mount", "open_tree",
    "pivot_root", "setdomainname", "sethostname", "setns", "umount", "umount2", "unshare",
    "add_key", "keyctl", "request_key",
})  # fmt: skip
"""What does nothing for a process that has no capability, unless it may make a namespace of users; and the keyrings of
the kernel, which belong to no namespace."""
NAMESPACES: Final = 0x7E020000
"""The flags of `clone` that make a namespace of any kind."""
_NOT_PERMITTED: Final = 1
_NOT_IMPLEMENTED: Final = 38
"""What makes the C library fall back from `clone3`, whose flags no filter can see, to `clone`."""


def as_docker_has_it(profile: bytes) -> bytes:
    """Podman's profile without what a container has no use for.

    Raises:
        ValueError: (`msgspec.DecodeError` is one) it is no profile.
    """
    whole = msgspec.json.decode(profile, type=dict[str, msgspec.Raw])
    rules = msgspec.json.decode(whole.get("syscalls", b"[]"), type=list[dict[str, msgspec.Raw]])
    kept = [rule for each in rules if (rule := _without(each, WITHOUT_CAPABILITIES | {"clone", "clone3"}))]
    if not kept:
        raise ValueError("a profile has rules")
    added: tuple[Mapping[str, object], ...] = (
        _rule(sorted(WITHOUT_CAPABILITIES), "SCMP_ACT_ERRNO", errnoRet=_NOT_PERMITTED),
        _rule(["clone3"], "SCMP_ACT_ERRNO", errnoRet=_NOT_IMPLEMENTED),
        _rule(["clone"], "SCMP_ACT_ALLOW", args=[_no_namespaces(0)], excludes={"arches": ["s390", "s390x"]}),
        _rule(["clone"], "SCMP_ACT_ALLOW", args=[_no_namespaces(1)], includes={"arches": ["s390", "s390x"]}),
    )
    return msgspec.json.encode({**whole, "syscalls": [*kept, *added]})


def _without(rule: Mapping[str, msgspec.Raw], taken: frozenset[str]) -> Mapping[str, object] | None:
    """The rule, which allows none of these any more; None if nothing is left of it."""
    if msgspec.json.decode(rule.get("action", b'""'), type=str) != "SCMP_ACT_ALLOW":
        return rule
    names = [each for each in msgspec.json.decode(rule.get("names", b"[]"), type=list[str]) if each not in taken]
    return {**rule, "names": names} if names else None


def _rule(names: list[str], action: str, **more: object) -> Mapping[str, object]:
    return {"names": names, "action": action, **more}


def _no_namespaces(index: int) -> Mapping[str, object]:
    return {"index": index, "value": NAMESPACES, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}


def write_profile(folder: Path, profiles: tuple[Path, ...] = PODMAN_PROFILES) -> Path | None:
    """The path of the profile to name to Podman, written into `folder`; None where Podman's own cannot be read.

    Raises:
        OSError: it cannot be written there.
    """
    for source in profiles:
        try:
            with source.open("rb") as file:
                made = as_docker_has_it(file.read(MAX_PROFILE_BYTES))
        except (OSError, ValueError):
            continue
        target = folder / "seccomp.json"
        target.write_bytes(made)
        return target
    return None
