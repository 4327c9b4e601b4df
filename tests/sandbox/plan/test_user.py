"""Who a container finds that it is."""

from __future__ import annotations

import json

import attrs

from argus_trio.sandbox.plan.outcome import Mount
from argus_trio.sandbox.plan.profile import create_body
from argus_trio.sandbox.plan.user import user_files
from tests.sandbox.plan.support import DOCKER, FOLDER, backend, contained, launch_of

LAUNCH = launch_of(contained(backend("uvx", "x")), names_user=True, user="501:20", groups=(27,))


def test_its_user_has_a_name_a_home_and_groups() -> None:
    files = user_files(LAUNCH)
    assert files["passwd"].splitlines()[:2] == [
        "argus:x:501:20:argus:/home/argus:/bin/sh",
        "root:x:0:0:root:/root:/bin/sh",
    ]
    assert files["group"].splitlines()[:3] == ["argus:x:20:", "root:x:0:", "group27:x:27:argus"]


def test_they_stand_in_etc_and_not_over_what_is_mounted_there() -> None:
    own = Mount(source=FOLDER / "mine", target="/etc/group")
    body = json.dumps(create_body(attrs.evolve(LAUNCH, mounts=(own,)), DOCKER, instance="me", folder=FOLDER))
    assert '"Target": "/etc/passwd", "ReadOnly": true' in body
    assert body.count('"/etc/group"') == 1


def test_an_image_of_somebody_else_keeps_its_own() -> None:
    assert not user_files(attrs.evolve(LAUNCH, names_user=False))
    assert not user_files(attrs.evolve(LAUNCH, user="app"))
