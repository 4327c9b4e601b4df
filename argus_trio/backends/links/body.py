"""The whole body of an answer, within the bound of the configuration. What stands in it is not read here."""

from __future__ import annotations

from argus_trio.errors import AnswerInvalid
from argus_trio.net.http1 import AnswerTooLarge, HttpAnswer


async def read_body(answer: HttpAnswer, message_bytes: int) -> bytes:
    """The body of an answer, which may be `message_bytes` long, as it is when nothing is compressed.

    Raises:
        AnswerInvalid: it is larger, or it cannot be decoded.
        LinkFailed: it broke off.
    """
    try:
        return await answer.read(message_bytes)
    except AnswerTooLarge as error:
        raise AnswerInvalid(
            f"its answer is larger than {error.limit} bytes, the most that limits.message allows"
        ) from None
