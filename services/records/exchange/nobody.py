"""Nobody: the student in whose place a child is who is not here, so that it takes as much work, and leaves as much, as one who is refused.

A peer sees when an answer comes, how long it is, and by the checkpoints of this node's log how many entries were written meanwhile. For a
child whose record is refused candidates are opened, the record is opened, privacy decides, and the request and the decision are in the log.
So all of that is done for a child who is not here too: on the record of some other student, opened in memory and dropped, of which nothing
goes anywhere; and on facts that are made up, which privacy denies and keeps like all others.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import Connection, bindparam, select

from services.records.tables import StudentRow
from shared import prepared
from shared.contracts.privacy import SubjectFacts
from shared.nobody import agency_of_nobody, nobody_of

AGE: Final = timedelta(days=12 * 365)

_FROM = select(StudentRow.id).where(StudentRow.id >= bindparam("id_")).order_by(StudentRow.id).limit(1)
_FIRST = select(StudentRow.id).order_by(StudentRow.id).limit(1)


def stand_in(connection: Connection) -> UUID | None:
    """Some student, another one each time, on whose record the work of finding and opening one is done; None where there are none."""
    rows = prepared.rows(connection, _FROM, {"id_": uuid4()}) or prepared.rows(connection, _FIRST, {})
    return rows[0].id if rows else None


def facts_of(node_organisation_id: UUID, *, jurisdiction: str, now: datetime) -> SubjectFacts:
    """Of a student of an agency that nobody knows, which has agreed to nothing; the node's own organisation may read what is kept of it."""
    return _facts(node_organisation_id, jurisdiction, (now - AGE).date().replace(day=1))


@lru_cache(maxsize=16)
def _facts(node_organisation_id: UUID, jurisdiction: str, born: date) -> SubjectFacts:
    return SubjectFacts(
        student_id=nobody_of(node_organisation_id),
        facts_version=1,
        custodian_id=node_organisation_id,
        originating_agency=agency_of_nobody(node_organisation_id),
        birth_date=born,
        time_zone="America/New_York",
        jurisdiction=jurisdiction,
    )
