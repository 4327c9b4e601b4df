"""A gateway that runs for a moment, where none runs the file: backends are tried as by `serve`, then all is ended."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Protocol

import attrs
import trio

from argus_trio.config.model.config import Config
from argus_trio.config.model.server import Server, ServerManagement
from argus_trio.contract.control import SHUTDOWN
from argus_trio.doctor.backends.seen import GatewaySeen, see
from argus_trio.errors import ConfigInvalid, ListenFailed
from argus_trio.manage_client.client import open_client
from argus_trio.manage_client.failure import CommandFailed
from argus_trio.manage_client.where import place_of

BEGIN_SECONDS: Final = 30.0
"""How long a gateway may take until it listens: it looks for an engine and makes its middleware first."""
STOP_SECONDS: Final = 15.0
"""How long it may take to end: more than `serve` gives backends and containers at a stop. It is cancelled then, which
ends what it started as well."""
SHUTDOWN_SECONDS: Final = 5.0
"""How long it may take to hear that it is to end."""


class OnListening(Protocol):
    """What is told the base URLs of a gateway once it can be asked."""

    def __call__(self, urls: Sequence[str], /) -> None: ...


class StartGateway(Protocol):
    """Runs a gateway until it is told to stop. It notices Ctrl-C by itself, and returns."""

    async def __call__(self, config: Config, /, *, on_listening: OnListening) -> None: ...


def trial_config(config: Config, token: str) -> Config:
    """The same backends and middleware, at an address that nobody else knows, for the holder of `token`."""
    server = attrs.evolve(
        config.server,
        host="127.0.0.1",
        port=0,
        tls=None,
        watch=False,
        drain_timeout=0.0,
        management=ServerManagement(token=token),
        limits=Server().limits,
    )
    return attrs.evolve(config, server=server, secrets=config.secrets | {token})


async def try_out(config: Config, start: StartGateway, *, wait_seconds: float) -> GatewaySeen:
    """What a gateway of this configuration says of its backends. Nothing of it runs afterwards.

    Raises:
        ConfigInvalid, ListenFailed: it does not start.
        CommandFailed: it does not answer.
        KeyboardInterrupt: it was ended by Ctrl-C.
    """
    trial = _Trial(config=config, token=secrets.token_hex(32))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trial.run, start, nursery.cancel_scope)
        with trio.move_on_after(BEGIN_SECONDS):
            await trial.began.wait()
        await trial.ask(wait_seconds)
        nursery.cancel_scope.deadline = trio.current_time() + STOP_SECONDS
        if not trial.urls:
            nursery.cancel_scope.cancel()
    if trial.has_ended and not trial.was_told:
        raise KeyboardInterrupt  # the gateway heard the signal, and took it as its own
    if trial.failure is not None:
        raise trial.failure
    if trial.seen is None:
        raise CommandFailed(f"it was not there within {BEGIN_SECONDS:g} s")
    return trial.seen


@attrs.define(eq=False, repr=False, kw_only=True)
class _Trial:
    config: Config
    token: str = attrs.field(repr=False)
    began: trio.Event = attrs.field(factory=trio.Event, init=False)
    urls: list[str] = attrs.field(factory=list, init=False)
    failure: ConfigInvalid | ListenFailed | CommandFailed | None = attrs.field(default=None, init=False)
    seen: GatewaySeen | None = attrs.field(default=None, init=False)
    was_told: bool = attrs.field(default=False, init=False)
    """Whether it has heard from here that it is to end."""
    has_ended: bool = attrs.field(default=False, init=False)
    """Whether it has ended by itself, and not of a failure."""

    async def run(self, start: StartGateway, everything: trio.CancelScope) -> None:
        try:
            await start(trial_config(self.config, self.token), on_listening=self._listening)
            self.has_ended = True
        except (ConfigInvalid, ListenFailed) as failure:
            self.failure = failure
        self.began.set()
        everything.cancel()  # who asks it has nobody to ask any more

    def _listening(self, urls: Sequence[str]) -> None:
        self.urls.extend(urls)
        self.began.set()

    async def ask(self, wait_seconds: float) -> None:
        if not self.urls:
            return
        async with open_client(place_of(self.urls[0], ""), self.token) as client:
            try:
                self.seen = await see(client, wait_seconds=wait_seconds)
            except CommandFailed as failure:
                self.failure = failure
            finally:
                with trio.move_on_after(SHUTDOWN_SECONDS, shield=True), suppress(CommandFailed):
                    await client.fetch(SHUTDOWN, body={"timeout_seconds": 0}, seconds=SHUTDOWN_SECONDS)
                    self.was_told = True
