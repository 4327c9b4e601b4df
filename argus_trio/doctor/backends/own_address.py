"""The gateway's own address: how long its certificate holds, and whether its public URL leads to a gateway."""

from __future__ import annotations

import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import trio

from argus_trio.config.check.certificate import CertificateUnusable, load_certificate
from argus_trio.config.model.server import ServerTls
from argus_trio.contract.health import STATUS, StatusAnswer
from argus_trio.doctor.backends.trust import described, trusting
from argus_trio.doctor.examination import Examination
from argus_trio.doctor.finding import DoctorFinding
from argus_trio.doctor.running import RunningGateway
from argus_trio.manage_client.client import open_client
from argus_trio.manage_client.failure import NOT_ALLOWED, CommandFailed
from argus_trio.manage_client.where import place_of

PUBLIC_SECONDS: Final = 10.0
"""How long the public URL may take to answer: it leads through what stands before the gateway."""
SOON_SECONDS: Final = 14 * 86_400.0
"""How long before its end a certificate is told of: renewals that work come earlier, at a third of its life."""
_EXPIRED: Final = 10
_SHAKES: Final = 8
"""How often the two ends of a handshake in memory take turns; three are enough."""


async def look_at_own_address(examination: Examination) -> Sequence[DoctorFinding]:
    """What is wrong with the certificate, and with the public URL."""
    config = examination.config
    if config is None:
        return ()
    found: list[DoctorFinding] = []
    if config.server.tls is not None:
        held = await trio.to_thread.run_sync(holds_until, config.server.tls, abandon_on_cancel=True)
        found += findings_of_certificate(held, now=time.time())
    gateway = examination.running.answering(examination.path)
    if config.server.public_url is not None and gateway is not None:
        found += await _public(config.server.public_url, gateway)
    return found


def holds_until(tls: ServerTls) -> float | None:
    """Until when the certificate holds, as a Unix time: 0 where it has expired, None where that is not known.

    It is read by a handshake with itself: `ssl` tells of a certificate only what the other end has shown.
    """
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        load_certificate(server, tls)
        raw = ssl.PEM_cert_to_DER_cert(_first_certificate(tls.cert_file.read_text()))
        to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        there = server.wrap_bio(to_server, to_client, server_side=True)
        here = trusting(raw).wrap_bio(to_client, to_server)
        for _ in range(_SHAKES):
            for each in (here, there):
                _turn(each)
        told = here.getpeercert()
    except ssl.SSLCertVerificationError as error:
        return 0.0 if error.verify_code == _EXPIRED else None
    except (CertificateUnusable, ssl.SSLError, OSError, ValueError):
        return None  # `check` says what is wrong with the files
    ends = described(told).not_after
    return float(ssl.cert_time_to_seconds(ends)) if ends else None


def _turn(end: ssl.SSLObject) -> None:
    with suppress(ssl.SSLWantReadError):
        end.do_handshake()


def _first_certificate(text: str) -> str:
    head, tail = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    begin = text.index(head)
    return text[begin : text.index(tail, begin) + len(tail)]


def findings_of_certificate(held: float | None, *, now: float) -> list[DoctorFinding]:
    """What is to be told of a certificate that holds until then."""
    if held is None or held - now > SOON_SECONDS:
        return []
    has_expired = held <= now
    days = max(0, int((held - now) // 86_400))
    return [
        DoctorFinding(
            severity="problem" if has_expired else "warning",
            about="server.tls",
            what="the certificate has expired: clients refuse to connect"
            if has_expired
            else f"the certificate expires in {days} day{'' if days == 1 else 's'}",
            advice="renew it and write it to server.tls.cert_file and key_file; a running gateway takes it at a reload "
            "(`argus-trio reload`)",
        )
    ]


async def _public(url: str, gateway: RunningGateway) -> list[DoctorFinding]:
    """Why the public URL does not lead to this gateway; nothing where it does, or where nobody can tell."""
    try:
        async with open_client(place_of(url, "server.public_url"), "") as client:
            raw, _ = await client.fetch(STATUS, seconds=PUBLIC_SECONDS)
            instance = client.decoded(raw, StatusAnswer).service.instance
    except CommandFailed as failure:
        if failure.code == NOT_ALLOWED:
            return []  # a gateway answers, and this one is as likely as any
        what = f"nothing of a gateway answers there from here: {failure}"
    else:
        if gateway.status is None or instance == gateway.status.service.instance:
            return []
        what = "another gateway answers there than the one that runs this file"
    advice = "mend server.public_url, or what stands before the gateway: it has to lead /mcp, /sse and /manage to it"
    return [DoctorFinding(severity="warning", about="server.public_url", what=what, advice=advice)]
