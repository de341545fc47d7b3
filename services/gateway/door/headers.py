"""Which header fields cross the door: a closed list each way, so that nothing a stranger adds is believed inside.

Never forwarded: Authorization, DPoP, Cookie, Forwarded, X-Forwarded-*, X-Request-Id, sp-internal, hop-by-hop fields, nor what
Connection names.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from safepassage.problems.access import MalformedRequest
from safepassage.unread_elements import FIELD as UNREAD
from shared.left_with_districts import FIELD as LEFT_WITH
from shared.scope_missing import FIELD as NEEDED_SCOPE
from shared.telemetry import TRACEPARENT
from shared.trace_names import new_trace_id

Fields = list[tuple[bytes, bytes]]

FORWARDED: Final = frozenset(
    {
        b"accept", b"accept-language", b"content-type", b"content-length", b"content-digest", b"idempotency-key",
        b"if-match", b"if-none-match", b"prefer", b"range",
    }
)  # fmt: skip
"""Request fields that a service may see; the gateway adds sp-internal, traceparent and x-request-id. A service sees an Idempotency-Key
where the route takes one (`Route.keyed`)."""

RETURNED: Final = frozenset(
    {
        b"content-type", b"content-length", b"content-disposition", b"content-digest", b"content-range", b"accept-ranges",
        b"accept-encoding", b"etag", b"export-part", b"last-modified", b"link", b"location", b"retry-after", b"allow",
        b"x-total-count", LEFT_WITH.encode(), UNREAD.encode(), NEEDED_SCOPE,
    }
)  # fmt: skip
"""Response fields of a service that a caller may see, and one that becomes the door's challenge."""

MAY_REPEAT: Final = frozenset({b"accept", b"accept-language", b"if-none-match", b"prefer"})
_ECHOED: Final = re.compile(rb"[\x21-\x7e]{1,200}")
"""A request id that is said again as it came. Any other is not: the answer's is ours then."""
_VALUE: Final = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")


@dataclass(slots=True)
class Incoming:
    """A request's header, read once."""

    forwarded: Fields = field(default_factory=list)
    authorization: list[bytes] = field(default_factory=list)
    proofs: list[bytes] = field(default_factory=list)
    content_type: bytes = b""
    content_length: int | None = None
    chunked: bool = False
    coding: bytes = b""
    """Content-Encoding but for `identity`, lower case; of several fields all, which no route takes."""
    traceparent: bytes = b""
    request_id: bytes = b""
    """The caller's own, to be echoed where a standard asks for it; never believed."""

    @property
    def has_body(self) -> bool:
        """Whether the request says that a body follows."""
        return self.chunked or bool(self.content_length)


def read_headers(fields: Fields) -> Incoming:
    """Read a request's header. Raises MalformedRequest for a field that may come once and comes twice, or that cannot be read."""
    incoming, seen = Incoming(), set()
    dropped: frozenset[bytes] = frozenset()
    for name, value in fields:
        if name in FORWARDED:
            if name not in MAY_REPEAT and name in seen:
                raise MalformedRequest("a field that may come once comes twice", field=name.decode())
            if _VALUE.fullmatch(value) is None:
                raise MalformedRequest("a field holds a control character", field=name.decode())
            seen.add(name)
            incoming.forwarded.append((name, value))
            if name == b"content-type":
                incoming.content_type = value
            elif name == b"content-length":
                incoming.content_length = _length(value)
        elif name == b"authorization":
            incoming.authorization.append(value)
        elif name == b"dpop":
            incoming.proofs.append(value)
        elif name == b"x-request-id":
            incoming.request_id = value if _ECHOED.fullmatch(value) else b""
        elif name == b"traceparent":
            incoming.traceparent = value
        elif name == b"transfer-encoding":
            incoming.chunked = True
        elif name == b"content-encoding":
            coding = value.strip().lower()
            if coding != b"identity":
                incoming.coding += coding
                incoming.forwarded.append((name, coding))
        elif name == b"connection":
            dropped |= {token.strip().lower() for token in value.split(b",")}
    if incoming.chunked and incoming.content_length is not None:
        raise MalformedRequest("the length of the body is said in two ways", field="Content-Length")
    if dropped:
        incoming.forwarded = [(name, value) for name, value in incoming.forwarded if name not in dropped]
    return incoming


def _length(value: bytes) -> int:
    if not value.isdigit() or len(value) > 12:
        raise MalformedRequest("not a length", field="Content-Length")
    return int(value)


def trace_id_of(traceparent: bytes) -> str:
    """The caller's trace (W3C Trace Context), or a new one where there is none or not a valid one."""
    match = TRACEPARENT.match(traceparent)
    if match and match[1] != b"0" * 32 and match[2] != b"0" * 16:
        return match[1].decode()
    return new_trace_id()


def returned(fields: Fields) -> Fields:
    """The fields of a service's answer that go out."""
    return [(name, value) for name, value in fields if name in RETURNED]
