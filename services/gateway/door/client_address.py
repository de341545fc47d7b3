"""From which network address a request comes: the connection's, or what a proxy of the agency's own says in front of it. Pure."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

Network = IPv4Network | IPv6Network

_X_FORWARDED_FOR: Final = b"x-forwarded-for"
_LONGEST: Final = 4_096
_WITH_PORT: Final = re.compile(r"(?:([0-9.]+)|\[([^\[\]]+)\])(?::[0-9]{1,5})?")


def client_address(connected: str | None, fields: Iterable[tuple[bytes, bytes]], *, trusted: Sequence[Network]) -> str | None:
    """The address in its canonical text; None where there is none, as of a call within the process.

    connected  who opened the connection
    fields     the request's header: `X-Forwarded-For` counts only as far as it was written by proxies in `trusted`

    Each proxy adds on the right the address that it has seen, so the list is read from there: the first one that is not of a trusted proxy
    is the client's. What stands to the left of it anybody may have written.
    """
    address = _connected(connected or "")
    if not trusted or address is None or not _is_in(address, trusted):
        return _canonical(connected or "")
    said = b",".join(value for name, value in fields if name == _X_FORWARDED_FOR)
    for text in reversed(said[-_LONGEST:].decode("latin-1").split(",")):
        before = _written(text.strip())
        if before is None:
            break
        address = before
        if not _is_in(address, trusted):
            break
    return str(address)


@lru_cache(maxsize=4096)
def _connected(text: str) -> IPv4Address | IPv6Address | None:
    """Of the socket, which a caller cannot fill with whatever they like: the same few come again and again."""
    return _parsed(text)


@lru_cache(maxsize=4096)
def _canonical(connected: str) -> str | None:
    address = _connected(connected)
    return None if address is None else str(address)


@lru_cache(maxsize=4096)
def counted_as(address: str | None) -> str:
    """Under what an address is counted: of IPv6 its /64, for whoever has one has 2^64 of them, and would be somebody else each time."""
    if address is None or ":" not in address:
        return address or ""
    return str(IPv6Network((address, 64), strict=False))


def is_trusted(connected: str | None, trusted: Sequence[Network]) -> bool:
    """Whether who opened the connection is a proxy of the agency's own."""
    address = _connected(connected or "")
    return address is not None and _is_in(address, trusted)


def _is_in(address: IPv4Address | IPv6Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def _written(text: str) -> IPv4Address | IPv6Address | None:
    """Of a proxy: some write the port too, and an IPv6 address in brackets then, as RFC 7239 section 6 has them."""
    found = _WITH_PORT.fullmatch(text)
    return _parsed(text if found is None else found[1] or found[2])


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
