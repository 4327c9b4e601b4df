"""What a legacy client has asked of its session, remembered for the next one."""

from __future__ import annotations

import json

from argus_trio.bridge.wished_settings import WishedSetting, WishedSettings
from argus_trio.wire.envelope import Request, decode
from tests.bridge.client import request


def granted(wished: WishedSettings, method: str, **params: object) -> None:
    asked = decode(request(1, method, **params))
    assert isinstance(asked, Request)
    wished.granted(asked)


def asked_again(setting: WishedSetting | None) -> tuple[object, object]:
    assert setting is not None
    message = json.loads(setting.body)
    assert json.dumps(message["id"]).encode() == setting.id
    return message["method"], message["params"]


def test_nothing_is_asked_for_again_that_is_no_setting() -> None:
    wished = WishedSettings()
    granted(wished, "tools/call", name="x", uri="a://1", level="info")
    granted(wished, "resources/subscribe")
    granted(wished, "logging/setLevel")
    assert (wished.level, wished.subscriptions) == (None, [])


def test_the_last_level_holds_and_is_asked_for_without_what_was_the_clients_own() -> None:
    wished = WishedSettings()
    granted(wished, "logging/setLevel", level="debug")
    first = wished.level
    granted(wished, "logging/setLevel", level="info", _meta={"progressToken": 1})
    assert asked_again(wished.level) == ("logging/setLevel", {"level": "info"})
    assert first is not None
    assert not wished.holds(first)


def test_each_resource_is_subscribed_to_once_in_its_order_until_it_is_not() -> None:
    wished = WishedSettings()
    for uri in ("a://2", "a://1", "a://2"):
        granted(wished, "resources/subscribe", uri=uri)
    second, first = wished.subscriptions
    assert asked_again(second) == ("resources/subscribe", {"uri": "a://2"})
    granted(wished, "resources/unsubscribe", uri="a://2")
    granted(wished, "resources/unsubscribe", uri="a://unknown")
    assert wished.subscriptions == [first]
    assert wished.holds(first)
    assert not wished.holds(second)


def test_no_two_settings_share_an_id() -> None:
    wished = WishedSettings()
    granted(wished, "logging/setLevel", level="debug")
    for number in range(3):
        granted(wished, "resources/subscribe", uri=f"a://{number}")
    assert wished.level is not None
    assert len({wished.level.id, *(setting.id for setting in wished.subscriptions)}) == 4
