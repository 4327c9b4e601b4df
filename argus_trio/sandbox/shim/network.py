"""The network of a container, as its first process plays it: names, and connections that go out through one socket.

`shim.py` imports it from its own folder. Names are answered (UDP and TCP, 127.0.0.1:53) with an address of their own in
127.64.0.0/10, and what connects there, at the ports of the order, is passed on to egress.sock as `CONNECT name:port`:
the gateway decides, resolves and counts; a refusal is a reset here. So no program has to know of a proxy, and any TCP
protocol passes. AAAA and whatever else is asked for a name is answered empty, and `localhost` is 127.0.0.1, which has
those ports that the order gives it.

Only names that were asked for have listeners, and 127.0.0.1 has none of its own: so the server itself can listen at the
same ports there, or at every address if it does so before it asks for a name. An address is never given to a second
name, so that one that the server remembers for too long leads nowhere, and not elsewhere.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
import sys
from collections import OrderedDict
from collections.abc import Callable
from functools import partial

MAX_NAMES = 1024
"""Names that have an address at once. One more, and the one that was not used for longest loses its own."""
MAX_LISTENERS = 4096
"""Listening sockets at once, which is names times ports: with more than four ports there are fewer names."""
MIN_NAMES = 16
"""Names that have an address at once, with however many ports."""
MAX_RELAYS = 512
"""Connections of the server to names at once. One more is reset."""
MAX_QUERIES = 64
"""Connections to the DNS over TCP at once. One more is reset."""
MAX_QUERY_BYTES = 1024
"""The longest question that is read."""
CHUNK_BYTES = 64 * 1024
"""What is read at once of a connection, and the most that waits in each direction."""
MAX_HEAD_BYTES = 4096
"""The longest answer of the filter to a CONNECT."""
TTL_SECONDS = 5
"""How long the server may remember an address."""
FIRST_ADDRESS = (127 << 24) + (64 << 16) + 1
ADDRESSES = 1 << 22
"""Those of 127.64.0.0/10."""
_ERRORS = select.EPOLLHUP | select.EPOLLERR
_NAME = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_.")
_WAITING = (errno.EAGAIN, errno.EINTR, errno.ECONNABORTED)


class Loop:
    """Who is called when what happens to which descriptor."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._handlers: dict[int, Callable[[int], None]] = {}
        self._watched: set[int] = set()

    def attach(self, fd: int, events: int, handler: Callable[[int], None]) -> None:
        """Call `handler` with what happened of `events`."""
        self._handlers[fd] = handler
        self.watch(fd, events)

    def watch(self, fd: int, events: int | None) -> None:
        """Watch for `events` from now on: 0 for errors alone, None for nothing at all."""
        if events is None:
            if fd in self._watched:
                self._watched.discard(fd)
                self._poll.unregister(fd)
        elif fd in self._watched:
            self._poll.modify(fd, events)
        else:
            self._poll.register(fd, events)
            self._watched.add(fd)

    def detach(self, fd: int) -> None:
        """Call nobody any more, before `fd` is closed."""
        self.watch(fd, None)
        self._handlers.pop(fd, None)

    def run_once(self, seconds: float | None) -> None:
        """Wait for something to happen, for so long at most, and call whom it concerns."""
        for fd, events in self._poll.poll(seconds):
            handler = self._handlers.get(fd)
            if handler is not None:  # an earlier one of this round may have detached it
                handler(events)


