"""Who may use which connection, as tables."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import attrs
import pytest
from msgspec.structs import replace

from argus_trio.core.access.principal import ANONYMOUS, Principal
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.call.exchange import Call, ClientSession
from argus_trio.core.call.session_policy import ConnectionOwner, SessionSetting, Sharing, chosen
from argus_trio.wire.revisions import LATEST_LEGACY, Era
from tests.core.call.support.sessions import QuietSession

ROOTS = Abilities(roots=True)
FORM = Abilities(form=True)
SETTINGS: tuple[SessionSetting, ...] = ("auto", "shared", "per-client")
OWN, SHARED = "own", "shared"

ANY = object()
RULES: tuple[tuple[object, object, object, object, object, object, str], ...] = (
    # setting, is legacy, abilities, log level, assigns logs, method: whose connection. The first that fits decides.
    ("per-client", ANY, ANY, ANY, ANY, ANY, OWN),
    ("shared", ANY, ANY, ANY, ANY, ANY, SHARED),
    ("auto", True, ROOTS, ANY, ANY, ANY, OWN),
    ("auto", ANY, ANY, None, ANY, ANY, SHARED),
    ("auto", ANY, ANY, "info", True, ANY, SHARED),
    ("auto", ANY, ANY, "info", False, "tasks/get", SHARED),
    ("auto", ANY, ANY, "info", False, "tools/call", OWN),
)
CASES = tuple(
    product(SETTINGS, (True, False), (NONE, ROOTS), (None, "info"), (True, False), ("tools/call", "tasks/get"))
)


def whose(*case: object) -> str:
    fitting = (rule[-1] for rule in RULES if all(want in (ANY, fact) for want, fact in zip(rule, case, strict=False)))
    return next(fitting)


@attrs.define(eq=False)
class FakeConnection:
    """A connection as far as it takes to choose one."""

    owner: ConnectionOwner
    is_usable: bool = True
    is_idle: bool = True


def call(
    method: str = "tools/call",
    *,
    abilities: Abilities = ROOTS,
    log_level: str | None = None,
    client: ClientSession | None = None,
    principal: Principal = ANONYMOUS,
) -> Call:
    return Call(
        method=method,
        params={},
        era=Era.LEGACY,
        revision=LATEST_LEGACY,
        principal=principal,
        abilities=abilities,
        log_level=log_level,
        client=client,
    )


def owner(
    *, abilities: Abilities = ROOTS, client: ClientSession | None = None, principal: Principal = ANONYMOUS
) -> ConnectionOwner:
    return ConnectionOwner.of(call(abilities=abilities, client=client, principal=principal))


@pytest.mark.parametrize(("setting", "is_legacy", "abilities", "log_level", "assigns_logs", "method"), CASES)
def test_setting_era_abilities_log_level_transport_and_method_say_whether_a_connection_is_shared(
    setting: SessionSetting,
    is_legacy: bool,
    abilities: Abilities,
    log_level: str | None,
    assigns_logs: bool,
    method: str,
) -> None:
    sharing = Sharing(setting=setting, is_legacy=is_legacy, assigns_logs=assigns_logs)
    separates = sharing.separates(call(method, abilities=abilities, log_level=log_level))
    assert (OWN if separates else SHARED) == whose(setting, is_legacy, abilities, log_level, assigns_logs, method)


@pytest.mark.parametrize(
    ("setting", "is_legacy", "abilities", "depends"),
    [
        *((setting, False, abilities, False) for setting, abilities in product(SETTINGS, (NONE, ROOTS))),
        *((setting, True, NONE, False) for setting in SETTINGS),
        ("auto", True, ROOTS, True),
        ("per-client", True, ROOTS, True),
        ("shared", True, ROOTS, False),
    ],
)
def test_only_a_legacy_backend_whose_connection_is_not_shared_lists_by_abilities(
    setting: SessionSetting, is_legacy: bool, abilities: Abilities, depends: bool
) -> None:
    for assigns_logs in (True, False):
        sharing = Sharing(setting=setting, is_legacy=is_legacy, assigns_logs=assigns_logs)
        assert sharing.lists_by(abilities) is depends


def test_a_session_owns_its_connection_and_modern_clients_share_one_by_principal_and_abilities() -> None:
    session, ann = QuietSession(), Principal(name="ann")
    assert owner(client=session) == ConnectionOwner(key=session, abilities=ROOTS, client=session)
    assert owner(client=session) != owner(client=QuietSession())
    assert owner(principal=ann) == owner(principal=Principal(name="ann"))
    assert owner(principal=ann) != owner()
    assert owner(abilities=FORM) != owner()
    assert owner(principal=ann).client is None


def test_a_call_without_a_session_that_is_asked_live_opens_a_server_of_both_eras_as_a_session_does() -> None:
    by_management, by_session = call(), call(client=QuietSession())
    modern = replace(by_management, era=Era.MODERN)
    sharing = Sharing(setting="auto", is_legacy=False, assigns_logs=True, may_be_legacy=True)
    assert [sharing.separates(each) for each in (by_management, by_session, modern)] == [True, True, False]
    owners = [ConnectionOwner.of(each) for each in (by_management, by_session, modern)]
    assert [each.is_asked_live for each in owners] == [True, True, False]
    assert owners[0] == owners[2], "what one has left idle the other may use"
    assert not ConnectionOwner.nobody(ROOTS).is_asked_live


def chosen_index(wanted: ConnectionOwner, connections: Iterable[FakeConnection]) -> int | None:
    listed = list(connections)
    found = chosen(wanted, listed)
    return None if found is None else listed.index(found)


@pytest.mark.parametrize("is_idle", [True, False])
def test_a_session_gets_its_own_connection_in_use_or_not(is_idle: bool) -> None:
    session = QuietSession()
    others = [FakeConnection(owner(client=QuietSession())), FakeConnection(ConnectionOwner.nobody(ROOTS))]
    own = FakeConnection(owner(client=session), is_idle=is_idle)
    assert chosen_index(owner(client=session), [*others, own]) == 2


@pytest.mark.parametrize(("is_idle", "found"), [(True, 1), (False, None)])
def test_a_modern_client_gets_a_connection_of_its_kind_only_while_nobody_uses_it(
    is_idle: bool, found: int | None
) -> None:
    connections = [
        FakeConnection(owner(principal=Principal(name="ann"))),
        FakeConnection(owner(), is_idle=is_idle),
    ]
    assert chosen_index(owner(), connections) == found


@pytest.mark.parametrize(("is_idle", "found"), [(True, 0), (False, None)])
@pytest.mark.parametrize("client", [None, QuietSession()])
def test_one_that_is_nobodys_is_given_to_whoever_comes_while_nobody_uses_it(
    client: QuietSession | None, is_idle: bool, found: int | None
) -> None:
    connections = [FakeConnection(ConnectionOwner.nobody(ROOTS), is_idle=is_idle)]
    assert chosen_index(owner(client=client), connections) == found


def test_ones_own_comes_before_one_that_is_nobodys() -> None:
    for wanted in (owner(), owner(client=QuietSession())):
        assert chosen_index(wanted, [FakeConnection(ConnectionOwner.nobody(ROOTS)), FakeConnection(wanted)]) == 1


def test_nobody_is_given_the_connection_of_another_session_or_of_another_principal() -> None:
    connections = [FakeConnection(owner(client=QuietSession())), FakeConnection(owner(principal=Principal(name="ann")))]
    for wanted in (owner(), owner(client=QuietSession())):
        assert chosen_index(wanted, connections) is None


def test_what_has_been_lost_or_closed_is_not_chosen() -> None:
    session = QuietSession()
    for wanted in (owner(client=session), owner()):
        lost = [FakeConnection(each, is_usable=False) for each in (wanted, ConnectionOwner.nobody(ROOTS))]
        assert chosen_index(wanted, lost) is None
        assert chosen_index(wanted, [*lost, FakeConnection(wanted)]) == 2


def test_a_connection_greeted_with_other_abilities_is_not_chosen_even_if_it_is_the_sessions() -> None:
    session = QuietSession()
    connections = [
        FakeConnection(owner(client=session, abilities=FORM)),
        FakeConnection(ConnectionOwner.nobody(FORM)),
    ]
    assert chosen_index(owner(client=session), connections) is None


def test_of_several_that_would_do_the_first_one_given_is_chosen() -> None:
    kind = [FakeConnection(owner(), is_idle=is_idle) for is_idle in (False, True, True)]
    assert chosen_index(owner(), kind) == 1
    nobodys = [FakeConnection(ConnectionOwner.nobody(ROOTS)) for _ in range(3)]
    assert chosen_index(owner(), nobodys) == 0


SESSION = QuietSession()


@pytest.mark.parametrize(
    ("owns", "asks", "may"),
    [
        (owner(client=SESSION), call(client=SESSION), True),
        (owner(client=SESSION), call(client=SESSION, abilities=FORM), True),
        (owner(client=SESSION), call(client=QuietSession()), False),
        (owner(client=SESSION), call(), False),
        (owner(), call(client=SESSION), False),
        (owner(), call(), True),
        (owner(), call(abilities=NONE), True),
        (owner(), call(principal=Principal(name="ann")), False),
        (ConnectionOwner.nobody(ROOTS), call(), False),
        (ConnectionOwner.nobody(ROOTS), call(client=SESSION), False),
    ],
)
def test_a_task_may_be_asked_of_by_the_session_or_the_principal_that_began_it(
    owns: ConnectionOwner, asks: Call, may: bool
) -> None:
    assert owns.may_ask_of_tasks(asks) is may


CHANGING, BOTH = Abilities(roots=True, roots_changes=True), Abilities(form=True, roots=True)


@pytest.mark.parametrize(
    ("setting", "abilities", "has_own", "separate"),
    [
        ("auto", NONE, False, False),
        ("auto", ROOTS, False, False),
        ("auto", CHANGING, False, False),
        ("auto", ROOTS, True, True),
        ("auto", FORM, False, True),
        ("auto", BOTH, False, True),
        ("shared", BOTH, True, False),
        ("per-client", NONE, False, True),
        ("per-client", ROOTS, False, True),
    ],
)
def test_a_backend_that_ignores_roots_separates_nobody_for_them_but_who_has_a_connection_already(
    setting: SessionSetting, abilities: Abilities, has_own: bool, separate: bool
) -> None:
    sharing = Sharing(setting=setting, is_legacy=True, assigns_logs=True)
    assert sharing.separates(call(abilities=abilities), ignores_roots=True, has_own=has_own) is separate
