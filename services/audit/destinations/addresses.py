"""Sockets to one receiver of the log: whoever may name a receiver is not to reach the node's own networks by it (shared.outbound)."""

import asyncio
import socket
from collections.abc import Collection
from typing import Any

from shared.outbound.addresses import AddressRefused, Network, require_reachable


class Reach:
    """Sockets to one host, as far as it may be reached.

    named   hosts of the settings, which may be inside: `host` or `host:port`
    inside  networks of the settings, in which any host may be
    """

    def __init__(self, host: str, port: int, *, named: Collection[str], inside: Collection[Network] = ()) -> None:
        self.host, self.port, self._inside = host, port, inside
        lowered = {name.lower() for name in named}
        self._may_be_inside = host in lowered or f"{host}:{port}" in lowered
        self.refused = False
        """An address was refused since this was made."""

    def socket_for(self, where: Any) -> socket.socket:
        """A socket for an address as getaddrinfo gives it. Raises AddressRefused."""
        family, kind, protocol, _, address = where
        if not self._may_be_inside:
            try:
                require_reachable(str(address[0]), inside=self._inside)
            except AddressRefused:
                self.refused = True
                raise
        return socket.socket(family, kind, protocol)

    async def connected(self) -> socket.socket:
        """A connection to the first address that answers. Raises AddressRefused, OSError."""
        loop = asyncio.get_running_loop()
        failure: OSError = OSError("the name has no address")
        for where in await loop.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM):
            try:
                made = self.socket_for(where)
            except OSError as error:
                failure = error
                continue
            made.setblocking(False)
            try:
                await loop.sock_connect(made, where[4])
            except OSError as error:
                made.close()
                failure = error
            except BaseException:
                made.close()
                raise
            else:
                return made
        raise failure
