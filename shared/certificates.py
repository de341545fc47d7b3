"""Whose certificates this process believes when it speaks https to a sibling or to another node."""

import ssl
from functools import cache
from pathlib import Path


def client_context(authorities: Path | None) -> ssl.SSLContext:
    """A context that demands a valid certificate for the host's name, TLS 1.2 at least.

    authorities  PEM file of the only authorities that are believed; None for the system's own. Raises OSError if it cannot be read.
    """
    return _of_the_system() if authorities is None else _believing(authorities)


@cache
def _of_the_system() -> ssl.SSLContext:
    """Read once a process: a hundred and more certificates, some 20 ms each time."""
    return _believing(None)


def _believing(authorities: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authorities)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
