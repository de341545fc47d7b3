"""The holder's side: which of its students is sought, without being told who is. And of a child whom it does not have, nothing.

INVARIANT: what is done and sent depends on the bucket of a birth date and on nothing else of the child.
"""

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from safepassage.canonical import digest_of, from_base64url
from safepassage.finding import MAX_LENGTH, MOST_POINTS, POINT_BYTES, Comparison, Sought, packed, verify_compared
from safepassage.problems.exchanges import PeerUnavailable
from safepassage.problems.signatures import MalformedToken
from services.records.exchange.answers import Asked
from services.records.exchange.deliveries import JOSE, NO_SUCH_DOOR
from services.records.exchange.exchange import Exchange
from services.records.exchange.peer_refusals import refusal_of
from services.records.finding.curve import blinded, point_of
from services.records.finding.seeking import drawn_point
from services.records.finding.tokens import held_texts
from services.records.matching_candidates import records_of
from services.records.tables import PeerRequestRow, TagRow
from services.records.vault import Vault
from shared import prepared

log = logging.getLogger(__name__)

PATH = "/v1/peer/comparisons"
NAMED = ("identity", "statements")
"""What has the names; what is contested refers to the statements."""
ROUNDED_TO = 256
"""Points are sent by so many: their number tells little of how many students were born on some days."""


class ComparesNothing(Exception):
    """The requester has no such operation: a node may do without it, and then nothing can be compared with it."""


_TAGGED = select(TagRow.student_id).where(TagRow.tag == bindparam("tag")).distinct()


async def found_unseen(exchange: Exchange, row: PeerRequestRow, asked: Asked, sought: Sought) -> UUID | None:
    """The student who is sought; None where nobody is. Of several the one of whom the most agrees: who is asked next looks at all of them.

    Raises PeerUnavailable where the requester does not answer, and what its answer is refused with: it is tried again. ComparesNothing.
    """
    if exchange.deliveries.is_left_out(exchange.trust.member(asked.requester), PATH):  # known before anything of the child is looked at
        raise ComparesNothing
    held = await exchange.read(lambda connection: held_at(connection, exchange.vault, sought.bucket))
    secret = secrets.token_bytes(POINT_BYTES)
    points = await asyncio.to_thread(points_of, held, secret)
    agreeing = await _compared(exchange, row, asked, points)
    if agreeing is None:
        return None
    try:
        wanted = frozenset(blinded(secret, map(from_base64url, sought.tokens)))
    except MalformedToken:  # its own fault: it finds nobody
        return None
    texts = [student_id for student_id, of in held.items() for _ in of]
    met = Counter(student_id for student_id, point in zip(texts, agreeing, strict=False) if point in wanted)
    return min(met, key=lambda student_id: (-met[student_id], student_id)) if met else None


def held_at(connection: Connection, vault: Vault, bucket: int) -> dict[UUID, tuple[str, ...]]:
    """By student whose birth date is in the bucket, what is compared. Nobody where there are more than one comparison takes."""
    ids = [row.student_id for row in prepared.rows(connection, _TAGGED, {"tag": vault.tags.birth_bucket(bucket)})]
    held = {key: tuple(sorted(held_texts(record.identity))) for key, record in records_of(connection, vault, ids, sections=NAMED)}
    return within_one_comparison(held)


def within_one_comparison(held: dict[UUID, tuple[str, ...]]) -> dict[UUID, tuple[str, ...]]:
    """All of them, or nobody."""
    return held if sum(map(len, held.values())) <= MOST_POINTS else {}


def points_of(held: Mapping[UUID, Sequence[str]], secret: bytes) -> list[bytes]:
    """The points of all texts in their order, blinded, and as many that stand for nothing as make the number round."""
    points = [point_of(text.encode()) for texts in held.values() for text in texts]
    room = min(MOST_POINTS, max(ROUNDED_TO, -(-len(points) // ROUNDED_TO) * ROUNDED_TO))
    return blinded(secret, [*points, *(drawn_point() for _ in range(room - len(points)))])


async def _compared(exchange: Exchange, row: PeerRequestRow, asked: Asked, points: Sequence[bytes]) -> list[bytes] | None:
    """The same points, blinded by the requester too; None where it refuses that for good. Raises PeerUnavailable, ComparesNothing."""
    member = exchange.trust.member(asked.requester)
    message = Comparison(
        iss=exchange.entity_id,
        aud=asked.requester,
        exchange_id=asked.exchange_id,
        request_digest=asked.request_digest,
        iat=int(exchange.clock().timestamp()),
        points=packed(points),
    )
    token = exchange.signing.sign_compact(typ=message.TYPE, payload=message.claims(), answers=row.token).encode("ascii")
    answer = await exchange.deliveries.call(member, "POST", PATH, token, content_type=JOSE, longest_answer=MAX_LENGTH)
    if answer.status != 200:
        try:
            refusal = await refusal_of(exchange, answer, peer=asked.requester, about=digest_of(token))
        except PeerUnavailable:
            if answer.status not in NO_SUCH_DOOR:
                raise
            log.warning("requester has no door for comparisons", extra={"peer": asked.requester, "status": answer.status})
            exchange.deliveries.note_left_out(member, PATH)
            raise ComparesNothing from None
        log.info("requester refuses to compare", extra={"peer": asked.requester, "code": refusal.code})
        return None
    try:
        compared = answer.body.decode("ascii")
    except UnicodeDecodeError as error:
        raise PeerUnavailable("the answer is no sp-compared") from error
    keys = await exchange.signing_keys_of(asked.requester)
    return verify_compared(
        compared,
        issuer=asked.requester,
        audience=exchange.entity_id,
        keys=keys,
        exchange_id=asked.exchange_id,
        comparison_digest=digest_of(token),
        count=len(points),
    )
