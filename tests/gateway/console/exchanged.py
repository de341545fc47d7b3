"""Exchanges of a console's node, at every stage, as its records service keeps them; and what did not arrive of them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from safepassage.canonical import canonical_json, digest_of
from safepassage.compact import assemble, signing_input, thumbprint
from safepassage.ids import uuid7
from safepassage.notice import NoticeContent
from services.records.exchange.states import Asked, Incoming, Letter, Outgoing
from services.records.exchange.states import Request as Taken
from services.records.tables import (
    ArrivedNoticeRow,
    DeadLetterRow,
    ExchangeRequestRow,
    IncomingEnvelopeRow,
    OutgoingEnvelopeRow,
    PeerRequestRow,
)
from tests.gateway.console.consoles import Console
from tests.gateway.console.crossing import BIRCH

KEY = Ed25519PrivateKey.generate()
DIGEST = digest_of(b"anything")


def signed(typ: str, **claims: Any) -> str:
    """A message of another node that was verified when it came; here it is only read again."""
    body = signing_input(typ=typ, kid=thumbprint(KEY.public_key()), payload=claims)
    return assemble(body, KEY.sign(body))


async def stored(console: Console, *rows: Any) -> None:
    """Put rows into the store of the records service."""
    async with console.node.applications["records"].state.database.transaction() as tx:
        for row in rows:
            tx.add(row)
            await tx.flush()


def asked(console: Console, state: Asked, at: datetime, **about: Any) -> ExchangeRequestRow:
    """A request of ours."""
    row: dict[str, Any] = {
        "id": uuid7(at),
        "client_id": "sis",
        "caller_organisation_id": console.district.id,
        "receiving_organisation_id": console.district.id,
        "holder": BIRCH,
        "state": state,
        "requested_at": at,
        "expires_at": at + timedelta(days=14),
        "token": "token",
        "request_digest": DIGEST,
        "subject_commit": DIGEST,
        "particulars": b"",
        "event": "{}",
        "attempts": 0,
        "comparisons": 0,
        "is_educators": False,
    }
    return ExchangeRequestRow(**(row | about))


def taken(state: Taken, at: datetime, **about: Any) -> PeerRequestRow:
    """A request of a peer."""
    row: dict[str, Any] = {
        "id": uuid7(at),
        "requester": BIRCH,
        "exchange_id": uuid4(),
        "state": state,
        "token": "token",
        "request_digest": DIGEST,
        "accepted": signed("sp-accepted+jws", iat=int(at.timestamp())),
        "recipient_organisation": "1",
        "subject_commit": DIGEST,
        "particulars": b"",
        "entry_index": 7,
        "received_at": at,
        "expires_at": at + timedelta(days=14),
        "attempts": 0,
        "is_finding": False,
        "is_educators": False,
    }
    return PeerRequestRow(**(row | about))


async def told_unread(console: Console, request_id: UUID, unread: tuple[str, ...], *, at: datetime) -> None:
    """The peer of a request has told, at an instant, which elements of what it got it keeps unread."""
    records = console.node.applications["records"].state
    async with records.database.transaction() as tx:
        request = await tx.get_one(PeerRequestRow, request_id)
        identifier = uuid7(at)
        content = NoticeContent(
            iss=BIRCH,
            aud=records.exchange.entity_id,
            exchange_id=request.exchange_id,
            notice_id=identifier,
            pt_salt=DIGEST,
            kind="read-in-part",
            unread_elements=unread,
        )
        tx.add(
            ArrivedNoticeRow(
                issuer=BIRCH,
                notice_id=identifier,
                id=identifier,
                exchange_id=request.exchange_id,
                organisation_id=uuid4(),
                digest=DIGEST,
                token="token",
                particulars=records.exchange.seal_particulars(identifier, content.model_dump_json(exclude_none=True).encode()),
                taken="taken",
                entry_index=8,
                arrived_at=at,
            )
        )


async def exchanges_of_each_kind(console: Console) -> dict[str, UUID]:
    """Ids: filed, refused, waiting, answered, expired."""
    now = console.house.now
    filed, refused = (
        asked(console, Asked.APPLIED, now - timedelta(days=3)),
        asked(console, Asked.REFUSED, now - timedelta(days=2), problem_code="purpose-not-served"),
    )
    filed.accepted = signed("sp-accepted+jws", iat=int(now.timestamp()) - 200_000)
    came = IncomingEnvelopeRow(
        issuer=BIRCH,
        id=uuid7(now),
        exchange_id=filed.id,
        kind="package",
        state=Incoming.APPLIED,
        jws=signed("sp-envelope+jws", iat=int(now.timestamp()) - 100_000),
        envelope_digest=DIGEST,
        event="{}",
        stored_at=now - timedelta(days=1),
        entry_index=41,
        r2=signed("sp-receipt+jws", iat=int(now.timestamp()), outcome="applied"),
        attempts=0,
    )
    waiting, answered = taken(Taken.WAITING, now - timedelta(hours=5)), taken(Taken.ANSWERED, now - timedelta(hours=4))
    sent = [
        OutgoingEnvelopeRow(
            id=uuid7(now),
            request_id=answered.id,
            recipient_node=BIRCH,
            kind=kind,
            state=state,
            claims=canonical_json({"iat": int(now.timestamp()) - 60 * number}).decode(),
            event="{}",
            ct_digest=DIGEST,
            expires_at=now + timedelta(days=10),
            leaves_at=now,
            attempts=number,
            next_attempt_at=now + timedelta(minutes=5),
            entry_index=50 - number,
        )
        for number, (kind, state) in enumerate((("package", Outgoing.IN_FLIGHT), ("not-provided", Outgoing.EXPIRED)))
    ]
    letters = [
        DeadLetterRow(
            id=identifier, kind=kind, state=Letter.OPEN, peer=BIRCH, exchange_id=exchange, code=code, since=now - timedelta(hours=hours)
        )
        for identifier, kind, exchange, code, hours in (
            (refused.id, "request", refused.id, "purpose-not-served", 30),
            (sent[1].id, "answer", answered.exchange_id, "expired", 20),
        )
    ]
    await stored(console, filed, refused, waiting, answered, came, *sent, *letters)
    return {"filed": filed.id, "refused": refused.id, "waiting": waiting.id, "answered": answered.id, "expired": sent[1].id}
