"""Where a record that was received went on to, as the node that it came from is told: parties and interests, 34 CFR 99.32(b)(2)(i).

Told is a later disclosure of sections that came with the exchange and that nothing of the own state's has taken the place of: to whom it
went, when, on which basis and of which categories; not under which id, nor what became of it there: that is the next node's to tell, and it
tells the node that it had it from.
"""

import json
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, select

from safepassage.chain_links import categories_of
from safepassage.chain_part import Onward
from services.records.exchange.arrived import arrived
from services.records.tables import OWN, IncomingEnvelopeRow, OutgoingEnvelopeRow, PeerRequestRow, SectionRow
from shared import prepared

MOST_TOLD = 100


def onward_of(connection: Connection, exchange_id: UUID, student_id: UUID) -> tuple[Onward, ...]:
    """The disclosures of what came with this exchange, the oldest first; of more than 100 the newest."""
    sections = _came_with(connection, exchange_id, student_id)
    if not sections:
        return ()
    sent, incoming = OutgoingEnvelopeRow.__table__, IncomingEnvelopeRow.__table__
    came_at = select(func.min(incoming.c.stored_at)).where(incoming.c.exchange_id == exchange_id, incoming.c.kind == "package")
    query = (
        select(sent.c.event, sent.c.queued_at, sent.c.recipient_node, PeerRequestRow.recipient_organisation)
        .join(PeerRequestRow, PeerRequestRow.id == sent.c.request_id)
        .where(
            PeerRequestRow.student_id == student_id,
            sent.c.kind == "package",
            arrived(sent.c),
            sent.c.queued_at >= came_at.scalar_subquery(),
        )
        .order_by(sent.c.queued_at, sent.c.id)
    )
    told = []
    for row in connection.execute(query):
        context = json.loads(row.event)["context"]
        elements = [element for element in context.get("elements", ()) if element.partition(".")[0] in sections]
        if elements:
            told.append(
                Onward(
                    node=row.recipient_node,
                    recipient_organisation=row.recipient_organisation,
                    disclosed_at=int(row.queued_at.timestamp()),
                    purpose=context["purpose"],
                    basis=context["basis"],
                    categories=categories_of({"elements": elements}),
                )
            )
    return tuple(told[-MOST_TOLD:])


def _came_with(connection: Connection, exchange_id: UUID, student_id: UUID) -> frozenset[str]:
    """Sections of the student's record of which what this exchange brought is what the node would disclose."""
    return frozenset(section for section, source in sources_at(connection, student_id).items() if source == str(exchange_id))


def sources_at(connection: Connection, student_id: UUID) -> dict[str, str]:
    """By section, the source whose content the node would disclose: its own, or else the exchange that brought it last."""
    chosen: dict[str, tuple[bool, int, str]] = {}
    for section, source, version in prepared.plain_rows(connection, _SOURCES, {"student_id": student_id}):
        chosen[section] = max(chosen.get(section, (False, -1, "")), (source == OWN, version, source))
    return {section: source for section, (_, _, source) in chosen.items()}


_SOURCES = select(SectionRow.section, SectionRow.source, SectionRow.version).where(SectionRow.student_id == bindparam("student_id"))
