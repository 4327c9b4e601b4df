"""Loads the gateway's certificate, in the same manner when a configuration is checked and when it takes effect."""

from __future__ import annotations

import ssl

from argus_trio.config.model.server import ServerTls


class CertificateUnusable(Exception):
    """The certificate or the key cannot be used, or not with each other. The first argument says why, in few words."""


def load_certificate(context: ssl.SSLContext, tls: ServerTls) -> None:
    """Have `context` serve with the certificate of `tls`, without asking for a key's password on the terminal.

    Raises:
        CertificateUnusable: the files cannot be used; `context` may be half changed.
    """
    try:
        context.load_cert_chain(tls.cert_file, tls.key_file, password="")
    except ssl.SSLError as error:
        raise CertificateUnusable(error.reason or "no valid PEM") from None
    except OSError as error:
        raise CertificateUnusable(error.strerror or type(error).__name__) from None
