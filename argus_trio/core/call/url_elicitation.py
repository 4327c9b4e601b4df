"""A legacy backend's `URLElicitationRequiredError` (2025-11-25, Elicitation) as a modern `input_required` result.

Revision 2026-07-28 has no such error and no ids of elicitations: a client that answered makes the call again, and the
backend, which knows by then whether its page was visited, serves it or asks anew. The gateway remembers nothing.
"""

from __future__ import annotations

from typing import Final

import msgspec

from argus_trio.wire.envelope import Params, Raw, decode_array, decode_object, decode_string, encode
from argus_trio.wire.members import object_member, object_or_none

URL_ELICITATION_REQUIRED: Final = b"-32042"
"""The raw code of the error."""

_KEY_PREFIX: Final = "url-elicitation-"


def required_input(error: bytes) -> bytes | None:
    """The raw `input_required` result that asks what this raw error object requires; None for any other error."""
    if URL_ELICITATION_REQUIRED not in error:
        return None
    try:
        fields = decode_object(error)
        if bytes(fields["code"]) != URL_ELICITATION_REQUIRED:
            return None
        elicitations = [decode_object(one) for one in decode_array(decode_object(fields["data"])["elicitations"])]
        if not elicitations or not all(_is_by_url(one) for one in elicitations):
            return None
    except (KeyError, msgspec.DecodeError):
        return None
    requests = {f"{_KEY_PREFIX}{n}": _request(one) for n, one in enumerate(elicitations, start=1)}
    return encode({"resultType": "input_required", "inputRequests": requests})


def is_declined(params: Params) -> bool:
    """Whether these params of a retry say that the user did not open such a page: asking again would never end."""
    responses = object_member(params, "inputResponses") or {}
    raw_answers = [raw for key, raw in responses.items() if key.startswith(_KEY_PREFIX)]
    answers = [answer for raw in raw_answers if (answer := object_or_none(raw)) is not None]
    if len(answers) < len(raw_answers):  # malformed answers are for the backend to refuse
        return False
    return any(bytes(answer.get("action", b"")) != b'"accept"' for answer in answers)


def _is_by_url(elicitation: Params) -> bool:
    return decode_string(elicitation.get("mode", b'"url"')) == "url" and bool(decode_string(elicitation["url"]))


def _request(elicitation: Params) -> dict[str, object]:
    params = {key: value for key, value in elicitation.items() if key != "elicitationId"}
    return {"method": "elicitation/create", "params": {**params, "mode": Raw(b'"url"')}}
