"""Telling privacy the facts of a student anew, where an enrolment has changed and the record has not."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from safepassage.wire_organisations import Organisation
from services.records.exchange.exchange import Exchange
from services.records.facts_lane import telling
from services.records.reading import opened
from services.records.record_sources import merged, record_of
from services.records.subject_facts import EnrolledAt, facts_of
from services.records.tables import EnrollmentRow, OrganisationRow, SectionRow, StudentRow
from shared.group_commit import Writing


def tell_facts_again(tx: Writing, exchange: Exchange, student_id: UUID, now: datetime) -> None:
    """In the transaction that changed the enrolment: a new version of the student, and the facts of that version on their way.

    INVARIANT: what is decided from here on rests on the enrolments as they are now; a decision on older facts is refused as `facts-behind`.
    """
    connection, table = tx.connection, StudentRow.__table__
    student = connection.execute(select(table).where(table.c.id == student_id).with_for_update()).one()
    sealed = connection.execute(select(SectionRow.__table__).where(SectionRow.student_id == student_id)).all()
    enrolled = connection.execute(select(EnrollmentRow.__table__).where(EnrollmentRow.student_id == student_id)).all()
    custodian = connection.execute(select(OrganisationRow.whole).where(OrganisationRow.id == student.custodian_id)).scalar_one_or_none()
    version = student.version + 1
    facts = facts_of(
        record_of(merged(opened(exchange.vault.data_key(student_id, student.wrapped_key), sealed))),
        student_id=student_id,
        facts_version=version,
        custodian_id=student.custodian_id,
        originating_agency=student.originating_agency,
        enrolled=[EnrolledAt(one.organisation_id, one.entry_date, one.exit_date) for one in enrolled],
        time_zone="America/New_York" if custodian is None else Organisation.model_validate_json(custodian).time_zone,
        jurisdiction=exchange.settings.jurisdiction,
    )
    changed = {"version": version, "changed_at": now, "facts_version": 0 if facts is None else version}
    connection.execute(update(StudentRow).where(StudentRow.id == student_id).values(changed))
    if facts is not None:
        tx.tell(telling(exchange.outbox, facts))
