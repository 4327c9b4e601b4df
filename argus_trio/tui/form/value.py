"""A form as the JSON that it says: numbers and texts stay as they are written. Pure."""

from __future__ import annotations

import json

import attrs

from argus_trio import Value
from argus_trio.tui.form.check import typed_wrong
from argus_trio.tui.form.node import FieldNode

_STAND_IN = "(secret {})"
"""What stands for a secret where all is shown."""


@attrs.frozen
class WrongField(Value):
    """What is wrong at one place, in words. The place is its names, from the outermost in."""

    where: tuple[str, ...]
    what: str


@attrs.define(eq=False, repr=False)
class SecretsAside:
    """Secrets that stand aside while a form is shown as JSON, each with what stands for it."""

    secrets: list[str] = attrs.field(factory=list)
    """As JSON."""

    def stand_in(self, secret: str) -> str:
        """What stands for a secret, as JSON."""
        self.secrets.append(secret)
        return json.dumps(_STAND_IN.format(len(self.secrets)))


def with_secrets(text: str, secrets: tuple[str, ...]) -> str:
    """JSON with secrets instead of what stands for them."""
    for number, secret in enumerate(secrets, 1):
        text = text.replace(json.dumps(_STAND_IN.format(number)), secret)
    return text


def json_of(node: FieldNode, where: tuple[str, ...] = ()) -> tuple[str | None, tuple[WrongField, ...]]:
    """What a node says as JSON, None for what is left out; and what cannot be said."""
    return _said(node, where, None)


def json_shown(node: FieldNode) -> tuple[str, tuple[str, ...]]:
    """What a node says as JSON to be edited, and the secrets that stand aside. What is no value of its kind is kept as
    a text: nothing that was typed is lost."""
    kept = SecretsAside()
    return _said(node, (), kept)[0] or "{}", tuple(kept.secrets)


def _said(
    node: FieldNode, where: tuple[str, ...], kept: SecretsAside | None
) -> tuple[str | None, tuple[WrongField, ...]]:
    if not node.is_present:
        return None, ()
    spec = node.spec
    if spec.kind == "object":
        return _members(node, where, kept)
    if spec.kind == "array":
        return _items(node, where, kept)
    if spec.kind == "many":
        return f"[{','.join(spec.options[at].json for at in node.ticked)}]", ()
    if spec.kind == "choice":
        if 0 <= node.at < len(spec.options):
            return spec.options[node.at].json, ()
        return None, (WrongField(where, "choose one"),) if node.is_required else ()
    if spec.kind == "alternatives":
        return _said(node.children[0], where, kept) if node.children else (None, (WrongField(where, "choose one"),))
    return _typed(node, where, kept)


def _members(node: FieldNode, where: tuple[str, ...], kept: SecretsAside | None) -> tuple[str, tuple[WrongField, ...]]:
    members, wrong = [], list[WrongField]()
    for child in node.children:
        text, of_child = _said(child, (*where, child.name), kept)
        wrong += of_child
        if text is not None:
            members.append(f"{quoted(child.name)}:{text}")
        elif (child.is_required or child.is_added) and not of_child:
            wrong.append(WrongField((*where, child.name), "it is required"))
    if kept is None and (name := node.line.text.strip()):
        wrong.append(WrongField(where, f"{name} is typed and not added: Enter adds it"))
    return f"{{{','.join(members)}}}", tuple(wrong)


def _items(node: FieldNode, where: tuple[str, ...], kept: SecretsAside | None) -> tuple[str, tuple[WrongField, ...]]:
    items, wrong = [], list[WrongField]()
    for child in node.children:
        place = (*where, child.name)
        text, of_child = _said(child, place, kept)
        if text is None and not of_child:
            of_child = (WrongField(place, "it is empty"),)
        if text is not None or kept is None:
            items.append(text or "null")
        wrong += of_child
    return f"[{','.join(items)}]", tuple(wrong)


def _typed(
    node: FieldNode, where: tuple[str, ...], kept: SecretsAside | None
) -> tuple[str | None, tuple[WrongField, ...]]:
    if node.is_null:
        return "null", ()
    spec, text = node.spec, node.line.text
    if spec.kind != "text" and not text.strip():
        return None, (WrongField(where, "it is required"),) if node.is_required else ()
    what = typed_wrong(node)
    is_text = spec.kind == "text" or (what and kept is not None)
    said = quoted(text) if is_text else text.strip()
    if kept is not None and spec.is_secret:
        said = kept.stand_in(said)
    return (
        (said, (WrongField(where, what),) if what else ())
        if is_text or not what
        else (None, (WrongField(where, what),))
    )


def quoted(text: str) -> str:
    """A text as JSON; half of a character as an escape, since it has no bytes."""
    said = json.dumps(text, ensure_ascii=False)
    return said if said.isascii() or not any("\ud800" <= each <= "\udfff" for each in said) else json.dumps(text)
