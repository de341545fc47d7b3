"""Asking a node whether it may have a child, without telling it who the child is: what is sought, and the two messages that compare.

The requester seals blinded points of the child's names and birth date into its request (`Sought`). The holder sends points of those of its
students that may be meant, blinded with a secret of its own (sp-comparison+jws); the requester blinds them with its own too and sends them
back (sp-compared+jws). Equal points are equal names: the holder sees which of its students is sought, and of a child whom it does not have
no more than the bucket of the birth date. docs/finding.md.
"""

from collections.abc import Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import Annotated, ClassVar, Final
from uuid import UUID

from pydantic import Field, StringConstraints

from safepassage.also import Also
from safepassage.canonical import from_base64url, to_base64url
from safepassage.claims import EntityId, Message, NumericDate, Verified, require_lifetime, require_parties, verify_message
from safepassage.compact import PublicKeys
from safepassage.problems.envelopes import OtherExchange
from safepassage.problems.signatures import MalformedToken
from safepassage.wire import Base64Url, Digest, Wire

BUCKETS: Final = 1024
TOKENS: Final = 32
"""Of one child, always so many: what is not used is filled up with points that mean nothing."""
POINT_BYTES: Final = 32
MOST_POINTS: Final = 24_000
"""Of one comparison: a requester blinds no more, so that a holder can try out no more names."""
MAX_LENGTH: Final = 1536 * 1024
"""In characters, of a comparison and of its answer."""
FRESH_SECONDS: Final = 300
SECTIONS: Final = ("enrollment",)
ELEMENT: Final = "enrollment.enrollments"
"""What an answer that says perhaps tells of: that there is an enrolment."""

Point = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$")]
"""A u-coordinate of Curve25519 (RFC 7748), 32 bytes, base64url."""


class Sought(Wire):
    """The child, in the selector of a request that names nobody."""

    bucket: Annotated[int, Field(ge=0, lt=BUCKETS)]
    """Of the birth date (`bucket_of`): there the holder looks. One in four or five dates of birth is in the same."""
    tokens: Annotated[tuple[Point, ...], Field(min_length=TOKENS, max_length=TOKENS)]
    """Points of the child's names with the birth date, times the requester's secret, in the order of their bytes."""


def bucket_of(birth_date: date) -> int:
    """0 to 1,023; the same where month and day are exchanged."""
    form = f"{birth_date.year} {min(birth_date.month, birth_date.day)} {max(birth_date.month, birth_date.day)}"
    return int.from_bytes(sha256(form.encode("ascii")).digest()[:2], "big") % BUCKETS


class Comparison(Message):
    """The holder asks the requester to blind these points too."""

    TYPE: ClassVar[str] = "sp-comparison+jws"

    iss: EntityId
    """The holder."""
    aud: EntityId
    """The requester."""
    exchange_id: UUID
    request_digest: Digest
    """Of the request that it is about."""
    iat: NumericDate
    points: Base64Url


class Compared(Message):
    """The requester's answer to a comparison."""

    TYPE: ClassVar[str] = "sp-compared+jws"

    iss: EntityId
    """The requester."""
    aud: EntityId
    """The holder."""
    exchange_id: UUID
    comparison_digest: Digest
    iat: NumericDate
    points: Base64Url
    """In the order in which they came."""
    also: Also = None


def packed(points: Sequence[bytes]) -> str:
    """Points as a message has them."""
    return to_base64url(b"".join(points))


def unpacked(points: str) -> list[bytes]:
    """The points of a message. Raises MalformedToken: not 1 to MOST_POINTS whole points."""
    data = from_base64url(points)
    if not data or len(data) % POINT_BYTES or len(data) > MOST_POINTS * POINT_BYTES:
        raise MalformedToken("not a number of points that one comparison has", field="points")
    return [data[start : start + POINT_BYTES] for start in range(0, len(data), POINT_BYTES)]


def verify_comparison(token: str, *, issuer: str, audience: str, keys: PublicKeys, now: datetime) -> Verified[Comparison]:
    """The comparison in `token`, signed by `issuer` (the client that sent it) for `audience`, a moment ago.

    Raises what `verify_message` raises, WrongIssuer, WrongAudience, MessageExpired, MessageNotYetValid.
    """
    verified = verify_message(token, kind=Comparison, keys=keys, max_length=MAX_LENGTH)
    message = verified.message
    require_parties(iss=message.iss, aud=message.aud, issuer=issuer, audience=audience)
    require_lifetime(iat=message.iat, exp=message.iat + FRESH_SECONDS, now=now)
    return verified


def verify_compared(
    token: str, *, issuer: str, audience: str, keys: PublicKeys, exchange_id: UUID, comparison_digest: Digest, count: int
) -> list[bytes]:
    """The points that `issuer` answers to the comparison with this digest, as many as were sent.

    Raises what `verify_message` raises, WrongIssuer, WrongAudience, OtherExchange, MalformedToken.
    """
    message = verify_message(token, kind=Compared, keys=keys, max_length=MAX_LENGTH).message
    require_parties(iss=message.iss, aud=message.aud, issuer=issuer, audience=audience)
    if (message.exchange_id, message.comparison_digest) != (exchange_id, comparison_digest):
        raise OtherExchange
    points = unpacked(message.points)
    if len(points) != count:
        raise MalformedToken("another number of points than was sent", field="points")
    return points
