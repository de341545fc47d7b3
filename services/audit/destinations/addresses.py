"""Which addresses the log may be sent to: whoever may name a receiver is not to reach the node's own networks by it.

# INVARIANT: what is looked at is the address that the connection then goes to, not one that the name had before.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Collection
from typing import Any, Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


class AddressRefused(OSError):
    """The address is in a network of the node's own, and no setting names the host."""


def is_inside(text: str) -> bool:
    """Whether an address is private, of this machine, of the link, of no network or of many; also where IPv6 stands for such an IPv4."""
    address = _meant(ipaddress.ip_address(text.partition("%")[0]))
    return not address.is_global or address.is_multicast


def _meant(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    embedded = address.ipv4_mapped or address.sixtofour
    if embedded is None and address in _NAT64:
        embedded = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return embedded or address


class Reach:
    """Sockets to one host, as far as it may be reached.

    named  hosts of the settings, which may be inside: `host` or `host:port`
    """

    def __init__(self, host: str, port: int, *, named: Collection[str]) -> None:
        self.host, self.port = host, port
        lowered = {name.lower() for name in named}
        self._may_be_inside = host in lowered or f"{host}:{port}" in lowered
        self.refused = False
        """An address was refused since this was made."""

    def socket_for(self, where: Any) -> socket.socket:
        """A socket for an address as getaddrinfo gives it. Raises AddressRefused."""
        family, kind, protocol, _, address = where
        if not self._may_be_inside and is_inside(str(address[0])):
            self.refused = True
            raise AddressRefused
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
