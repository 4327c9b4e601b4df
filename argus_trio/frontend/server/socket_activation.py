"""Takes the listening sockets that a service manager opened for the gateway: sd_listen_fds(3), "socket activation"."""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.config.check.loopback import is_loopback
from argus_trio.errors import ListenFailed

FIRST_FD: Final = 3
"""Where the service manager puts the first of them."""
MANAGEMENT: Final = "management"
_MAX_SOCKETS: Final = 64
_ADVICE: Final = "mend the socket unit, or start the gateway without it"


@attrs.frozen
class Inherited(Value):
    """One inherited socket that listens; owned by whoever holds this. `name` is for people."""

    socket: socket.socket
    name: str
    label: str = ""
    """What the service manager calls it (FileDescriptorName=); `MANAGEMENT` is for the management API alone."""

    @property
    def is_for_management(self) -> bool:
        """Whether only the management API is served there."""
        return self.label == MANAGEMENT

    @property
    def is_exposed(self) -> bool:
        """Whether others than this machine's users reach it."""
        return self.socket.family != socket.AF_UNIX and not is_loopback(str(self.socket.getsockname()[0]))


def inherited_sockets(environ: MutableMapping[str, str], *, first: int = FIRST_FD) -> tuple[Inherited, ...]:
    """The sockets that `environ` says were handed to this process. Its variables are taken out: no child has them.

    Raises:
        ListenFailed: something else was handed over than listening stream sockets; what was opened is closed again.
    """
    count, pid, names = (environ.pop(name, "") for name in ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"))
    environ.pop("LISTEN_PIDFDID", None)
    if not count or pid != str(os.getpid()):
        return ()
    if not count.isdecimal() or int(count) > _MAX_SOCKETS:
        raise ListenFailed("inherited sockets", f"LISTEN_FDS is {count[:20]!r}", _ADVICE)
    called = names.split(":")
    taken: list[Inherited] = []
    try:
        for number in range(int(count)):
            label = called[number] if number < len(called) else ""
            taken.append(_taken(first + number, label))
    except ListenFailed:
        for each in taken:
            each.socket.close()
        raise
    return tuple(taken)


def _taken(descriptor: int, label: str) -> Inherited:
    name = f"descriptor {descriptor}{f' ({label})' if label else ''}"
    try:
        os.set_inheritable(descriptor, False)
        handed = socket.socket(fileno=descriptor)
    except OSError as error:
        raise ListenFailed(name, error.strerror or str(error), _ADVICE) from None
    wrong = _wrong_with(handed)
    if wrong:
        handed.close()
        raise ListenFailed(name, wrong, _ADVICE)
    handed.setblocking(False)
    return Inherited(handed, name, label)


def _wrong_with(handed: socket.socket) -> str:
    if handed.family not in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):
        return "it is neither an internet nor a Unix socket"
    if handed.type != socket.SOCK_STREAM:
        return "it is no stream socket"
    if not handed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        return "it does not listen (Accept=yes is not supported)"
    return ""
