"""What went wrong between the gateway and an engine, as one clear sentence: what, where, what to do. Sans I/O."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable
from typing import Final, Literal

import attrs

from argus_trio import Value
from argus_trio.errors import LinkFailed
from argus_trio.sandbox.engine.facts import EngineFacts

FailureKind = Literal[
    "absent", "denied", "hung", "refused", "garbage", "no_image", "no_container", "no_space", "no_program", "no_source",
    "unreachable", "conflict",
]  # fmt: skip
"""absent: nobody answers at its socket. garbage: who answers there is no engine. no_program: the image does not have
what it is to run. no_source: what is to be mounted is not there for the engine. unreachable: a registry is."""

MAX_MESSAGE_CHARACTERS: Final = 300
"""So much of what an engine says is shown: some of them quote whole configurations."""

_ELSEWHERE: Final = (
    "it runs on another machine or the gateway itself runs in a container, so that both do not see the same folders: "
    "share the folder with it under the same path, or set isolation: off"
)
_PULL_BY_HAND: Final = "check how it is spelled; where it needs a login or a proxy, pull it by hand"


class EngineFailed(LinkFailed):
    """An engine did not do what it was asked for, or is not there. `status` is that of HTTP, 0 where none was said."""

    def __init__(
        self, kind: FailureKind, reason: str, *, status: int = 0, details: tuple[str, ...] = (), never_ran: bool = False
    ) -> None:
        super().__init__(reason, details=details, never_ran=never_ran)
        self.kind: FailureKind = kind
        self.status = status

    def again(self, *, never_ran: bool = False) -> EngineFailed:
        """See `LinkFailed.again`."""
        return EngineFailed(self.kind, self.reason, status=self.status, details=self.details, never_ran=never_ran)


@attrs.frozen(kw_only=True)
class AskedFor(Value):
    """What was asked, for the sentence about its failure."""

    doing: str
    """As in "refused to start the container"."""
    image: str = ""
    """The image that it is about, as the configuration names it."""


_PATTERNS: Final[tuple[tuple[FailureKind, str], ...]] = (
    ("no_space", r"no space left on device|disk quota exceeded"),
    (
        "no_program",
        r"executable file .*not found|exec: .*no such file or directory|exec format error|exec: .*permission denied"
        r"|container_linux.*no such file|unable to start container process: exec",
    ),
    ("no_source", r"bind source path does not exist|statfs .*no such file|error mounting .*no such file"),
    (
        "no_image",
        r"no such image|manifest (for .* )?(not found|unknown)|pull access denied|repository .*(not found|does not "
        r"exist)|image not known|invalid reference format|requested access to the resource is denied",
    ),
    (
        "unreachable",
        r"dial tcp|lookup .* on|no such host|i/o timeout|tls handshake|x509:|connection refused|client\.timeout"
        r"|request canceled|pinging container registry|network is unreachable",
    ),
    ("no_container", r"no such container|no container with (name or )?id"),
)  # the first that matches: a full disk is told as one, whatever was being done


def kind_of(status: int, message: str) -> FailureKind:
    """What an engine's refusal means."""
    for kind, pattern in _PATTERNS:
        if re.search(pattern, message, re.IGNORECASE):
            return kind
    return "conflict" if status == 409 else "refused"


def refusal(
    facts: EngineFacts, asked: AskedFor, *, status: int, message: str, redact: Callable[[str], str]
) -> EngineFailed:
    """The failure that an engine's answer tells of."""
    kind = kind_of(status, message)
    said = shorten(redact(" ".join(message.split()))) or f"HTTP {status}"
    image = redact(asked.image)
    match kind:
        case "no_space":
            reason = (
                f"no space is left where {facts.kind} keeps images and containers (to {asked.doing}): "
                f"`argus-trio clean` removes images that are not used any more, `{facts.kind} system df` shows what "
                f"takes the rest"
            )
        case "no_program":
            reason = f"the image does not have the program that is to run in it, or not for this machine: {said}"
        case "no_source":
            reason = f"{facts} does not see a folder that is to be mounted ({said}): {_ELSEWHERE}"
        case "no_image":
            reason = f"there is no image {image}: {said}: {_PULL_BY_HAND} (`{facts.kind} pull {image}`)"
            if not image:
                reason = f"there is no such image: {said}"
        case "unreachable":
            what = asked.doing.replace("the image", f"the image {image}") if image else asked.doing
            reason = (
                f"{facts} cannot reach what it needs to {what}: {said}: {facts.kind} has proxy, DNS and "
                f"certificate settings of its own"
            )
        case "no_container":
            reason = (
                f"there is no such container any more (asked to {asked.doing}): it has ended, or somebody removed it"
            )
        case _:
            reason = f"{facts} refused to {asked.doing}: {said}"
    return EngineFailed(kind, reason, status=status, never_ran=True)


def hung(facts: EngineFacts, asked: AskedFor, seconds: float) -> EngineFailed:
    """The failure of an engine that does not answer in time."""
    what = f"{facts} did not {asked.doing} within {seconds:g} s"
    return EngineFailed("hung", f"{what}: it hangs or is overloaded; restart it if this lasts", never_ran=False)


def no_answer(facts: EngineFacts, asked: AskedFor, number: int | None) -> EngineFailed:
    """The failure of an engine that cannot be reached; `number` is the error's, None where it broke off."""
    where = f"{facts.kind} at {facts.socket}"
    if number in (errno.EACCES, errno.EPERM):
        return EngineFailed("denied", f"{where} does not let this user in: {way_in(facts.kind)}", never_ran=True)
    why = {errno.ENOENT: "its socket is gone", errno.ECONNREFUSED: "nobody listens there"}.get(
        number or 0, "it broke the connection off"
    )
    return EngineFailed(
        "absent",
        f"{where} does not answer any more ({why}), asked to {asked.doing}: is it running? It is tried again",
        never_ran=number is not None,
    )


def stopped(facts: EngineFacts, asked: AskedFor) -> EngineFailed:
    """The failure of what was asked, or is being asked, while the gateway lets the engine go."""
    return EngineFailed("absent", f"the gateway does not use {facts} any more, asked to {asked.doing}")


def way_in(kind: Literal["docker", "podman"] | None) -> str:
    """What to do about a socket that this user may not use."""
    if kind == "podman":
        return "use a rootless one (`systemctl --user enable --now podman.socket`)"
    return "add the user to the group docker and log in again, or use a rootless engine"


def no_engine_there(facts: EngineFacts, asked: AskedFor) -> EngineFailed:
    """The failure of somebody who answers, but not as an engine does."""
    return EngineFailed(
        "garbage",
        f"what answers at {facts.socket} does not speak as a container engine does (asked to {asked.doing})",
    )


def shorten(text: str) -> str:
    """The text, cut where it is too long to be shown."""
    return text if len(text) <= MAX_MESSAGE_CHARACTERS else text[:MAX_MESSAGE_CHARACTERS] + " …"
