"""Of which form a URL is that a stranger gives us to call: one spelling for each host, so that what is read is what is called."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

from yarl import URL

MAX_LENGTH: Final = 500

_URL: Final = re.compile(
    r"https://(?P<host>[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(:(?P<port>[1-9][0-9]{0,4}))?(?P<path>/[A-Za-z0-9._~/-]*)?"
)
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""The last label of an IPv4 address in any spelling that a resolver may know (WHATWG URL, "ends in a number")."""


class UrlRefused(ValueError):
    """Not a URL that is called."""


def public_url(text: str) -> URL:
    """The URL: https, a name in lower case and ASCII or an address in its canonical spelling, perhaps a port and a path. An IPv4 address is
    never inside an IPv6 one.

    No user, no query, no fragment, nothing percent-encoded, no dot at the end of the name. Raises UrlRefused, which repeats nothing.
    """
    found = _URL.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if found is None or int(found["port"] or 443) > 65535:
        raise UrlRefused("an https URL without user, query, fragment or escapes")
    if found["path"] and {".", ".."} & set(found["path"].split("/")):
        raise UrlRefused("a path without dots for segments")
    host = found["host"]
    try:
        if host.startswith("["):
            address = IPv6Address(host[1:-1])
            # From Python 3.13 the canonical text of a mapped one has dots: an IPv4 address is written as what it is, in any version.
            if address.ipv4_mapped is not None or str(address) != host[1:-1]:
                raise UrlRefused("an address in its canonical spelling")
        elif _NUMBER.fullmatch(host.rpartition(".")[2]):
            IPv4Address(host)
        elif not all(_LABEL.fullmatch(label) for label in host.split(".")):
            raise UrlRefused("a host name")
    except AddressValueError as error:
        raise UrlRefused("an address in its canonical spelling") from error
    return URL(text, encoded=True)
