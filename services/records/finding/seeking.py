"""What a request that names nobody says of the child: blinded points, in an order that tells nothing. Pure but for what is drawn."""

import secrets
from uuid import UUID

from safepassage.canonical import to_base64url
from safepassage.finding import POINT_BYTES, TOKENS, Sought, bucket_of
from safepassage.wire_exchange import PersonSelector
from services.records.exchange.new_requests import Seek
from services.records.finding.curve import blinded, point_of
from services.records.finding.tokens import sought_texts
from services.records.lookup_tags import LookupTags


def seek(person: PersonSelector, tags: LookupTags) -> Seek:
    """Of a child, what is sought in each of several requests: to each node under another secret, so that two that meet cannot compare."""
    points, bucket = [point_of(text.encode()) for text in sought_texts(person)], bucket_of(person.birth_date)
    points += [drawn_point() for _ in range(TOKENS - len(points))]

    def sought(exchange_id: UUID, salt: str) -> Sought:
        unseen = blinded(tags.finding_secret(exchange_id, salt), points)
        return Sought(bucket=bucket, tokens=tuple(to_base64url(point) for point in sorted(unseen)))

    return sought


def drawn_point() -> bytes:
    """A point that stands for nothing."""
    return point_of(secrets.token_bytes(POINT_BYTES))