class InnerNetwork:
    """All names, and all that listens."""

    def __init__(self, loop: Loop, ports: list[bytes], *, folder: str, dns_port: int) -> None:
        self.loop = loop
        self.filter = os.path.join(folder, "egress.sock")  # noqa: PTH118
        self.relays = 0
        self.queries = 0
        self._ports = [int(port) for port in ports if port.isdigit()]
        self._names: OrderedDict[bytes, tuple[str, list[socket.socket]]] = OrderedDict()
        self._max_names = max(MIN_NAMES, min(MAX_NAMES, MAX_LISTENERS // max(1, len(self._ports))))
        self._given = 0
        self._is_said = False
        self._questions = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._questions.bind(("127.0.0.1", dns_port))
        self._questions.setblocking(False)
        loop.attach(self._questions.fileno(), select.EPOLLIN, self._answer)
        self._streams = self._listen("127.0.0.1", dns_port, lambda client, _port: _DnsStream(self, client), b"")
        for port in ports:
            if port.startswith(b"localhost:"):
                self._listen("127.0.0.1", int(port[10:]), self._connect, b"localhost")

    def reply(self, query: bytes) -> bytes:
        """The answer to one question, empty for what is none."""
        if len(query) < 12 or query[2] & 0xF8 or query[4:6] != b"\0\1":
            return b""
        labels, at = [], 12
        while at < len(query) and 0 < query[at] < 64:
            labels.append(query[at + 1 : at + 1 + query[at]])
            at += 1 + query[at]
        if query[at : at + 1] != b"\0" or len(query) < at + 5:
            return b""
        kind, group = struct.unpack("!HH", query[at + 1 : at + 5])
        name = b".".join(labels).lower()
        address = self._address(name) if (kind, group) == (1, 1) and name and _NAME.issuperset(name) else None
        found = b""
        if address is not None:
            found = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, TTL_SECONDS, 4) + socket.inet_aton(address)
        flags = struct.pack("!HHHHH", 0x8080 | (query[2] & 1) << 8, 1, 1 if found else 0, 0, 0)
        return query[:2] + flags + query[12 : at + 5] + found

    def _address(self, name: bytes) -> str | None:
        """The address of a name, a new one for a new name; None when it cannot have any."""
        if name == b"localhost" or name.endswith(b".localhost"):
            return "127.0.0.1"
        if name in self._names:
            self._names.move_to_end(name)
            return self._names[name][0]
        if self._given >= ADDRESSES - 2:
            return None
        while len(self._names) >= self._max_names:
            for listener in self._names.popitem(last=False)[1][1]:
                self.loop.detach(listener.fileno())
                listener.close()
        address = socket.inet_ntoa(struct.pack("!I", FIRST_ADDRESS + self._given))
        self._given += 1
        listeners = []
        for port in self._ports:
            try:
                listeners.append(self._listen(address, port, self._connect, name))
            except OSError as error:
                self._say(f"port {port} of names is not served: {error.strerror}")
        self._names[name] = (address, listeners)
        return address

    def _listen(
        self, address: str, port: int, take: Callable[[socket.socket, bytes], object], name: bytes
    ) -> socket.socket:
        listener = socket.socket()
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, port))
            listener.listen(128)
            listener.setblocking(False)
        except OSError:
            listener.close()
            raise

        def accept(_events: int) -> None:
            try:
                client, _ = listener.accept()
            except OSError as error:
                if error.errno not in _WAITING:  # no files are left: what waits is taken when there are some again
                    self._say(f"no connection can be taken: {error.strerror}")
                return
            client.setblocking(False)
            take(client, name + b":%d" % port)

        self.loop.attach(listener.fileno(), select.EPOLLIN, accept)
        return listener

    def _connect(self, client: socket.socket, target: bytes) -> None:
        name = target.rpartition(b":")[0]
        if name in self._names:
            self._names.move_to_end(name)
        if self.relays >= MAX_RELAYS:
            self._say(f"more than {MAX_RELAYS} connections at once: the others are reset")
            _reset(client)
            return
        way_out = socket.socket(socket.AF_UNIX)
        way_out.setblocking(False)
        try:
            way_out.connect(self.filter)
            way_out.send(b"CONNECT " + target + b" HTTP/1.1\r\n\r\n")
        except OSError as error:
            self._say(f"the gateway takes no connection: {error.strerror}")
            way_out.close()
            _reset(client)
            return
        _Relay(self, client, way_out)

    def _answer(self, _events: int) -> None:
        try:
            query, peer = self._questions.recvfrom(MAX_QUERY_BYTES)
            answer = self.reply(query)
            if answer:
                self._questions.sendto(answer, peer)
        except OSError:
            return  # who asked is gone, or does not read

    def _say(self, text: str) -> None:
        """Say the first thing that went wrong on stderr, among the server's own words."""
        if not self._is_said:
            self._is_said = True
            print(f"argus-trio: {text}", file=sys.stderr, flush=True)  # noqa: T201


