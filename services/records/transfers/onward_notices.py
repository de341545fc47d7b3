"""Telling the node that a record came from where it went on to, or who was refused it, 34 CFR 99.32(b)(2)(i), 99.33.

The receiving node tells; nobody has to ask. Told is what `services.records.exchange.onward` tells an auditor who asks for the chain.
"""

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from safepassage.chain_links import categories_of
from safepassage.chain_part import Onward
from safepassage.elements import elements_of
from safepassage.notice import OnwardNotice
from services.records.exchange.answers import Asked
from services.records.exchange.exchange import Exchange
from services.records.exchange.onward import sources_at
from services.records.tables import OWN, ExchangeRequestRow
from services.records.transfers.notices import notice_row, tell
from shared.group_commit import Writing


def tell_of_disclosure(tx: Writing, exchange: Exchange, sent: Any) -> None:
    """In the transaction of the first receipt for a package. `sent` is the OutgoingEnvelopeRow, or its columns."""
    if sent.student_id is None or sent.queued_at is None:
        return
    context = json.loads(sent.event)["context"]
    _tell(
        tx,
        exchange,
        "onward",
        student_id=sent.student_id,
        elements=context.get("elements", ()),
        recipient=(sent.recipient_node, json.loads(sent.claims)["recipient_organisation"]),
        interest=(context["purpose"], context["basis"]),
        at=sent.queued_at,
    )


def owes_notices(connection: Connection, sent: Any) -> bool:
    """Whether `tell_of_disclosure` may have somebody to tell."""
    is_packages = sent.student_id is not None and sent.kind == "package"
    return is_packages and any(source != OWN for source in sources_at(connection, sent.student_id).values())


def tell_of_refusal(tx: Writing, exchange: Exchange, asked: Asked, student_id: UUID, now: datetime) -> None:
    """In the transaction of the answer that provides nothing because no basis permits it."""
    _tell(
        tx,
        exchange,
        "onward-refused",
        student_id=student_id,
        elements=elements_of(asked.selector.sections),
        recipient=(asked.requester, asked.recipient_organisation),
        interest=(asked.selector.purpose, asked.selector.basis),
        at=now,
    )


def _tell(
    tx: Writing,
    exchange: Exchange,
    kind: OnwardNotice,
    *,
    student_id: UUID,
    elements: Collection[str],
    recipient: tuple[str, str],
    interest: tuple[str, str],
    at: datetime,
) -> None:
    """A notice to each node that something of these elements came from, but for the one that is given it back."""
    for asked, came in _origins(tx.connection, student_id, elements):
        if asked.holder == recipient[0]:
            continue
        onward = Onward(
            node=recipient[0],
            recipient_organisation=recipient[1],
            disclosed_at=int(at.timestamp()),
            purpose=interest[0],
            basis=interest[1],
            categories=categories_of({"elements": sorted(came)}),
        )
        row = notice_row(
            exchange,
            exchange_id=asked.id,
            peer=asked.holder,
            organisation_id=asked.receiving_organisation_id,
            student_id=student_id,
            kind=kind,
            onward=onward,
            now=exchange.clock(),
        )
        tell(tx, exchange, row)


def _origins(connection: Connection, student_id: UUID, elements: Iterable[str]) -> list[tuple[Any, list[str]]]:
    """The exchanges that brought sections of these elements, each with its elements."""
    sources = {section: source for section, source in sources_at(connection, student_id).items() if source != OWN}
    came: dict[UUID, list[str]] = {}
    for element in elements:
        source = sources.get(element.partition(".")[0])
        if source is not None:
            came.setdefault(UUID(source), []).append(element)
    if not came:
        return []
    table = ExchangeRequestRow.__table__
    query = select(table.c.id, table.c.holder, table.c.receiving_organisation_id).where(table.c.id.in_(came)).order_by(table.c.id)
    return [(row, came[row.id]) for row in connection.execute(query)]
