"""The two cookies of people: of the session, and of a sign-in that is under way (RFC 6265bis; prefix `__Host-`).

A cookie's value is 256 random bits, and the store knows only their digest.
"""

import re
import secrets
from collections.abc import Iterable
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from safepassage.canonical import to_base64url
from safepassage.problems.people import NotSignedIn

VALUE: Final = re.compile(r"[A-Za-z0-9_-]{43}")


class Cookie:
    """One of them.

    origin  the node's. Only where that is http, on a developer's machine, has the cookie no prefix, and the port in its name: browsers
            give a host's cookies to all its ports, and there may be two nodes.
    """

    def __init__(self, name: str, *, origin: str) -> None:
        parts = urlsplit(origin)
        secure = parts.scheme == "https"
        self.name = f"__Host-{name}" if secure else f"{name}-{parts.port or 80}"
        self._about = "; Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if secure else "")

    def read(self, fields: Iterable[tuple[bytes, bytes]]) -> str | None:
        """Its value in a request's header; None where there is none. Raises NotSignedIn where it is malformed or there are two."""
        found = [
            value
            for field, line in fields
            if field == b"cookie"
            for name, _, value in (pair.strip().partition("=") for pair in line.decode("latin-1").split(";"))
            if name == self.name
        ]
        if not found:
            return None
        if len(found) > 1 or VALUE.fullmatch(found[0]) is None:
            raise NotSignedIn("the cookie is not one that this node gave")
        return found[0]

    def give(self, value: str, *, seconds: int | None = None) -> str:
        """The Set-Cookie field's value. `seconds`: how long the browser keeps it; by default until it is closed."""
        return f"{self.name}={value}{self._about}" + ("" if seconds is None else f"; Max-Age={seconds}")

    def take_back(self) -> str:
        """The Set-Cookie field's value that ends it."""
        return self.give("", seconds=0)


def new_value() -> str:
    """256 random bits, 43 characters."""
    return to_base64url(secrets.token_bytes(32))


def digest_of_value(value: str) -> bytes:
    """What the store knows of a value: 32 bytes. It is random, so that nothing needs to be slow about it."""
    return sha256(value.encode("ascii")).digest()
