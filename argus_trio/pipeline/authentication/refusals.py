"""What becomes of a request that says not, or wrongly, who asks: what a reader raises, and the challenges for it."""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio import Value
from argus_trio.core.access.arrival import Unadmitted
from argus_trio.core.access.resource_url import MCP, endpoint_of, metadata_url
from argus_trio.errors import ArgusError

REALM: Final = 'Bearer realm="argus"'
NOT_VALID: Final = "the credential is not valid"
"""What its bearer is told of a wrong credential, where nothing more is known to be true of it."""


class CredentialWrong(ArgusError):
    """A credential is there and cannot be accepted.

    `reason` is for the log, one of few words; `told` is for the client. Neither holds anything of the credential.
    """

    def __init__(self, reason: str, told: str = NOT_VALID) -> None:
        super().__init__(reason)
        self.reason = reason
        self.told = told


class KeysUnavailable(ArgusError):
    """A token cannot be judged now, for its issuer's keys cannot be had; come again after so many seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("the keys of the issuer cannot be had")
        self.retry_after = retry_after


@attrs.frozen(kw_only=True)
class Challenges(Value):
    """The answers to requests that are not let in, with the challenge of each endpoint."""

    base: str | None = None
    """The gateway's public URL, where there is an authorization server that metadata can name."""
    views: frozenset[str] = frozenset()
    forms: tuple[str, ...] = ()
    """How a client may say who it is, as its refusal names them."""

    def missing(self, path: str) -> Unadmitted:
        """No credential, or none of a kind that is read here: no error code (RFC 6750, 3.1)."""
        wanted = f": {' or '.join(self.forms)}" if self.forms else ""
        return Unadmitted("unauthorized", f"credentials are needed here{wanted}", challenge=self._challenge(path))

    def wrong(self, path: str, told: str) -> Unadmitted:
        """A credential that is wrong."""
        challenge = f'{self._challenge(path)}, error="invalid_token", error_description="{told}"'
        return Unadmitted("invalid_token", told, challenge=challenge)

    def unknown_yet(self, retry_after: float) -> Unadmitted:
        """A token that cannot be judged now. No 401: that would make its client throw away a token that may be good,
        and send its user to the authorization server, which helps nobody (RFC 9110, 15.6.4)."""
        return Unadmitted(
            "keys_unavailable",
            "the keys of the token's issuer cannot be had at the moment; come back later",
            status=503,
            retry_after=retry_after,
        )

    def _challenge(self, path: str) -> str:
        if self.base is None:
            return REALM
        return f'{REALM}, resource_metadata="{metadata_url(self.base + self._endpoint(path))}"'

    def _endpoint(self, path: str) -> str:
        endpoint = endpoint_of(path)
        view = endpoint.removeprefix("/").partition("/")[2]
        return endpoint if endpoint and (not view or view in self.views) else MCP
