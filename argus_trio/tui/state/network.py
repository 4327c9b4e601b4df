"""What to write into the file so that what was refused on the network is let through. Pure."""

from __future__ import annotations

import msgspec

from argus_trio.contract.backends import EgressAnswer


def lines_to_write(answer: EgressAnswer) -> str:
    """The member `container` of the backend in the file; empty where there is nothing that would help."""
    wanted = answer.not_let_through
    if not wanted.allow and not wanted.host_services:
        return ""
    lines = ["container:"]
    if wanted.allow:
        allow = (*answer.let_through.allow, *wanted.allow)
        lines += ["  network:", f"    allow: {_listed(allow)}"]
    if wanted.host_services:
        services = (*answer.let_through.host_services, *wanted.host_services)
        lines.append(f"  host_services: {_listed(services)}")
    return "\n".join(lines)


def _listed(texts: tuple[str, ...]) -> str:
    # JSON is YAML, whatever a host is called
    return msgspec.json.encode(tuple(dict.fromkeys(texts))).decode()
