"""Resource templates (RFC 6570) as regular expressions: which URIs a template can mean, for routing only.

Whether a URI is really served is for the backend to say, so the expressions are generous.
"""

from __future__ import annotations

import re
from typing import Final

MAX_URI: Final = 2048
"""The longest URI, in characters, that a template matches: several variables against a long text cost much time."""

_EXPRESSION: Final = re.compile(r"\{([+#./;?&]?)([^{}]*)\}")
_BY_OPERATOR: Final = {
    "": r"[^/?#]+",
    "+": r".+",
    "#": r"(?:#.*)?",
    ".": r"(?:\.[^/?#]+)?",
    "/": r"(?:/[^?#]+)?",
    ";": r"(?:;[^/?#]*)?",
    "?": r"(?:\?[^#]*)?",
    "&": r"(?:&[^#]*)?",
}


def compile_template(template: str) -> re.Pattern[str]:
    """The regular expression that URIs of `template` match in full. `{path*}` crosses slashes, as `{+path}` does."""
    pattern: list[str] = []
    end = 0
    for found in _EXPRESSION.finditer(template):
        pattern.append(re.escape(template[end : found.start()]))
        operator, variables = found[1], found[2]
        part = _BY_OPERATOR["+" if not operator and variables.endswith("*") else operator]
        if not pattern[-1] and len(pattern) > 1 and pattern[-2] == part:
            pattern.pop()  # neighbours of one kind match what one does, without the backtracking between them
        else:
            pattern.append(part)
        end = found.end()
    pattern.append(re.escape(template[end:]))
    return re.compile("".join(pattern), re.DOTALL)


def matches(pattern: re.Pattern[str], uri: str) -> bool:
    """Whether the template that `pattern` was compiled from can mean `uri`."""
    return len(uri) <= MAX_URI and pattern.fullmatch(uri) is not None
