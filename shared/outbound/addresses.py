"""Which network addresses may be called when somebody else said whom to call: public ones, and those that a setting names.

Whoever may name a host could otherwise have the node speak to its own networks: a database, a cloud's metadata service, itself.

# INVARIANT: what is looked at is the address that the connection then goes to, never a name, and never an address that the name had before.
"""

import ipaddress
from collections.abc import Collection
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK: Final[tuple[Network, ...]] = (ipaddress.IPv4Network("127.0.0.0/8"), ipaddress.IPv6Network("::1/128"))

_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_NEVER: Final[tuple[Network, ...]] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",  # "this host"
        "169.254.0.0/16",  # of the link; clouds serve a machine's own credentials there
        "168.63.129.16/32",  # public by its number, and served by one cloud's own hosts
        "224.0.0.0/4",
        "255.255.255.255/32",
        "::/128",
        "fe80::/10",
        "fec0::/10",  # of a site, deprecated (RFC 3879)
        "ff00::/8",
    )
)
_NOT_PUBLIC: Final[tuple[Network, ...]] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.88.99.0/24",  # relays of 6to4, deprecated (RFC 7526)
        "3fff::/20",  # documentation (RFC 9637)
    )
)
"""What the standard library's list of special addresses does not have in every version."""


class AddressRefused(OSError):
    """The address is in a network of the node's own or in none, and no setting names it."""


def is_inside(text: str) -> bool:
    """Whether an address is anything but public: private, of this machine, of the link, of many, of no network.

    text  as getaddrinfo gives it, or as `ipaddress` reads it. Where an IPv6 address stands for an IPv4 one (mapped, 6to4, NAT64), it is the
          IPv4 one that is looked at.
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    meant = _meant(address)
    if isinstance(meant, ipaddress.IPv6Address) and meant not in _GLOBAL_UNICAST:
        return True
    return not meant.is_global or meant.is_multicast or _within(meant, _NEVER) or _within(meant, _NOT_PUBLIC)


def require_reachable(text: str, *, inside: Collection[Network]) -> None:
    """Raises AddressRefused for an address that is not public, unless it is in one of `inside`.

    # INVARIANT: addresses of the link (a cloud's metadata among them), of many and of no host are in no setting.
    """
    if not is_inside(text):
        return
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if _within(address, _NEVER) or _within(_meant(address), _NEVER) or not _within(address, inside):
        raise AddressRefused("not a public address, and in no network of the setting inside_networks")


def _within(address: Address, networks: Collection[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _meant(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    embedded = address.ipv4_mapped or address.sixtofour
    if embedded is None and address in _NAT64:
        embedded = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return embedded or address
