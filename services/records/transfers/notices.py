"""A notice of ours as it is made: its content sealed at rest, the event of its log, stored in the transaction of what it tells."""

import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, select

from safepassage.canonical import to_base64url
from safepassage.chain_part import Onward
from safepassage.claims import read_closed
from safepassage.ids import uuid7
from safepassage.notice import NoticeContent, NoticeKind
from safepassage.wire_exchange import Official
from safepassage.wire_transfers import TransferNotice
from services.records.exchange.events import SYSTEM
from services.records.exchange.exchange import Exchange
from services.records.exchange.states import Notice
from services.records.exchange.stored_rows import store
from services.records.tables import ArrivedNoticeRow, OutgoingNoticeRow
from shared.contracts.audit import Actor, Context, Event
from shared.group_commit import Writing

LASTS: Final = timedelta(days=14)
"""Until then it is sent again; as long as an exchange waits for its answer."""

_SHOWN: Final = {
    Notice.PREPARED: "waiting",
    Notice.SEALED: "waiting",
    Notice.QUEUED: "waiting",
    Notice.DELIVERED: "delivered",
    Notice.REFUSED: "refused",
    Notice.EXPIRED: "expired",
}


def notice_row(
    exchange: Exchange,
    *,
    exchange_id: UUID,
    peer: str,
    organisation_id: UUID,
    student_id: UUID | None,
    kind: NoticeKind,
    now: datetime,
    actor: Actor = SYSTEM,
    effective_on: date | None = None,
    official: Official | None = None,
    onward: Onward | None = None,
    unread_elements: Sequence[str] | None = None,
) -> OutgoingNoticeRow:
    """The row to store. `organisation_id` is the receiving school or district, or the custodian: who sees it here."""
    identifier = uuid7(now)
    content = NoticeContent(
        iss=exchange.entity_id,
        aud=peer,
        exchange_id=exchange_id,
        notice_id=identifier,
        pt_salt=to_base64url(secrets.token_bytes(32)),
        kind=kind,
        effective_on=effective_on,
        official=official,
        onward=onward,
        unread_elements=None if unread_elements is None else tuple(unread_elements),
    )
    event = Event(
        class_="request",
        key=f"{identifier}:notice",
        subjects=() if student_id is None else (student_id,),
        custodians=(organisation_id,),
        actor=actor,
        context=Context(operation="exchange-notice", reason="sent", purpose="enrollment", recipient_node=peer, exchange_id=exchange_id),
    )
    return OutgoingNoticeRow(
        id=identifier,
        exchange_id=exchange_id,
        peer=peer,
        organisation_id=organisation_id,
        student_id=student_id,
        state=Notice.PREPARED,
        particulars=exchange.seal_particulars(identifier, content.model_dump_json(exclude_none=True).encode()),
        event=event.model_dump_json(by_alias=True, exclude_none=True),
        claims=None,
        token=None,
        taken=None,
        made_at=now,
        expires_at=now + LASTS,
        attempts=0,
        next_attempt_at=now,
        problem_code=None,
    )


def tell(tx: Writing, exchange: Exchange, row: OutgoingNoticeRow) -> None:
    """Store it, and have it sent once this has committed."""
    store(tx.connection, row)
    tx.afterwards(lambda: exchange.wake("noticing"))


def kinds_told(connection: Connection, exchange: Exchange, exchange_id: UUID, peer: str) -> frozenset[NoticeKind]:
    """Kinds of notices that were made about an exchange with `peer`."""
    table = OutgoingNoticeRow.__table__
    query = select(table.c.id, table.c.particulars).where(
        table.c.exchange_id == exchange_id, table.c.peer == peer, table.c.particulars != b""
    )
    return frozenset(_content(exchange, row.id, row.particulars).kind for row in connection.execute(query))


def content_of(exchange: Exchange, row: OutgoingNoticeRow | ArrivedNoticeRow) -> NoticeContent:
    """What the notice says, opened from rest."""
    return _content(exchange, row.id, row.particulars)


def _content(exchange: Exchange, identifier: UUID, particulars: bytes) -> NoticeContent:
    return read_closed(exchange.open_particulars(identifier, particulars), model=NoticeContent)


def told_sent(exchange: Exchange, row: OutgoingNoticeRow) -> TransferNotice:
    """A notice of ours, as those who may see it are told."""
    content = content_of(exchange, row)
    return TransferNotice.model_validate(
        {
            "id": row.id,
            "exchange_id": row.exchange_id,
            "direction": "sent",
            "node": row.peer,
            "kind": content.kind,
            "effective_on": content.effective_on,
            "onward": content.onward,
            "unread_elements": content.unread_elements,
            "student_id": row.student_id,
            "at": row.made_at,
            "state": _SHOWN[Notice(row.state)],
            "problem_code": row.problem_code,
        }
    )


def told_received(exchange: Exchange, row: ArrivedNoticeRow) -> TransferNotice:
    """A peer's notice, as those who may see it are told."""
    content = content_of(exchange, row)
    return TransferNotice(
        id=row.id,
        exchange_id=row.exchange_id,
        direction="received",
        node=row.issuer,
        kind=content.kind,
        effective_on=content.effective_on,
        onward=content.onward,
        unread_elements=content.unread_elements,
        student_id=row.student_id,
        at=row.arrived_at,
        state="received",
    )
