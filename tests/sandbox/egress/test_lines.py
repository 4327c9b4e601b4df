"""What a refusal says to write, and what is printed to be pasted: the file takes it, and it does what it says."""

from __future__ import annotations

import string

import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from argus_trio.config.model.container import Container, NetworkSpec
from argus_trio.core.egress.attempts import BackendAttempts, EgressTarget, PassedBy
from argus_trio.core.egress.permits import line_to_write, permits_of_passed
from argus_trio.core.egress.reasons import HELPED_BY_ALLOW, HELPED_BY_SERVICES
from argus_trio.sandbox.egress.decision import EgressAllowed, EgressDenied, decide, plain_name
from argus_trio.sandbox.plan.network import NetworkPolicy, network_policy

LABELS = st.text(string.ascii_letters + string.digits + "-_é", min_size=1, max_size=20)
HOSTS = st.lists(LABELS, min_size=1, max_size=4).map(".".join) | st.sampled_from(
    [
        "localhost",
        "host.docker.internal",
        "gateway.docker.internal",
        "api.localhost",
        "127.0.0.1",
        "10.0.0.1",
        "fe80::1",
    ]
)
SPECS = st.sampled_from([NetworkSpec(), NetworkSpec(mode="allow", allow=("a.example:443",)), NetworkSpec(mode="none")])


def written(line: str, before: Container) -> NetworkPolicy:
    """The policy of the file with that line."""
    found = yaml.safe_load(line)["container"]
    network = before.network
    if "network" in found:
        network = NetworkSpec(mode="allow", allow=tuple(found["network"]["allow"]))
    return network_policy(Container(network=network, host_services=tuple(found.get("host_services", ()))))


@given(HOSTS, st.sampled_from([80, 443, 5432]), SPECS)
def test_the_line_of_a_refusal_lets_it_through(host: str, port: int, spec: NetworkSpec) -> None:
    before = Container(network=spec)
    policy = network_policy(before)
    refused = decide(policy, host, port)
    name = plain_name(host)
    assume(isinstance(refused, EgressDenied) and name is not None)
    assert isinstance(refused, EgressDenied)
    assert name is not None
    line = line_to_write(
        refused.reason,
        EgressTarget(host=name, port=port),
        allow=tuple(map(str, policy.allow)),
        host_services=tuple(map(str, policy.services)),
    )
    assert bool(line) == (refused.reason in HELPED_BY_ALLOW | HELPED_BY_SERVICES)
    if not line:
        return
    assert isinstance(decide(written(line, before), host, port), EgressAllowed)


@given(st.lists(st.tuples(LABELS.map(str.lower), st.sampled_from([80, 443]), st.sampled_from(["public", "service"]))))
def test_the_lists_let_through_what_was_let_through_and_nothing_else(seen: list[tuple[str, int, PassedBy]]) -> None:
    attempts = BackendAttempts()
    names = [(plain_name(f"{host}.example"), port, by) for host, port, by in seen]
    for name, port, by in names:
        if name is not None:
            attempts.passed(EgressTarget(host=name, port=port), by, 1.0)
    permits = permits_of_passed(attempts)
    spec = NetworkSpec(mode="allow", allow=permits.allow)
    policy = network_policy(Container(network=spec, host_services=permits.host_services))
    for name, port, _ in names:
        assert name is None or isinstance(decide(policy, name, port), EgressAllowed)
    assert isinstance(decide(policy, "never-seen.example.org", 443), EgressDenied)