class _DnsStream:
    """One connection to the DNS over TCP."""

    def __init__(self, network: InnerNetwork, client: socket.socket) -> None:
        if network.queries >= MAX_QUERIES:
            _reset(client)
            return
        self._network, self._client, self._read = network, client, b""
        network.queries += 1
        network.loop.attach(client.fileno(), select.EPOLLIN, self._ready)

    def _ready(self, _events: int) -> None:
        try:
            chunk = self._client.recv(MAX_QUERY_BYTES)
            self._read += chunk
            while len(self._read) >= 2 + (size := int.from_bytes(self._read[:2], "big")):
                answer = self._network.reply(self._read[2 : 2 + size])
                self._read = self._read[2 + size :]
                if not answer:
                    chunk = b""
                    break
                self._client.send(struct.pack("!H", len(answer)) + answer)
        except OSError as error:
            chunk = b"" if error.errno not in _WAITING else b" "
        if not chunk or len(self._read) > MAX_QUERY_BYTES:
            self._network.loop.detach(self._client.fileno())
            self._client.close()
            self._network.queries -= 1


class _Relay:
    """One connection of the server, and its way out: bytes in both directions, each with one bounded buffer."""

    def __init__(self, network: InnerNetwork, client: socket.socket, way_out: socket.socket) -> None:
        self._network, self._client, self._way_out = network, client, way_out
        self._head: bytes | None = b""
        """What was read of the filter's answer; None once it has been read whole."""
        self._waiting = {client: b"", way_out: b""}
        """What is still to be written to each."""
        self._has_ended = {client: False, way_out: False}
        """Whether the end of each was read."""
        self._is_shut = {client: False, way_out: False}
        """Whether the end of the other was passed on to each."""
        self._is_open = True
        network.relays += 1
        for sock in (client, way_out):
            network.loop.attach(sock.fileno(), 0, partial(self._ready, sock))
        self._want()

    def _ready(self, sock: socket.socket, events: int) -> None:
        try:
            if self._head is not None:
                self._read_head(sock, events)
            else:
                if events & (select.EPOLLIN | _ERRORS):
                    self._read(sock)
                if events & select.EPOLLOUT and self._waiting[sock]:
                    self._write(sock)
            if self._is_open:
                self._want()
        except BlockingIOError:
            return
        except OSError:
            self._end(is_whole=False)

    def _read_head(self, sock: socket.socket, events: int) -> None:
        if sock is self._client:
            if events & _ERRORS:
                self._end(is_whole=False)
            return
        chunk = self._way_out.recv(MAX_HEAD_BYTES)
        self._head = (self._head or b"") + chunk
        head, end, rest = self._head.partition(b"\r\n\r\n")
        if end and head.split(b" ")[1:2] == [b"200"]:
            self._head = None
            self._waiting[self._client] = rest
            self._write(self._client)
        elif end or not chunk or len(self._head) > MAX_HEAD_BYTES:
            self._end(is_whole=False)

    def _other(self, sock: socket.socket) -> socket.socket:
        return self._client if sock is self._way_out else self._way_out

    def _read(self, sock: socket.socket) -> None:
        other = self._other(sock)
        if self._waiting[other] or self._has_ended[sock]:
            return  # what was read before has to go first
        chunk = sock.recv(CHUNK_BYTES)
        if chunk:
            self._waiting[other] = chunk
        else:
            self._has_ended[sock] = True
        self._write(other)

    def _write(self, sock: socket.socket) -> None:
        if self._waiting[sock]:
            try:
                self._waiting[sock] = self._waiting[sock][sock.send(self._waiting[sock]) :]
            except BlockingIOError:
                return
        if not self._waiting[sock] and self._has_ended[self._other(sock)] and not self._is_shut[sock]:
            self._is_shut[sock] = True
            sock.shutdown(socket.SHUT_WR)
        if all(self._is_shut.values()):
            self._end(is_whole=True)

    def _want(self) -> None:
        """Tell the loop what each side waits for: nothing is read that could not be kept."""
        for sock in (self._client, self._way_out):
            is_read = not self._waiting[self._other(sock)] and not self._has_ended[sock]
            if self._head is not None:
                is_read = sock is self._way_out
            events = (select.EPOLLIN if is_read else 0) | (select.EPOLLOUT if self._waiting[sock] else 0)
            self._network.loop.watch(sock.fileno(), None if not events and self._head is None else events)

    def _end(self, *, is_whole: bool) -> None:
        self._is_open = False
        self._network.relays -= 1
        for sock in (self._client, self._way_out):
            self._network.loop.detach(sock.fileno())
        if is_whole:
            self._client.close()
        else:
            _reset(self._client)
        self._way_out.close()


def _reset(sock: socket.socket) -> None:
    """Close with a reset: the server is to see that this was no ordinary end."""
    try:  # noqa: SIM105 - a module less to load
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass
    sock.close()
