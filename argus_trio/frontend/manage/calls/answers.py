"""What answers a question of a call, and whether it can be an answer to it; sans I/O."""

from __future__ import annotations

from typing import Final

from argus_trio.contract.calls import AskAnswerRequest
from argus_trio.errors import ClientRefused
from argus_trio.frontend.input_required.open_inputs import is_error_object, missing_in
from argus_trio.frontend.manage.answer import ManageProblem
from argus_trio.wire.envelope import encode, encode_raw
from argus_trio.wire.members import string_member

_ELICITATION: Final = "elicitation/create"
_ACTIONS: Final = ("accept", "decline", "cancel")


def answer_to(method: str, given: AskAnswerRequest) -> bytes | ClientRefused:
    """The raw result, or the refusal, that a question of this method is answered with.

    Raises:
        ManageProblem: it is neither; the question stays open.
    """
    if (given.result is None) == (given.error is None):
        raise _unreadable('an answer has "result" or "error", and not both')
    if given.error is not None:
        error = encode_raw(given.error)
        if not is_error_object(error):
            raise _unreadable('error must have a whole number "code" and a string "message"')
        return ClientRefused(bytes(error))
    result = given.result or {}
    missing = missing_in(method, result)
    if missing:
        raise _unreadable(f"result is no answer to {method}: it lacks {', '.join(missing)}")
    if method == _ELICITATION and string_member(result, "action") not in _ACTIONS:
        raise _unreadable(f"result.action must be one of {', '.join(_ACTIONS)}")
    return encode(result)


def _unreadable(what: str) -> ManageProblem:
    return ManageProblem("bad-request", f"in the body: {what}")
