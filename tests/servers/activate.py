"""Runs a command with listening sockets as its descriptors 3 and up, as a service manager with socket units does.

`activate.py ADDRESS... -- COMMAND...`; an address is HOST:PORT, or the path of a Unix socket. Standard library only.
"""

from __future__ import annotations

import fcntl
import os
import socket
import sys


def opened(address: str) -> socket.socket:
    if "/" in address:
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(address)
    else:
        host, _, port = address.rpartition(":")
        listening = socket.socket(socket.AF_INET)
        listening.bind((host, int(port)))
    listening.listen()
    return listening


def main() -> None:
    end = sys.argv.index("--")
    addresses, command = sys.argv[1:end], sys.argv[end + 1 :]
    sockets = [opened(address) for address in addresses]
    copies = [fcntl.fcntl(each.fileno(), fcntl.F_DUPFD_CLOEXEC, 100) for each in sockets]
    for number, copy in enumerate(copies):
        os.dup2(copy, 3 + number)
    names = ":".join(f"socket{number}" for number in range(len(addresses)))
    os.environ.update(LISTEN_FDS=str(len(addresses)), LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES=names)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
