"""Services of this machine and its network that a backend names, and that its container does not reach by itself."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Final

from argus_trio.core.access.address_guard import is_address
from argus_trio.sandbox.plan.network import LOCALHOST, NetworkPolicy, plain_host

_PORTS: Final = {
    "amqp": 5672, "bolt": 7687, "clickhouse": 9000, "http": 80, "https": 443, "mariadb": 3306, "mongodb": 27017,
    "mssql": 1433, "mysql": 3306, "nats": 4222, "neo4j": 7687, "postgres": 5432, "postgresql": 5432, "redis": 6379,
    "rediss": 6379, "ws": 80, "wss": 443,
}  # fmt: skip
"""The ports of services whose URLs need not name one."""
_URL: Final = re.compile(
    r"([a-z][a-z0-9+.-]{0,20})://(?:[^\s/@]*@)?(\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::(\d{1,5}))?", re.ASCII
)
_PRIVATE_ENDS: Final = (".local", ".internal", ".lan", ".home.arpa", ".localdomain")
MAX_LENGTH: Final = 4096
"""Characters of an argument or a value that are looked at."""


def services_named(
    args: tuple[str, ...], first: int, env: Mapping[str, str], network: NetworkPolicy
) -> tuple[str, ...]:
    """What to say of the services that are named and not reached."""
    if network.mode in ("none", "bridge"):
        return ()
    named = [(f"args[{position}]", word) for position, word in enumerate(args, start=first)]
    named += [(f"env.{name}", value) for name, value in env.items()]
    found = dict.fromkeys(
        (why, host, port)
        for why, word in named
        for host, port in _private(word[:MAX_LENGTH])
        if not any(rule.covers(host, port) for rule in network.services)
    )
    return tuple(_sentence(why, host, port) for why, host, port in found)


def _private(word: str) -> Iterator[tuple[str, int]]:
    for scheme, host, port_text in _URL.findall(word):
        host = plain_host(host.strip("[]"))
        port = int(port_text) if port_text else _PORTS.get(scheme.partition("+")[0], 0)
        if 0 < port <= 65535 and _is_private(host):
            yield host, port


def _is_private(host: str) -> bool:
    if is_address(host):
        return not ipaddress.ip_address(host).is_global
    return host == LOCALHOST or "." not in host or host.endswith(_PRIVATE_ENDS)


def _sentence(why: str, host: str, port: int) -> str:
    if is_address(host):
        return (
            f"{why} names {host}:{port}, which it does not reach: hosts are reached by name, so give it one, and write "
            "that in host_services"
        )
    return f'{why} names {host}:{port}, which it does not reach: write container: {{host_services: ["{host}:{port}"]}}'
