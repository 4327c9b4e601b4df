"""Who asks is told who they are here, how they came in, and what they may do."""

from __future__ import annotations

import attrs
import pytest

from argus_trio.core.access.access import Access, ManageRight
from argus_trio.core.access.principal import ANONYMOUS, Principal, operator
from tests.frontend.support.managing import KIM, Managed, access_of


async def test_who_is_known_as_a_client_is_told_its_name_its_roles_and_its_rights() -> None:
    answer = await Managed(access=access_of("read", "operate")).get("/me")
    assert answer.json == {
        "principal": "kim",
        "roles": ["reader"],
        "came_by": "client",
        "rights": ["read", "operate"],
        "endpoint": "/mcp",
        "endpoints": [],
    }


@pytest.mark.parametrize("rights", [(), ("read",), ("read", "operate", "admin")])
async def test_whoever_is_let_in_may_ask_with_any_rights_or_none(rights: tuple[ManageRight, ...]) -> None:
    answer = await Managed(access=access_of(*rights)).get("/me")
    assert (answer.status, answer.json["rights"]) == (200, list(rights))


async def test_where_nobody_is_asked_everybody_is_anonymous_and_may_do_all() -> None:
    answer = await Managed().get("/me")
    assert (answer.json["principal"], answer.json["came_by"]) == (ANONYMOUS.name, "client")
    assert answer.json["rights"] == ["read", "operate", "admin"]


async def test_the_operator_came_by_the_token_and_its_own_role_is_told_to_nobody() -> None:
    managed = Managed(access=access_of("read"), principal=operator(b"digest"))
    answer = await managed.get("/me")
    assert (answer.json["principal"], answer.json["came_by"], answer.json["roles"]) == ("operator", "token", [])
    assert b"digest" not in answer.body


async def test_the_views_that_calls_may_name_are_told() -> None:
    access = attrs.evolve(access_of("read"), views=frozenset({"ops", "dev"}))
    assert isinstance(access, Access)
    answer = await Managed(access=access, principal=KIM).get("/me")
    assert answer.json["endpoints"] == ["dev", "ops"]


async def test_the_scopes_and_the_credential_of_who_asks_are_told_to_nobody() -> None:
    kim = Principal(name="kim", scopes=frozenset({"mail"}), credential=b"secret-digest")
    answer = await Managed(access=access_of("read"), principal=kim).get("/me")
    assert b"mail" not in answer.body
    assert b"secret" not in answer.body
