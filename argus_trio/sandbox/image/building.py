"""Images of many backends ahead of time: what is to be made, how far each one is, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, Protocol

import attrs
import trio

from argus_trio import Value
from argus_trio.core.health.health import PreparingWord
from argus_trio.errors import LinkFailed
from argus_trio.sandbox.image.images import Images
from argus_trio.sandbox.image.ready import ReadyImage, changed
from argus_trio.sandbox.plan.outcome import Contained, ImagePlan, Plan

AT_ONCE: Final = 2
"""So many images are made at once: one waits for the network while the other compiles."""


@attrs.frozen(kw_only=True)
class BuildOrder(Value):
    """An image that is to be there."""

    image: ImagePlan
    backends: tuple[str, ...]
    """All that need it."""
    seconds: float
    """How long it may take."""


@attrs.frozen(kw_only=True)
class BuildOutcome(Value):
    """What came of an order."""

    order: BuildOrder
    word: Literal["there", "made", "same", "failed"]
    """there: it had been before. same: made anew, and no package has another version."""
    name: str = ""
    """What the engine calls it."""
    seconds: float = 0.0
    changes: tuple[str, ...] = ()
    """What has another version than before, a line each."""
    failure: LinkFailed | None = None


class Listener(Protocol):
    """Who is told how far all of it is."""

    def hears(self, order: BuildOrder, what: PreparingWord, line: str) -> None:
        """Take the last line that was said of one."""

    def ended(self, outcome: BuildOutcome) -> None:
        """Take what came of one."""


def orders_of(plans: Mapping[str, Plan], seconds: Mapping[str, float]) -> tuple[BuildOrder, ...]:
    """One order for each image that these plans need; `seconds` is what each backend lets its preparation take."""
    needing: dict[ImagePlan, list[str]] = {}
    for backend, plan in plans.items():
        if isinstance(plan, Contained):
            needing.setdefault(plan.image, []).append(backend)
    return tuple(
        BuildOrder(image=image, backends=tuple(backends), seconds=max(seconds[backend] for backend in backends))
        for image, backends in needing.items()
    )


async def build_all(
    images: Images, orders: Iterable[BuildOrder], listener: Listener, *, updates: bool
) -> Sequence[BuildOutcome]:
    """Have all of them there, a few at once; `updates` has those that are there made anew. A failure ends no other."""
    outcomes: list[BuildOutcome] = []
    turns = trio.CapacityLimiter(AT_ONCE)

    async def one(order: BuildOrder) -> None:
        async with turns:
            outcome = await _outcome(images, order, listener, updates=updates)
        outcomes.append(outcome)
        listener.ended(outcome)

    async with trio.open_nursery() as nursery:
        for order in orders:
            nursery.start_soon(one, order)
    return outcomes


async def _outcome(images: Images, order: BuildOrder, listener: Listener, *, updates: bool) -> BuildOutcome:
    began = trio.current_time()
    try:
        with trio.fail_after(order.seconds):
            return await _built(images, order, listener, updates=updates, began=began)
    except LinkFailed as failure:
        return BuildOutcome(order=order, word="failed", failure=failure)
    except trio.TooSlowError:
        late = LinkFailed(f"its image was not there within {order.seconds:g} s (timeouts.prepare)")
        return BuildOutcome(order=order, word="failed", failure=late)


async def _built(images: Images, order: BuildOrder, listener: Listener, *, updates: bool, began: float) -> BuildOutcome:
    backend, is_told = order.backends[0], False

    def hear(what: PreparingWord, line: str) -> None:
        nonlocal is_told
        is_told = True
        listener.hears(order, what, line)

    before: ReadyImage | None = None
    if updates:
        renewed = await images.renew(order.image, hear, backend=backend)
        before, after = renewed.before, renewed.after
    else:
        after = await images.ensure(order.image, hear, backend=backend)
    changes = () if before is None else changed(before.versions, after.versions)
    is_same = before is not None and (before.id == after.id or (bool(after.versions) and not changes))
    return BuildOutcome(
        order=order,
        word="there" if not is_told else "same" if is_same else "made",
        name=await images.name_of(order.image),
        seconds=trio.current_time() - began,
        changes=changes,
    )
