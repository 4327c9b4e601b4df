"""An elicitation at the terminal: who asks what, the fields one after another, and what becomes of the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

import attrs
import msgspec

from argus_trio.manage_client.clean import one_line
from argus_trio.manage_client.values import WrongValue, require_count
from argus_trio.verbs.ask.form import NOTHING, Field, fields_of
from argus_trio.verbs.ask.prompt import Left, Prompt
from argus_trio.verbs.show.terminal import Terminal

MOST_ITEMS: Final = 1000
"""The most items of a list that are asked for."""
_EMPTY: Final = '""'
"""What stands for an empty text where one is wanted."""
_NONE: Final = "-"
"""What stands for no answer where there is a default."""
_ACTIONS: Final = {"d": "decline", "decline": "decline", "c": "cancel", "cancel": "cancel"}


@attrs.define(eq=False, repr=False, kw_only=True)
class Questioner:
    """Asks for what one tool wants to know."""

    terminal: Terminal
    prompt: Prompt
    asker: str
    """Who asks, as the user called it."""

    def elicit(self, params: Mapping[str, object]) -> dict[str, object]:
        """The answer to `elicitation/create`. Raises Withdrawn where nobody waits for it any more."""
        note = self.terminal.note
        message = str(params.get("message", "")).replace("\n", "\n  ")  # no line of it passes for one of ours
        note(f"\n{self.asker} asks: {message}")
        try:
            if params.get("mode") == "url":
                return self._url(str(params.get("url", "")))
            return self._form(params)
        except Left:
            return {"action": "cancel"}

    def _url(self, url: str) -> dict[str, object]:
        note = self.terminal.note
        note(f"It wants you to open a page of {_host(url)}:\n  {one_line(url)}")
        note("Open it yourself if you trust it. Nothing that you type there comes by here.")
        return {"action": self._choice("[a]gree, [d]ecline or [c]ancel", "agree", "accept")}

    def _form(self, params: Mapping[str, object]) -> dict[str, object]:
        fields = fields_of(params.get("requestedSchema"))
        first = "answer" if fields else "accept"
        action = self._choice(f"[a]{first[1:]}, [d]ecline or [c]ancel", first, "accept")
        given: dict[str, object] = {}
        while action == "accept":
            if not fields:
                return {"action": "accept", "content": {}}
            given = self._fields(fields, given, "")
            self._show(fields, given, "  ")
            action = self._choice("[s]end, [e]dit, [d]ecline or [c]ancel", "send", "send")
            if action == "send":
                return {"action": "accept", "content": given}
        return {"action": action}

    def _choice(self, text: str, usual: str, meaning: str) -> str:
        """What becomes of it: what `usual` means, `accept` for another round, `decline` or `cancel`."""
        while True:
            typed = self.prompt(f"{text} ({usual}): ").lower()
            if typed in ("", usual, usual[0]):
                return meaning
            if typed in ("e", "edit") and meaning == "send":
                return "accept"
            if typed in _ACTIONS:
                return _ACTIONS[typed]
            self.terminal.note("  write one of the letters")

    def _fields(self, fields: Sequence[Field], before: Mapping[str, object], indent: str) -> dict[str, object]:
        """The answers to all fields. Those of the round before stand for defaults, what was left out there as well."""
        given: dict[str, object] = {}
        for field in fields:
            value = self._field(field, before.get(field.name, NOTHING if before else field.default), indent)
            if value is not NOTHING:
                given[field.name] = value
        return given

    def _field(self, field: Field, default: object, indent: str) -> object:
        self._introduce(field, indent)
        if field.kind == "form":
            if not field.is_required and not self._wants(f"{indent}{field.label}: fill it in? [y/N]: "):
                return NOTHING
            return self._fields(field.fields, default if isinstance(default, dict) else {}, indent + "  ")
        if field.kind == "list":
            return self._list(field, default, indent)
        none = "" if field.is_required else f", {_NONE} for none"
        shown = "" if default is NOTHING else f" [{_shown(default, field)}{none}]"
        while True:
            typed = self.prompt(f"{indent}{one_line(field.label) or 'item'}{shown}: ")
            if not typed and default is not NOTHING:
                return default
            if typed in ("", _NONE) and not field.is_required:
                return NOTHING
            if not typed:
                self.terminal.note(f"{indent}  an answer is needed" + self._about_empty(field))
                continue
            try:
                return field.parse("" if typed == _EMPTY and field.kind == "text" else typed)
            except WrongValue as wrong:
                self.terminal.note(f"{indent}  {wrong}")

    @staticmethod
    def _about_empty(field: Field) -> str:
        return f"; {_EMPTY} is an empty text" if field.kind == "text" and not field.schema.get("minLength") else ""

    def _introduce(self, field: Field, indent: str) -> None:
        about = field.schema.get("description")
        if field.label:
            more = f": {one_line(str(about))}" if about else ""
            self.terminal.note(f"{indent}{one_line(field.label)} ({one_line(field.hint)}){more}")
        for at, option in enumerate(field.options, 1):
            name = "" if option.title == str(option.value) else f" ({one_line(str(option.value))})"
            self.terminal.note(f"{indent}  {at} {one_line(option.title)}{name}")

    def _list(self, field: Field, default: object, indent: str) -> object:
        (item,) = field.fields
        if default is not NOTHING:
            self.terminal.note(f"{indent}  it is: {_shown(default, field)} (an empty line at first leaves it so)")
        while True:
            items: list[object] = []
            while len(items) < MOST_ITEMS:
                if item.kind == "form":
                    if not self._wants(f"{indent}  {'another' if items else 'one'}? [y/N]: "):
                        break
                    items.append(self._fields(item.fields, {}, indent + "  "))
                    continue
                typed = self.prompt(f"{indent}  {len(items) + 1}: ")
                if not typed:
                    break
                try:
                    items.append(item.parse(typed))
                except WrongValue as wrong:
                    self.terminal.note(f"{indent}    {wrong}")
            if not items and (default is not NOTHING or not field.is_required):
                return default
            try:
                require_count(items, field.schema)
            except WrongValue as wrong:
                self.terminal.note(f"{indent}  {wrong}")
                continue
            return items

    def _wants(self, text: str) -> bool:
        return self.prompt(text).lower() in ("y", "yes")

    def _show(self, fields: Sequence[Field], given: Mapping[str, object], indent: str) -> None:
        """What would be sent."""
        for field in fields:
            if field.name not in given:
                continue
            value = given[field.name]
            if field.kind == "form" and isinstance(value, dict):
                self.terminal.note(f"{indent}{one_line(field.label)}:")
                self._show(field.fields, value, indent + "  ")
            else:
                self.terminal.note(f"{indent}{one_line(field.label)}: {_shown(value, field)}")


def _shown(value: object, field: Field) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    titles = {str(option.value): option.title for option in field.options}
    if isinstance(value, list) and field.kind != "json":
        return ", ".join(_shown(each, field) for each in value)
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()
    return one_line(titles.get(str(value), str(value)))


def _host(url: str) -> str:
    try:
        host = urlsplit(url).hostname or "no host"
    except ValueError:
        host = "no host"
    ascii_alone = (
        "" if host.isascii() and "xn--" not in host else " (beware: its name has letters that look like others)"
    )
    return one_line(host) + ascii_alone
