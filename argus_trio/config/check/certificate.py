"""Loads the gateway's own certificate: the same way when a configuration is checked and when it takes effect."""

from __future__ import annotations

import ssl

from argus_trio.config.model.server import ServerTls


class CertificateUnusable(Exception):
    """The certificate and the key do not work, or not with each other. The first argument says why, in a few words."""


def load_certificate(context: ssl.SSLContext, tls: ServerTls) -> None:
    """Have `context` serve with it. Reads the files; never asks for a key's password on the terminal.

    Raises:
        CertificateUnusable: and `context` may be half changed.
    """
    try:
        context.load_cert_chain(tls.cert_file, tls.key_file, password="")
    except ssl.SSLError as error:
        raise CertificateUnusable(error.reason or "no valid PEM") from None
    except OSError as error:
        raise CertificateUnusable(error.strerror or type(error).__name__) from None
