"""What an answer that is no MCP means, and what to do: by its status, in a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urljoin, urlsplit

import attrs

from argus_trio import Value
from argus_trio.doctor.backends.diagnosis import Diagnosis
from argus_trio.doctor.backends.questions import RemoteAnswer

_TO_TLS: Final = re.compile(
    r"plain HTTP request was sent to HTTPS|HTTP request to an HTTPS|speaking plain HTTP", re.IGNORECASE
)
"""What nginx, Go and Apache say to who speaks plain text to a port of TLS."""


@attrs.frozen(kw_only=True)
class StatusRow(Value):
    """What some statuses mean; `{at}` is the key of the backend."""

    statuses: Sequence[int]
    what: str
    advice: str


STATUSES: Final = (
    StatusRow(
        statuses=(400,),
        what="the server does not understand the greeting (HTTP 400)",
        advice="look whether {at}.url is the address of its MCP endpoint, and what its own page says of headers",
    ),
    StatusRow(
        statuses=(403,),
        what="the server refuses who asks (HTTP 403)",
        advice="the token in {at}.headers may lack a right, or the server takes only certain Host names and addresses",
    ),
    StatusRow(
        statuses=(404, 410),
        what="the server has nothing at this path (HTTP {status})",
        advice="write the path of its MCP endpoint in {at}.url: /mcp for most, /sse for those of the older transport",
    ),
    StatusRow(
        statuses=(405, 501),
        what="the server does not take this method there (HTTP {status})",
        advice="look whether {at}.url is its MCP endpoint, and {at}.type its transport",
    ),
    StatusRow(
        statuses=(406, 415),
        what="the server does not answer in a form of MCP there (HTTP {status})",
        advice="look whether {at}.url is its MCP endpoint; {at}.headers must not set Accept or Content-Type",
    ),
    StatusRow(
        statuses=(429,),
        what="the server wants to be asked less often (HTTP 429)",
        advice="wait, then `argus-trio restart {name}`; another token in {at}.headers may be allowed more",
    ),
    StatusRow(
        statuses=(502, 503, 504),
        what="what stands before the server does not reach it, or it is busy (HTTP {status})",
        advice="see whether the server itself runs; it is tried again by itself",
    ),
)
"""The first that fits."""


def meaning(answer: RemoteAnswer, *, name: str, asked: str, has_token: bool) -> Diagnosis:
    """What an answer means that is no MCP. `asked` is the address that was asked, without a secret."""
    at = f"backends.{name}"
    if answer.status == 401 or (answer.status == 403 and "www-authenticate" in answer.headers):
        return wants_credentials(answer, at=at, has_token=has_token)
    if answer.status == 400 and _TO_TLS.search(answer.body):
        return Diagnosis(what="the port speaks TLS, and is asked in plain text", advice=f"write https:// in {at}.url")
    if 300 <= answer.status < 400 and "location" in answer.headers:
        return _elsewhere(answer, at=at, asked=asked)
    for row in STATUSES:
        if answer.status in row.statuses:
            what, advice = (text.format(at=at, name=name, status=answer.status) for text in (row.what, row.advice))
            return Diagnosis(what=what, advice=advice)
    if answer.status >= 500:
        what = f"the server fails at the greeting (HTTP {answer.status})"
        return Diagnosis(what=what, advice="look into the log of the server itself; it is tried again by itself")
    if answer.is_page:
        what = f"a page for browsers is there, no MCP server (HTTP {answer.status}, {answer.media or 'text/html'})"
        return Diagnosis(what=what, advice=f"write the address of the MCP endpoint in {at}.url, often /mcp or /sse")
    what = f"what is answered is no MCP (HTTP {answer.status}, {answer.media or 'of no named type'})"
    return Diagnosis(what=what, advice=f"look whether {at}.url is the MCP endpoint of that server")


def wants_credentials(answer: RemoteAnswer, *, at: str, has_token: bool) -> Diagnosis:
    """What a 401 asks for."""
    wanted = answer.headers.get("www-authenticate", "")
    scheme = wanted.split(" ", 1)[0].lower()
    refused = "does not accept the token that it is sent" if has_token else "wants to know who asks"
    what = f"the server {refused} (HTTP {answer.status}{f', it wants {scheme.capitalize()}' if scheme else ''})"
    if scheme == "basic":
        return Diagnosis(
            what=what, advice=f'write {at}.headers: {{Authorization: "Basic ${{TOKEN}}"}} (base64 of USER:PASSWORD)'
        )
    renew = "the token may have ended: renew it, and" if has_token else "get a token, and"
    advice = f'{renew} write {at}.headers: {{Authorization: "Bearer ${{TOKEN}}"}} with TOKEN in the env file'
    if "resource_metadata" in wanted:
        advice += "; the server offers OAuth, for which a token has to be got elsewhere: no sign-in is done here"
    return Diagnosis(what=what, advice=advice)


def _elsewhere(answer: RemoteAnswer, *, at: str, asked: str) -> Diagnosis:
    try:
        parts = urlsplit(urljoin(asked, answer.headers["location"]))
    except ValueError:
        return Diagnosis(what="the server redirects to what is no address", advice=f"mend {at}.url")
    where = f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"
    what = f"the server redirects to {where} (HTTP {answer.status})"
    if re.search(r"login|sign-?in|auth|sso", parts.path + (parts.hostname or ""), re.IGNORECASE):
        return Diagnosis(what=f"{what}, which looks like a page to sign in", advice=f"send a token in {at}.headers")
    return Diagnosis(what=what, advice=f"if that is the server, write {at}.url: {where}")
