"""A legacy backend's `URLElicitationRequiredError` (2025-11-25, Elicitation) as a modern `input_required` result.

Revision 2026-07-28 has no such error and no ids of elicitations: who answered the ask makes the call again, and the
backend, which knows by then whether its page was visited, serves it or asks anew. Nothing is kept in between.
"""

from __future__ import annotations

from typing import Final

import msgspec

from argus_trio.wire.envelope import Params, Raw, decode_array, decode_object, decode_string, encode

URL_ELICITATION_REQUIRED: Final = b"-32042"

_KEY_PREFIX: Final = "url-elicitation-"


def required_input(error: bytes) -> bytes | None:
    """The raw `input_required` result that asks what this raw error object requires; None if it is another error."""
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
    requests = {f"{_KEY_PREFIX}{at}": _request(one) for at, one in enumerate(elicitations, start=1)}
    return encode({"resultType": "input_required", "inputRequests": requests})


def is_declined(params: Params) -> bool:
    """Whether these params of a retry say that the user would not open such a page: to ask again would not end."""
    try:
        responses = decode_object(params["inputResponses"])
        answers = [decode_object(raw) for key, raw in responses.items() if key.startswith(_KEY_PREFIX)]
        return any(bytes(answer.get("action", b"")) != b'"accept"' for answer in answers)
    except (KeyError, msgspec.DecodeError):
        return False


def _is_by_url(elicitation: Params) -> bool:
    return decode_string(elicitation.get("mode", b'"url"')) == "url" and bool(decode_string(elicitation["url"]))


def _request(elicitation: Params) -> dict[str, object]:
    kept = {key: value for key, value in elicitation.items() if key != "elicitationId"}
    return {"method": "elicitation/create", "params": {**kept, "mode": Raw(b'"url"')}}
