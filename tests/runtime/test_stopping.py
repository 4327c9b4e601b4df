"""The stop begins once, whoever asks for it."""

from __future__ import annotations

from structlog.testing import capture_logs

from argus_trio.core.journal import Journal
from argus_trio.runtime.notify import Notifier
from argus_trio.runtime.stopping import Stopping


def test_the_first_who_asks_begins_it_and_is_named() -> None:
    stopping, journal = Stopping(Notifier.of({})), Journal(now=lambda: 0.0)
    with capture_logs() as logs:
        stopping.begin("request", by="ann", drain_seconds=2.0)
        stopping.begin("SIGTERM")
    assert stopping.event.is_set()
    assert [(each["event"], each["by"], each["drain_seconds"]) for each in logs] == [("stopping", "ann", 2.0)]
    stopping.note(journal, 2.0)
    (event,) = journal.since(1)[0]
    assert (event.stage, event.message) == ("stopping", "the gateway stops: ann asked for it")
    assert event.details == {"cause": "request", "by": "ann", "drain_seconds": 2.0}


def test_a_signal_has_no_name_but_its_own() -> None:
    stopping, journal = Stopping(Notifier.of({})), Journal(now=lambda: 0.0)
    with capture_logs() as logs:
        stopping.begin("SIGTERM")
    assert logs == [{"event": "stopping", "signal": "SIGTERM", "log_level": "info"}]
    stopping.note(journal, 15.0)
    (event,) = journal.since(1)[0]
    assert (event.message, event.details["by"]) == ("the gateway stops: SIGTERM", None)
