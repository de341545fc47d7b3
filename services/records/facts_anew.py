"""The facts of a student made anew from what the store has now, where it is not a load that changed them."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select, update

from safepassage.wire_organisations import Organisation
from services.records.left_with_source import left_in
from services.records.reading import opened
from services.records.record_sources import merged, record_of
from services.records.same_child import of_one_child
from services.records.subject_facts import EnrolledAt, facts_of
from services.records.tables import EnrollmentRow, OrganisationRow, SectionRow, StudentRow
from services.records.vault import Vault
from shared.contracts.privacy import SubjectFacts


def facts_anew(
    connection: Connection, vault: Vault, student_id: UUID, *, jurisdiction: str, now: datetime, versions: int = 1
) -> SubjectFacts | None:
    """Give the student the next version but `versions - 1`, and the facts of that version, for privacy to be told in the same transaction.

    None where nothing of what is left has a date of birth: privacy is to know no such subject. Raises SealBroken.
    """
    table = StudentRow.__table__
    student = connection.execute(select(table).where(table.c.id == student_id).with_for_update()).one()
    sealed = connection.execute(select(SectionRow.__table__).where(SectionRow.student_id == student_id)).all()
    enrolled = connection.execute(select(EnrollmentRow.__table__).where(EnrollmentRow.student_id == student_id)).all()
    custodian = connection.execute(select(OrganisationRow.whole).where(OrganisationRow.id == student.custodian_id)).scalar_one_or_none()
    version = student.version + versions
    parts = opened(vault.data_key(student_id, student.wrapped_key), sealed)
    facts = facts_of(
        record_of(merged(parts)),
        student_id=student_id,
        facts_version=version,
        custodian_id=student.custodian_id,
        originating_agency=student.originating_agency,
        enrolled=[EnrolledAt(one.organisation_id, one.entry_date, one.exit_date) for one in enrolled],
        time_zone="America/New_York" if custodian is None else Organisation.model_validate_json(custodian).time_zone,
        jurisdiction=jurisdiction,
        now=now,
        same_child=of_one_child(connection, (student_id,))[student_id],
        beyond=left_in(parts),
    )
    changed = {"version": version, "changed_at": now, "facts_version": 0 if facts is None else version}
    connection.execute(update(StudentRow).where(StudentRow.id == student_id).values(changed))
    return facts


def facts_of_children_anew(
    connection: Connection, vault: Vault, ids: Collection[UUID], *, jurisdiction: str, now: datetime
) -> list[SubjectFacts]:
    """The same of every record that is of one child with one of `ids`, after a union began or ended.

    INVARIANT: a decision that starts from here on knows of all of them; one on older facts is refused as `facts-behind`. Raises SealBroken.
    """
    records = sorted(
        frozenset().union(*of_one_child(connection, ids).values())
    )  # in one order, so that two unions never wait for each other
    made = [facts_anew(connection, vault, one, jurisdiction=jurisdiction, now=now) for one in records]
    return [facts for facts in made if facts is not None]
