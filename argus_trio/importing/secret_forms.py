"""What in a text looks like a secret: by the name that it goes by, by its form, by where it stands in an address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import log2
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.client_files.server import VariableReference, WrittenText
from argus_trio.config.read.secrets import is_telling

_ANYWHERE: Final = re.compile(r"token|secret|passw|passphrase|credential|api[_.-]?key|bearer|cookie", re.IGNORECASE)
_WORDS: Final = frozenset({"KEY", "PAT", "AUTH", "AUTHORIZATION", "PASS", "PWD", "SIG", "SIGNATURE", "JWT", "DSN"})
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_KNOWN: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}|glpat-[\w-]{16,}|sk-[\w-]{16,}|[sr]k_(?:live|test)_\w{10,}"
    r"|xox[abeoprs]-[\w-]{10,}|xapp-[\w-]{10,}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{30,}|ya29\.[\w-]{10,}|hf_[A-Za-z0-9]{16,}"
    r"|npm_[A-Za-z0-9]{20,}|pypi-[\w-]{20,}|dop_v1_[a-f0-9]{20,}|(?:ntn|secret)_[A-Za-z0-9]{20,}|lin_api_\w{16,}|pat[A-Za-z0-9]{14}\.[a-f0-9]{20,}"
    r"|tvly-[\w-]{10,}|fc-[a-f0-9]{20,}|sntry[su]_[\w=-]{20,}|gsk_\w{16,}|xai-\w{16,}|SG\.[\w-]{10,}\.[\w-]{10,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END[A-Z -]*|\Z)|(?<=Bearer )(?=[\w.~+/=-]*\d)[\w.~+/=-]{8,}"
    r"|eyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*)",
    re.DOTALL,
)
_RANDOM: Final = re.compile(r"[A-Za-z0-9_+=.~-]{32,}")
_SEGMENT: Final = re.compile(r"[A-Za-z0-9_=.~-]{20,}")
_RANDOM_BITS: Final = 3.0
"""Bits of a character from which a long text of letters and digits is no word: hexadecimal digits have up to 4."""
_CREDENTIALS: Final = re.compile(r"([A-Za-z][\w+.-]*://)([^/?#\s]*)@")
_HIDDEN_SIGN: Final = re.compile(r"://[^@\s]*:[^@\s]*@")
_ASSIGNED: Final = re.compile(r"(?:^|(?<=[?&;\s]))([\w.-]+)=([^&;#\s]+)")
_PATHS: Final = ("/", "./", "../", "~/")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z-]{0,19}) +(\S.*)", re.DOTALL)


@attrs.frozen(kw_only=True)
class HiddenPiece(Value):
    """A piece of a text that has to become a variable."""

    value: str = attrs.field(repr=False)
    name: str
    """What it is, as a part of a variable's name: API_KEY, PASSWORD."""
    is_own: bool = False
    """Whether that is the name of a variable already, which it keeps where it can."""


TextPiece = str | VariableReference | HiddenPiece


def is_secret_name(name: str) -> bool:
    """Whether what goes by this name is likely a secret."""
    return bool(_ANYWHERE.search(name)) or bool(_WORDS & {each.upper() for each in _WORD.findall(name)})


def named_pieces(text: WrittenText, name: str) -> tuple[TextPiece, ...]:
    """A text that goes by a name, such as a variable or an option, taken apart."""
    literal = text.literal
    if literal is None or _CREDENTIALS.search(literal) or not is_secret_name(name) or not _is_hideable(literal):
        return unnamed_pieces(text)
    found = _SCHEME.fullmatch(literal)
    if found and re.search("auth|header", name, re.IGNORECASE) and not found[2].startswith(" "):
        return (literal[: found.start(2)], HiddenPiece(value=found[2], name=name))
    return (HiddenPiece(value=literal, name=name),)


