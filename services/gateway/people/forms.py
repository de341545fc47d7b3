"""Whether a request of a browser comes from a page of this node that was made for this very session. Pure.

Three things are asked, each of which stops a forged form by itself: the browser's word (Fetch Metadata), its older word (Origin), and a
token that only this session's pages hold. A form field carries it, so that a page needs no script.
"""

import hmac
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import parse_qsl

from safepassage.problems.people import FormNotOurs
from safepassage.problems.requests import MalformedBody

FIELD: Final = "token"
HEADER: Final = b"x-form-token"
MOST_FIELDS: Final = 64

Header = Iterable[tuple[bytes, bytes]]


def require_from_here(fields: Header, *, origin: str) -> None:
    """Of a request that changes something, before it is known whose it is. `origin`: this node's. Raises FormNotOurs."""
    site, said = _one(fields, b"sec-fetch-site"), _one(fields, b"origin")
    if site is None and said is None:
        raise FormNotOurs("the browser does not say where the request comes from")
    if site not in (None, "same-origin"):
        raise FormNotOurs("the request comes from another site")
    if said not in (None, origin):
        raise FormNotOurs("the request comes from another origin")


def require_not_embedded(fields: Header) -> None:
    """Of a request that reads: another site may lead a person here, and may not fetch or frame what they see. Raises FormNotOurs."""
    if _one(fields, b"sec-fetch-site") in (None, "same-origin", "none"):
        return
    if _one(fields, b"sec-fetch-mode") != "navigate" or _one(fields, b"sec-fetch-dest") != "document":
        raise FormNotOurs("another site may link to this page, and do nothing else with it")


def require_token(token: str | None, *, expected: str) -> None:
    """Raises FormNotOurs unless the form holds the session's token. Compared in constant time."""
    if token is None or not hmac.compare_digest(token.encode(), expected.encode()):
        raise FormNotOurs("the form is not one of this session: it may have been open since before")


def token_of(fields: Header, body: bytes) -> str | None:
    """The token that a request brings: in the header x-form-token, or in the form. Raises as `read_form`."""
    return _one(fields, HEADER) or read_form(body).get(FIELD)


def read_form(body: bytes) -> Mapping[str, str]:
    """The fields of a form, each once. Raises MalformedBody."""
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise MalformedBody("not a form of 64 fields at the most") from error
    form = dict(pairs)
    if len(form) != len(pairs):
        raise MalformedBody("a field of the form comes twice")
    return form


def _one(fields: Header, name: bytes) -> str | None:
    found = [value for field, value in fields if field == name]
    if len(found) > 1:
        raise FormNotOurs("a field that may come once comes twice")
    return found[0].decode("latin-1") if found else None
