"""Why something was not let out of a container, or led nowhere: one word for programs, a clause for people."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

EgressReason = Literal[
    "no_network",
    "not_allowed",
    "this_machine",
    "bare_address",
    "other_port",
    "no_name",
    "not_public",
    "never_dialled",
    "not_found",
    "not_reached",
    "too_many",
]
"""In one word."""

EGRESS_REASONS: Final[Mapping[EgressReason, str]] = MappingProxyType(
    {
        "no_network": "its network is none",
        "not_allowed": "no rule of container.network.allow covers it",
        "this_machine": "it is this machine, whose services are reached by container.host_services alone",
        "bare_address": "it is an address, and a container reaches hosts by name: give it one, as in /etc/hosts",
        "other_port": "public hosts are reached at ports 80 and 443, and at others by container.host_services alone",
        "no_name": "it is nothing that a host can be called",
        "not_public": "it is at an address that is not public",
        "never_dialled": "it is at link-local, multicast or metadata addresses, which are never dialled",
        "not_found": "its name leads to no address",
        "not_reached": "no connection could be made to it",
        "too_many": "its container has as many connections as it may have at once",
    }
)
"""What each means, as the end of a sentence that says that a host was not reached."""

HELPED_BY_ALLOW: Final[frozenset[EgressReason]] = frozenset({"not_allowed"})
"""Refusals that a rule of container.network.allow undoes."""
HELPED_BY_SERVICES: Final[frozenset[EgressReason]] = frozenset({"this_machine", "not_public", "other_port"})
"""Refusals that an entry of container.host_services undoes."""
