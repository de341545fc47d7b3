"""Telling privacy the facts of a student anew, where an enrolment has changed and the record has not."""

from datetime import datetime
from uuid import UUID

from services.records.exchange.exchange import Exchange
from services.records.facts_anew import facts_anew
from services.records.facts_lane import telling
from shared.group_commit import Writing


def tell_facts_again(tx: Writing, exchange: Exchange, student_id: UUID, now: datetime) -> None:
    """In the transaction that changed the enrolment: a new version of the student, and the facts of that version on their way.

    INVARIANT: what is decided from here on rests on the enrolments as they are now; a decision on older facts is refused as `facts-behind`.
    """
    facts = facts_anew(tx.connection, exchange.vault, student_id, jurisdiction=exchange.settings.jurisdiction, now=now)
    if facts is not None:
        tx.tell(telling(exchange.outbox, facts))
