"""Pages of long lists: where the next one begins, in a form that says nothing and that nobody needs to read."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

from argus_trio.frontend.manage.answer import ManageProblem

_LONGEST = 200
"""More characters than any `next` has."""


def opaque(*position: object) -> str:
    """The `next` of a page whose last entry has this position."""
    return urlsafe_b64encode(" ".join(map(str, position)).encode()).rstrip(b"=").decode()


def position_after(after: str, parts: int) -> tuple[str, ...]:
    """The position that `opaque` was given, of so many parts.

    Raises:
        ManageProblem: it is no `next` of a page.
    """
    try:
        given = after[:_LONGEST].encode("ascii")
        position = urlsafe_b64decode(given + b"=" * (-len(given) % 4)).decode("ascii").split(" ")
    except ValueError:
        position = []
    if len(position) != parts:
        raise no_page()
    return tuple(position)


def no_page() -> ManageProblem:
    """The problem of an `after` that is no `next`."""
    return ManageProblem("unknown-page", "after is not the `next` of a page; leave it out to begin with the first one")
