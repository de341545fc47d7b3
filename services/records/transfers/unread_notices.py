"""Telling the node that a record came from which of its elements this version does not know, and what another node has told so of ours.

Who sent the record can tell the school what is not read there. Named are elements of the package's manifest, which the sender made itself,
and nothing of what is in them.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from safepassage.notice import NoticeContent
from safepassage.problems.transfers import NoticeNotYours
from services.records.exchange.exchange import Exchange
from services.records.tables import ArrivedNoticeRow, ExchangeRequestRow, OutgoingEnvelopeRow, OutgoingNoticeRow, PeerRequestRow
from services.records.transfers.notices import content_of, notice_row


def read_in_part(
    exchange: Exchange, asked: ExchangeRequestRow, *, student_id: UUID, unread: Sequence[str], now: datetime
) -> OutgoingNoticeRow:
    """The notice to store. `asked` is the ExchangeRequestRow that the record came for; `unread` is empty once all is read."""
    return notice_row(
        exchange,
        exchange_id=asked.id,
        peer=asked.holder,
        organisation_id=asked.receiving_organisation_id,
        student_id=student_id,
        kind="read-in-part",
        unread_elements=unread,
        now=now,
    )


def require_sent(connection: Connection, request: PeerRequestRow, content: NoticeContent) -> None:
    """Raises NoticeNotYours where a peer names elements that went in no package to it: of nothing else can it tell."""
    if content.unread_elements and not went_to(connection, request).issuperset(content.unread_elements):
        raise NoticeNotYours("it tells of elements that were not sent")


def went_to(connection: Connection, request: PeerRequestRow) -> frozenset[str]:
    """The elements of the packages that were made for a peer's request, by the entries of their disclosure."""
    sent = OutgoingEnvelopeRow.__table__.c
    events = connection.execute(select(sent.event).where(sent.request_id == request.id, sent.kind == "package")).scalars()
    return frozenset(element for event in events for element in json.loads(event)["context"].get("elements", ()))


def unread_by_peer(connection: Connection, exchange: Exchange, request: Any) -> tuple[str, ...]:
    """What the requester of `request`, a PeerRequestRow or its columns, has told last that it does not read of the record."""
    table = ArrivedNoticeRow.__table__
    mine = (table.c.issuer == request.requester, table.c.exchange_id == request.exchange_id, table.c.particulars != b"")
    # by the ids of the peer, which begin with when it made them: one may come behind a later one
    for row in connection.execute(select(table).where(*mine).order_by(table.c.notice_id.desc())):
        told = content_of(exchange, ArrivedNoticeRow(**row._mapping)).unread_elements
        if told is not None:
            return told
    return ()
