"""A network of its own where every address leads to this machine: what is let out by mistake arrives here, no farther.

The thread that enters it, what it starts and the sockets that it opens are in it; an engine's Unix socket is reached as
before. Private addresses are its own, public ones are turned round by its packet filter on their way out. Names are
those of a file that a gateway sees as its /etc/hosts. So that a container may reach a public address, and not a private
one, is shown by what arrives, and no packet leaves the machine.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address, ip_network
from pathlib import Path

import attrs

from tests.servers.probe_server import REACHED

ADDRESSES = {
    "public.example.org": "93.184.216.34",
    "other.example.org": "93.184.216.35",
    "sub.public.example.org": "93.184.216.36",
    "private.example.org": "10.11.12.13",
    "database.example.org": "192.168.77.1",
    "carrier.example.org": "100.64.1.1",
    "own.example.org": "198.51.100.7",
    "second.example.org": "198.51.100.8",
    "metadata.google.internal": "169.254.169.254",
    "loopback.example.org": "127.0.0.1",
}
PUBLIC = "93.184.216.0/24"
"""What is turned round; all other addresses are those of an interface."""
PORTS = (80, 443, 5432)
ABSTRACT = "argus-test-island"
"""The abstract Unix socket of the island, which belongs to a network."""
CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS, SIOCSIFADDR, IFF_UP = 0x8914, 0x8916, 1
SIOCADDRT, RTF_UP = 0x890B, 1


@attrs.frozen(kw_only=True)
class Island:
    """It is there while the block is entered. `launcher` runs a gateway whose names are those of `ADDRESSES`."""

    launcher: tuple[str, ...]


def _namespaced(libc: ctypes.CDLL, returned: int) -> None:
    if returned:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _bring_up(addresses: Mapping[str, str]) -> None:
    """The loopback interface with all these addresses: as aliases, so that no tool is needed."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))
        for number, address in enumerate(addresses.values()):
            if not address.startswith("127.") and ip_address(address) not in ip_network(PUBLIC):
                packed = struct.pack("16sHH4s16x", b"lo:%d" % number, socket.AF_INET, 0, socket.inet_aton(address))
                fcntl.ioctl(control, SIOCSIFADDR, packed)

        any_address = struct.pack("HH4s8x", socket.AF_INET, 0, bytes(4))
        device = ctypes.create_string_buffer(b"lo")
        route = struct.pack("@L16s16s16sHhLPhP24x", 0, *[any_address] * 3, RTF_UP, 0, 0, 0, 0, ctypes.addressof(device))
        fcntl.ioctl(control, SIOCADDRT, route)
    rule = ["-t", "nat", "-A", "OUTPUT", "-d", PUBLIC, "-p", "tcp", "-j", "REDIRECT"]
    subprocess.run(["iptables", *rule], check=True, capture_output=True)


def _greet(listener: socket.socket) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return  # the listener was closed
        with connection:
            connection.sendall(REACHED)
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(1.0)
            try:
                while connection.recv(4096):
                    pass
            except OSError:
                pass  # what else it says does not matter


def _listening(stack: ExitStack, family: int, address: object) -> None:
    listener = stack.enter_context(socket.socket(family))
    if family != socket.AF_UNIX:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)  # type: ignore[arg-type]  # of whichever family
    listener.listen()
    stack.callback(listener.shutdown, socket.SHUT_RDWR)
    threading.Thread(target=_greet, args=(listener,), daemon=True).start()


@contextmanager
def entered(folder: Path) -> Iterator[Island]:
    """Enter one with this thread, for the length of the block. Raises: OSError: this process may not."""
    libc = ctypes.CDLL(None, use_errno=True)
    hosts = folder / "hosts"
    hosts.write_text("127.0.0.1 localhost\n" + "".join(f"{each} {name}\n" for name, each in ADDRESSES.items()))
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _namespaced(libc, libc.unshare(CLONE_NEWNET))
        try:
            with ExitStack() as stack:
                _bring_up(ADDRESSES)
                for port in PORTS:
                    _listening(stack, socket.AF_INET, ("", port))
                    _listening(stack, socket.AF_INET6, ("::1", port))
                _listening(stack, socket.AF_UNIX, f"\0{ABSTRACT}")
                script = 'mount --bind "$0" /etc/hosts && exec "$@"'
                yield Island(launcher=("unshare", "--mount", "sh", "-c", script, str(hosts)))
        finally:
            _namespaced(libc, libc.setns(home, CLONE_NEWNET))
    finally:
        os.close(home)
