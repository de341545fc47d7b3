"""A certificate that was renewed in its files is served to connections from then on; those that are open stay as they are.

Whoever renews it (cert-manager, an ACME client) writes two files, one after the other. A pair of which one is not written yet is not taken.
OpenSSL keeps a certificate for each kind of key: an old one of RSA would be served beside a new one of ECDSA until the process ends.
"""

import logging
import ssl
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

LOOKED_AT_SECONDS: Final = 30
"""How often a process looks: for so long it goes on with the one before."""


class RenewedCertificate:
    """The certificate and key of one address, and the context that connections to it are made with."""

    def __init__(self, context: ssl.SSLContext, certificate: Path, key: Path | None) -> None:
        """`context` has loaded both already."""
        self._context, self._certificate, self._key = context, certificate, key
        self._seen = self._written()

    def look(self) -> None:
        """Load the pair if it was written anew. One that cannot be used is said, and tried again at the next look; the one before stays."""
        written = self._written()
        if written == self._seen:
            return
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self._certificate, self._key)
            self._context.load_cert_chain(self._certificate, self._key)
        except OSError as error:  # ssl's own among them: the key is another certificate's, or none
            log.error("renewed certificate is not usable", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may name a file
            return
        self._seen = written
        log.info("certificate renewed")

    def _written(self) -> tuple[tuple[int, int] | None, ...]:
        return tuple(_written(path) for path in (self._certificate, self._key) if path is not None)


def _written(path: Path) -> tuple[int, int] | None:
    """When, and which file it is: Kubernetes puts another one in its place. None while it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino
