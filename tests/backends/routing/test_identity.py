"""The identity as of now: of the backends that are ready, in order, merged once."""

from __future__ import annotations

import json

from trio.testing import MockClock

from argus_trio.backends.routing.identity import CurrentIdentity
from argus_trio.wire.envelope import encode
from tests.backends.support.fakes import FakeBackend
from tests.backends.support.supervised import bring_down, named, spec, supervised


async def test_the_identity_is_of_the_backends_that_are_ready(autojump_clock: MockClock) -> None:
    a = FakeBackend(tools=named("x"), instructions="A.", declares={"extensions": {"x/ui": {"by": "a"}}})
    b = FakeBackend(tools=named("x"), instructions="B.", declares={"extensions": {"x/ui": {"by": "b"}}})
    async with supervised({"a": a, "b": b}, [spec("b", prefix="bee")], order=("b",)) as h:
        identity = CurrentIdentity(h.supervisor, "1.2.3")
        assert identity().instructions is None
        await h.supervisor.current.settle()
        now = identity()
        assert now is identity()
        assert now.version == "1.2.3"
        assert now.instructions == ("## b (its names begin with bee__)\n\nB.\n\n## a (its names begin with a__)\n\nA.")
        assert json.loads(encode(dict(now.capabilities))) == {"extensions": {"x/ui": {"by": "b"}}}
        await bring_down(b)
        assert identity().instructions == "## a (its names begin with a__)\n\nA."


async def test_bare_names_have_no_prefix_to_tell(autojump_clock: MockClock) -> None:
    async with supervised({"a": FakeBackend(instructions="A.")}, strategy="first-wins") as h:
        await h.supervisor.current.settle()
        assert CurrentIdentity(h.supervisor, "1")().instructions == "## a\n\nA."