def header_pieces(text: WrittenText, name: str) -> tuple[TextPiece, ...]:
    """The value of a header taken apart; the scheme of an authorization stays, such as Bearer."""
    if name.lower() not in ("authorization", "proxy-authorization"):
        return named_pieces(text, name)
    literal = text.literal
    if literal is None:
        return unnamed_pieces(text)
    if found := _SCHEME.fullmatch(literal):
        is_basic = found[1].lower() == "basic"
        return (literal[: found.start(2)], HiddenPiece(value=found[2], name="BASIC_AUTH" if is_basic else "TOKEN"))
    return (HiddenPiece(value=literal, name="AUTHORIZATION"),) if literal else ()


def unnamed_pieces(text: WrittenText) -> tuple[TextPiece, ...]:
    """A text of which nothing is known taken apart: what its form tells."""
    literal = text.literal
    if literal is not None:
        return tuple(_of_literal(literal))
    return tuple(
        piece for each in text.parts for piece in ([each] if isinstance(each, VariableReference) else _forms(each))
    )


def _of_literal(text: str) -> Iterator[TextPiece]:
    """Passwords and tokens of an address, values that are assigned, then what has a form that is known."""
    if found := _CREDENTIALS.search(text):
        user, colon, password = found[2].partition(":")
        if password and is_telling(password):
            yield from (text[: found.end(2) - len(password)], HiddenPiece(value=password, name="PASSWORD"))
        elif user and not colon and is_random(user, _SEGMENT):
            yield from (text[: found.start(2)], HiddenPiece(value=user, name="TOKEN"))
        else:
            yield text[: found.end(2)]
        yield from _of_rest(text[found.end(2) :])
    elif _HIDDEN_SIGN.search(text):
        yield HiddenPiece(value=text, name="URL")  # a password with a slash in it: no part of it can be told apart
    else:
        yield from _of_rest(text)


def _of_rest(text: str) -> Iterator[TextPiece]:
    """A text without credentials before a host."""
    at = 0
    for found in _ASSIGNED.finditer(text):
        if is_secret_name(found[1]) and _is_hideable(found[2]):
            yield from _address(text[at : found.start(2)])
            yield HiddenPiece(value=found[2], name=found[1])
            at = found.end()
    yield from _address(text[at:])


def _address(text: str) -> Iterator[TextPiece]:
    """A text, in whose path, where it is an address, a segment may be a token."""
    start = re.match(r"https?://[^/?#\s]+|@[^/?#\s]+(?=/)", text)
    if start is None:
        yield from _forms(text)
        return
    end = next((at for at, sign in enumerate(text) if sign in "?#"), len(text))
    yield text[: start.end()]
    for segment in re.findall(r"/|[^/]+", text[start.end() : end]):
        if is_random(segment, _SEGMENT):
            yield HiddenPiece(value=segment, name="URL_TOKEN")
        else:
            yield from _forms(segment)
    yield from _forms(text[end:])


def _forms(text: str) -> Iterator[TextPiece]:
    """What is known by its form, wherever it stands; what looks random only as a whole."""
    if is_random(text, _RANDOM):
        yield HiddenPiece(value=text, name="TOKEN")
        return
    at = 0
    for found in _KNOWN.finditer(text):
        yield from (text[at : found.start()], HiddenPiece(value=found[0], name="TOKEN"))
        at = found.end()
    yield text[at:]


def is_random(text: str, form: re.Pattern[str] = _RANDOM) -> bool:
    """Whether a text is a long mixture of letters and digits that no word or path is."""
    if not form.fullmatch(text) or not re.search(r"\d", text) or not re.search("[A-Za-z]", text):
        return False
    runs = len(re.findall(r"\d+", text))
    bits = -sum(text.count(each) / len(text) * log2(text.count(each) / len(text)) for each in set(text))
    is_mixed = len(re.findall(r"(?=[A-Za-z]\d[A-Za-z])", text)) > 1 and text != text.lower() and text != text.upper()
    return bits >= _RANDOM_BITS and (runs >= 3 or is_mixed)


def _is_hideable(value: str) -> bool:
    """Whether the value of something named as a secret can be one; a path only leads to one."""
    is_path = value.startswith(_PATHS) and (value.count("/") > 1 or "." in value)
    return is_telling(value) and not is_path and not value.startswith("-----BEGIN PUBLIC")
