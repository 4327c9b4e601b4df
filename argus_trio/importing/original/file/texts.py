"""What stands in texts of the original: variables, references to its secret store, and secrets themselves."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

import attrs

from argus_trio.config.read.key_path import KeyPath
from argus_trio.config.read.secrets import ASSIGNED, NAMED, OPTION, is_telling
from argus_trio.importing.original.file.source import OriginalSource

MoveSecret = Callable[[str, str], str]
"""Takes a secret out of the configuration: its value, and how a variable for it may be called. Gives `${NAME}`."""

_OPENING: Final = re.compile(r"\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(:-[^${}]*)?\})?")
_STORED: Final = re.compile(r"([A-Za-z]+ )?secret:([^\s:]+)")
_SCHEME: Final = re.compile(r"(Bearer|Basic|Token|ApiKey) (?=\S)", re.IGNORECASE)
_AUTHENTICATING: Final = re.compile(r"authorization|proxy-authorization|cookie|.*(?:key|auth|session).*", re.IGNORECASE)
"""The header fields that hold a secret, besides those whose names say so."""
_PATHS: Final = ("/", "./", "../", "~/")
_NO_NAME: Final = re.compile(r"[^A-Za-z0-9]+")


@attrs.define(eq=False, kw_only=True)
class OriginalTexts:
    """Writes the texts of one file as they are written here."""

    source: OriginalSource
    move: MoveSecret
    environ: Mapping[str, str]
    provider: str
    """The kind of secret store that the file names; empty where none was looked into."""
    _told: set[str] = attrs.field(factory=set, init=False)

    def written(self, text: str, key_path: KeyPath) -> str:
        """The text as it means here what it meant there."""
        if (stored := _STORED.fullmatch(text)) is not None:
            return self._stored(stored, key_path)
        return _OPENING.sub(lambda found: self._variable(found, text, key_path), text)

    def secret(self, text: str, name: str, key_path: KeyPath) -> str:
        """The same; what it says itself is moved to a variable, called by `name` if that is free."""
        if "${" in text or _STORED.fullmatch(text) or not is_telling(text):
            return self.written(text, key_path)
        scheme = found[0] if (found := _SCHEME.match(text)) else ""
        reference = self.move(text[len(scheme) :], variable_name(name))
        self.source.note("changed", key_path, f"its secret is moved to the variable {reference[2:-1]}")
        return scheme + reference

    def header(self, field: str, text: str, owner: str, key_path: KeyPath) -> str:
        """The value of a header field."""
        is_secret = NAMED.fullmatch(field) or _AUTHENTICATING.fullmatch(field)
        name = f"{owner}_{'token' if field.lower() == 'authorization' else field}"
        return self.secret(text, name, key_path) if is_secret else self.written(text, key_path)

    def variable(self, name: str, text: str, key_path: KeyPath) -> str:
        """The value of a variable of a backend."""
        is_secret = NAMED.fullmatch(name) and not text.startswith(_PATHS)
        return self.secret(text, name, key_path) if is_secret else self.written(text, key_path)

    def arguments(self, texts: list[str], owner: str, key_path: KeyPath) -> list[str]:
        """The arguments of a command: what follows `--token`, and what stands behind `--token=`, is a secret."""
        written: list[str] = []
        for index, text in enumerate(texts):
            place = (*key_path, index)
            if index and OPTION.fullmatch(texts[index - 1]) and not text.startswith(("-", *_PATHS)):
                written.append(self.secret(text, f"{owner}_{texts[index - 1]}", place))
            elif (found := ASSIGNED.fullmatch(text)) and not found[2].startswith(_PATHS):
                written.append(found[1] + self.secret(found[2], f"{owner}_{found[1]}", place))
            else:
                written.append(self.written(text, place))
        return written

    def address(self, text: str, owner: str, key_path: KeyPath) -> tuple[str, str | None]:
        """The address of a server, and the value of the `Authorization` that stood in it."""
        parts = _split(text)
        credentials, at, host = ("", "", "") if parts is None else parts.netloc.rpartition("@")
        if parts is None or not at or "${" in credentials:
            return self._query(text, owner, key_path), None
        encoded = b64encode(unquote(credentials).encode()).decode()
        header = f"Basic {self.move(encoded, variable_name(f'{owner}_credentials'))}"
        self.source.note("changed", key_path, "its user and password are moved to a header Authorization")
        return self._query(urlunsplit(parts._replace(netloc=host)), owner, key_path), header

    def _query(self, text: str, owner: str, key_path: KeyPath) -> str:
        found = ASSIGNED.search(text)
        if found is None or "${" in text or not text.startswith(("http://", "https://")):
            return self.written(text, key_path)
        moved = self.secret(found[2], f"{owner}_{found[1]}", key_path)
        return text[: found.start(2)] + moved + text[found.end(2) :]

    def _stored(self, stored: re.Match[str], key_path: KeyPath) -> str:
        scheme, name = stored[1] or "", stored[2]
        variable = variable_name(f"secret_{name}" if self.provider == "env" else name)
        if scheme:
            self.source.note(
                "changed", key_path, f"the original sent {scheme}secret:… as it stands; here it is filled in"
            )
        if variable not in self._told and not self.environ.get(variable):
            self._told.add(variable)
            how = f"`argus-mcp secret get {name}` prints" if self.provider in ("file", "keyring") else "the secret is"
            self.source.note("do", key_path, f"set the variable {variable} to what {how}")
        return f"{scheme}${{{variable}}}"

    def _variable(self, found: re.Match[str], text: str, key_path: KeyPath) -> str:
        name, default = found[1], found[2]
        if name is None:
            self._once(key_path, "a ${ that names no variable stays what it is: here it is written $${")
            return "$${"
        if text[found.start() - 1 : found.start()] == "$":
            self._once(key_path, "$${ is a literal ${ here: write the text without the $ before it")
        if default is not None:
            self._once(key_path, f"the original knew no defaults; here ${{{name}:-…}} is filled in")
        elif name not in self.environ and name not in self._told:
            self._told.add(name)
            self.source.note(
                "do", key_path, f"set the variable {name}: the original left the text, here it is an error"
            )
        return found[0]

    def _once(self, key_path: KeyPath, what: str) -> None:
        if f"{key_path} {what}" not in self._told:
            self._told.add(f"{key_path} {what}")
            self.source.note("changed", key_path, what)


def variable_name(words: str) -> str:
    """The name of a variable that is made of these words."""
    name = _NO_NAME.sub("_", words).strip("_").upper()
    return name if name and not name[0].isdigit() else f"SECRET_{name}".rstrip("_")


def _split(text: str) -> SplitResult | None:
    try:
        return urlsplit(text)
    except ValueError:
        return None
