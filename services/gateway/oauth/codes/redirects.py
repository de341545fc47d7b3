"""Where a person is sent back to: a URI that the client registered, as it is written, and an answer that says whose it is (RFC 9207)."""

from collections.abc import Collection
from typing import Final
from urllib.parse import urlencode, urlsplit

MAX_LENGTH: Final = 500
_LOOPBACK: Final = ("http://127.0.0.1", "http://[::1]")


def is_registered(uri: str, registered: Collection[str], *, development: bool) -> bool:
    """Whether `uri` is one of those registered, character for character.

    development  whether loopback addresses count; of them every port does, as a native application takes one that is free (RFC 8252
                 section 7.3)
    """
    if len(uri) > MAX_LENGTH or not uri.isascii():
        return False
    if not is_loopback(uri):
        return uri in registered
    return development and _without_port(uri) in {_without_port(one) for one in registered if is_loopback(one)}


def is_loopback(uri: str) -> bool:
    """Whether it is an address of the person's own machine, without TLS."""
    return any(uri.startswith((f"{one}/", f"{one}:")) for one in _LOOPBACK)


def answer_at(redirect_uri: str, *, issuer: str, state: str | None, **parameters: str) -> str:
    """The URL of an answer: its parameters, the state as it was sent, and who answers (`iss`)."""
    query = {**parameters, **({} if state is None else {"state": state}), "iss": issuer}
    return f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{urlencode(query)}"


def origin_of(uri: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"


def _without_port(uri: str) -> str:
    """Of a loopback URI; one with another port form than digits is left as it is, and is then like no registered one."""
    parts = urlsplit(uri)
    host = "[::1]" if parts.hostname == "::1" else parts.hostname
    try:
        port = parts.port
    except ValueError:
        return uri
    if parts.netloc != f"{host}" + ("" if port is None else f":{port}"):
        return uri
    return parts._replace(netloc=f"{host}").geturl()
