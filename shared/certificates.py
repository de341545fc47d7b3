"""Whose certificates this process believes when it speaks https to a sibling or to another node."""

import ssl
from pathlib import Path


def client_context(authorities: Path | None) -> ssl.SSLContext:
    """A context that demands a valid certificate for the host's name, TLS 1.2 at least.

    authorities  PEM file of the only authorities that are believed; None for the system's own. Raises OSError if it cannot be read.
    """
    context = ssl.create_default_context(cafile=authorities)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
