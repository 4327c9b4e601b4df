"""Whose a container is: nothing is judged to be nobody's that could be somebody's."""

from __future__ import annotations

import os
import subprocess
import sys

import attrs
import pytest

from argus_trio.sandbox.engine.facts import ContainerFacts
from argus_trio.sandbox.engine.reaping.leftovers import find_process, state_of, surroundings, this_gateway
from argus_trio.sandbox.engine.reaping.owner import (
    GATEWAY_LABEL,
    GatewayRun,
    ProcessFound,
    Surroundings,
    gateway_of,
    judge,
)
from argus_trio.sandbox.plan.launch import INSTANCE_LABEL

OWNER = GatewayRun(instance="i", pid=12, started=345, namespace=6, boot="b-1")
HERE = Surroundings(namespace=6, boot="b-1", booted=1_000_000.0)


def test_labels_name_the_gateway_that_wrote_them() -> None:
    assert gateway_of(OWNER.labels) == OWNER
    assert set(OWNER.labels) == {INSTANCE_LABEL, GATEWAY_LABEL}


@pytest.mark.parametrize(
    "labels",
    [
        {},
        {INSTANCE_LABEL: "i"},
        {GATEWAY_LABEL: OWNER.labels[GATEWAY_LABEL]},
        {INSTANCE_LABEL: "", GATEWAY_LABEL: ""},
        {INSTANCE_LABEL: "i", GATEWAY_LABEL: "pid=1"},
        {INSTANCE_LABEL: "i", GATEWAY_LABEL: "pid=-1 started=2 namespace=3 boot=4"},
        {INSTANCE_LABEL: "i", GATEWAY_LABEL: "pid=1 started=2 namespace=3 boot=4\n"},
        {INSTANCE_LABEL: "i", GATEWAY_LABEL: "pid=١ started=2 namespace=3 boot=4x"},
    ],
)
def test_labels_that_are_not_as_we_write_them_name_nobody(labels: dict[str, str]) -> None:
    assert gateway_of(labels) is None


@pytest.mark.parametrize(
    ("process", "state"), [(345, "lives"), (346, "gone"), ("gone", "gone"), ("hidden", "elsewhere")]
)
@pytest.mark.parametrize("is_running", [True, False])
def test_a_gateway_of_this_boot_and_namespace_lives_if_its_process_does(
    process: ProcessFound, state: str, is_running: bool
) -> None:
    assert judge(OWNER, HERE, process, is_running=is_running, created=5.0) == state


@pytest.mark.parametrize("process", [345, 346, "gone", "hidden"])
def test_a_gateway_in_another_pid_namespace_is_never_gone(process: ProcessFound) -> None:
    elsewhere = attrs.evolve(OWNER, namespace=7)
    assert judge(elsewhere, HERE, process, is_running=False, created=5.0) == "elsewhere"


@pytest.mark.parametrize(
    ("is_running", "created", "state"),
    [
        (False, 5.0, "gone"),
        (True, 5.0, "elsewhere"),
        (False, 0.0, "elsewhere"),
        (False, 1_000_000.0 - 60, "elsewhere"),
        (False, 1_000_500.0, "elsewhere"),
    ],
)
def test_on_another_boot_only_what_does_not_run_and_is_older_than_ours_is_nobody_s(
    is_running: bool, created: float, state: str
) -> None:
    other = attrs.evolve(OWNER, boot="b-2")
    assert judge(other, HERE, "gone", is_running=is_running, created=created) == state


def test_a_process_is_known_by_its_start_and_one_that_has_ended_is_gone() -> None:
    own = find_process(os.getpid())
    assert isinstance(own, int)
    assert own > 0
    ended = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    assert find_process(ended.pid) == "gone", "although it is not buried yet"
    ended.wait()
    assert find_process(ended.pid) == "gone"
    assert find_process(2**40) == "gone"


def container(labels: dict[str, str], state: str = "running") -> ContainerFacts:
    return ContainerFacts(id="c", labels=labels, state=state)


def test_what_this_gateway_has_lives_and_what_its_forerunner_with_the_same_pid_had_is_gone() -> None:
    here = surroundings()
    own = this_gateway()
    assert state_of(container(dict(own.labels)), own.instance, here) == "lives"
    assert state_of(container(dict(own.labels)), "another", here) == "lives", "two gateways of one process"
    before = attrs.evolve(own, instance="before", started=own.started - 1)
    assert state_of(container(dict(before.labels)), own.instance, here) == "gone"


def test_where_the_table_of_processes_is_not_ours_nothing_is_nobody_s() -> None:
    own = this_gateway()
    dead = attrs.evolve(own, instance="before", started=own.started - 1)
    blind = attrs.evolve(surroundings(), namespace=0)
    assert state_of(container(dict(dead.labels)), own.instance, blind) == "elsewhere"
    told_blind = attrs.evolve(dead, namespace=0)
    assert state_of(container(dict(told_blind.labels)), own.instance, blind) == "elsewhere"


def test_what_others_run_is_never_nobody_s() -> None:
    own = this_gateway()
    for labels in ({}, {"com.example": "x"}, {INSTANCE_LABEL: "x"}):
        assert state_of(container(labels, "exited"), own.instance, surroundings()) == "elsewhere"
