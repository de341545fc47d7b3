"""Filing a record that another node sent, beside what this node has of the student itself."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from safepassage.record import StudentRecord
from safepassage.unread import Unread
from services.records.held_students import STUDENTS
from services.records.loading import Arriving, Loading, Stored
from services.records.record_sources import as_told_by
from services.records.subject_facts import EnrolledAt
from services.records.vault import Vault
from shared import prepared
from shared.group_commit import Writing
from shared.outbox import Outbox


@dataclass(frozen=True)
class ReceivedEnrollment:
    """Where the request's evidence says that the child is enrolled now."""

    organisation_id: UUID
    entry_date: date


def store_received(
    tx: Writing,
    vault: Vault,
    outbox: Outbox,
    record: StudentRecord,
    *,
    from_node: str,
    exchange_id: UUID,
    student_id: UUID | None,
    custodian_id: UUID,
    enrollment: ReceivedEnrollment,
    jurisdiction: str,
    now: datetime,
    unread: Unread | None = None,
) -> Stored:
    """File a record that the node `from_node` (entity id) sent, beside what this node has of the student itself.

    student_id    the student that it belongs to; None makes a new one
    custodian_id  who answers for a new student's record here: the receiving school's district
    enrollment    goes to the enrolments of this node; those that the record tells of stay in the record
    unread        what came and this version does not know: sealed as it came, beside the record

    The outbox is to be woken once `tx` has committed. Raises NoSuchStudent.
    """
    record = as_told_by(record, from_node)
    origin = _origin(record, unread, from_node)
    known = None if student_id is None else prepared.row(tx.connection, STUDENTS, {"ids": [student_id]})
    arriving = Arriving(
        record=record,
        custodian_id=known.custodian_id if known is not None else custodian_id,
        originating_agency=known.originating_agency if known is not None else origin,
        enrolled=(EnrolledAt(enrollment.organisation_id, enrollment.entry_date),),
        source=str(exchange_id),
        student_id=student_id,
        unread=unread,
    )
    loading = Loading(vault, outbox, jurisdiction=jurisdiction, now=now)
    return loading.store_beside(tx, arriving)


def _origin(record: StudentRecord, unread: Unread | None, from_node: str) -> str:
    """The agency that made the record, by its first section; where nothing of it is read, by the first of those that came."""
    for origin in record.provenance.values():
        return origin.originating_agency
    said: str = next(iter(json.loads(unread.record if unread is not None else b"{}")["provenance"].values()))["originating_agency"]
    return said if "#" in said else f"{from_node}#{said}"
