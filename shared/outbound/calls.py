"""The session by which a service calls addresses that it was given, and one document got with it.

Whom we call is not trusted: a connection goes to a public address or to a network of the settings; no redirect, no proxy, no
cookie, nothing decompressed; and every caller bounds what it reads.
"""

import socket
import ssl
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from safepassage.trust_members import is_loopback_http
from shared.database import refuse_network_call_in_transaction
from shared.outbound.addresses import LOOPBACK, AddressRefused, Network, require_reachable
from shared.settings import ServiceSettings
from shared.siblings import client_session

CONNECT_SECONDS: Final = 1.0
SECONDS: Final = 5.0
MOST_BYTES: Final = 256 * 1024


class NotGot(Exception):
    """The document cannot be had: nobody answers, or not in time, or where it would be is not called."""


class NotThere(NotGot):
    """Whoever answers has no such document of permitted length; or the URL is none that is called."""


@dataclass(frozen=True)
class Reachable:
    """Where calls may go that somebody else has named: by the settings of a service."""

    inside: tuple[Network, ...]
    development: bool = False

    @classmethod
    def of(cls, settings: ServiceSettings) -> "Reachable":
        """In insecure development this machine may be called too."""
        own = LOOPBACK if settings.insecure_development else ()
        return cls((*settings.inside_networks, *own), settings.insecure_development)

    def socket_for(self, where: Any) -> socket.socket:
        """A socket for an address as getaddrinfo gives it, to which the connection then goes. Raises AddressRefused."""
        family, kind, protocol, _, address = where
        require_reachable(str(address[0]), inside=self.inside)
        return socket.socket(family, kind, protocol)

    def require_scheme(self, url: str) -> None:
        """Raises AddressRefused for anything but https, or http of this machine in insecure development."""
        if not url.startswith("https://") and not (self.development and is_loopback_http(url)):
            raise AddressRefused("https, or http on the loopback in development")

    def session(
        self,
        certificates: ssl.SSLContext,
        *,
        seconds: float,
        connect_seconds: float | None = None,
        resolver: AbstractResolver | None = None,
    ) -> aiohttp.ClientSession:
        """A session whose connections go nowhere else."""
        return client_session(certificates, seconds=seconds, connect_seconds=connect_seconds, sockets=self.socket_for, resolver=resolver)


class Documents:
    """Gets public documents, each in a connection of its own."""

    def __init__(
        self, reachable: Reachable, certificates: ssl.SSLContext, *, seconds: float = SECONDS, resolver: AbstractResolver | None = None
    ) -> None:
        self._reachable, self._certificates, self._seconds, self._resolver = reachable, certificates, seconds, resolver

    async def get(self, url: str, *, accept: str, most_bytes: int = MOST_BYTES) -> bytes:
        """The body at exactly this URL, of status 200 and in no coding. Raises NotGot, NotThere. Not within a transaction."""
        refuse_network_call_in_transaction()
        headers = {"accept": accept, "accept-encoding": "identity", "connection": "close"}
        try:
            self._reachable.require_scheme(url)
        except AddressRefused as error:
            raise NotThere("https, or http on the loopback in development") from error
        try:
            session = self._reachable.session(
                self._certificates, seconds=self._seconds, connect_seconds=CONNECT_SECONDS, resolver=self._resolver
            )
            async with session, session.get(URL(url, encoded=True), headers=headers, allow_redirects=False) as response:
                if response.status != 200 or response.headers.get("content-encoding", "identity") != "identity":
                    raise NotThere("not there, or not as it was asked for")
                return await bounded(response, most_bytes)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise NotGot("nobody answers there, or not in time, or it is not called") from error


async def bounded(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    """The body. Raises NotThere for a longer one, of which no more is read."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > most_bytes:
            response.close()
            raise NotThere("the document is longer than any")
    return bytes(body)


def is_refused(error: BaseException) -> bool:
    """Whether a call failed for the address that it would have gone to."""
    return isinstance(error, AddressRefused) or isinstance(getattr(error, "os_error", None), AddressRefused)
