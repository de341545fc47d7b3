"""Which student of the node a child is whose record arrives, where the own roster brought the child first.

A state's numbers say nothing against a child of another state's numbers: whoever moved has two. In their place stands what the request's
evidence says, and the roster does: enrolled at that very school since that very day. Decision 85.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, exists, select

from safepassage.wire_exchange import PersonSelector
from services.records.child_here import child_here, match_with_unions
from services.records.loading_received import HERE
from services.records.matching import Certain, Match, NeedsPerson
from services.records.matching_person import Candidate
from services.records.normalisation import identifier_form
from services.records.tables import EnrollmentRow, OrganisationRow, SectionRow
from services.records.tables.students import OWN
from services.records.vault import Vault
from shared import prepared
from shared.tenancy import within


@dataclass(frozen=True)
class EnrolledSince:
    """What the evidence of the request says of the child: enrolled at an organisation of this node, since a day."""

    organisation_id: UUID
    entry_date: date


def child_arriving(connection: Connection, vault: Vault, selector: PersonSelector, *, enrolled: EnrolledSince | None) -> Match:
    """The child, or who may be.

    enrolled  None where the child only seeks to enrol: then nothing stands for the number

    Raises SealBroken.
    """
    outcome, candidates = child_here(connection, vault, selector)
    if enrolled is None or not isinstance(outcome, NeedsPerson) or _number_is_known(selector, candidates):
        return outcome
    at_school = _enrolled(connection, candidates, enrolled)
    again = match_with_unions(connection, _without_number(selector), [_seen_here(one, at_school) for one in candidates])
    return again if isinstance(again, Certain) and again.student_id in at_school else outcome


def _number_is_known(selector: PersonSelector, candidates: Sequence[Candidate]) -> bool:
    """Somebody here has the number: then it says who, and what speaks against that is a person's to weigh."""
    number = identifier_form(selector.state_student_id or "")
    return number is not None and any(number in one.state_ids for one in candidates)


def _without_number(selector: PersonSelector) -> PersonSelector:
    return selector.model_copy(update={"state_student_id": None, "former_school_nces_id": HERE, "former_district_nces_id": None})


def _seen_here(one: Candidate, at_school: frozenset[UUID]) -> Candidate:
    return replace(one, schools=frozenset({HERE}) if one.student_id in at_school else frozenset(), districts=frozenset())


def _enrolled(connection: Connection, candidates: Sequence[Candidate], enrolled: EnrolledSince) -> frozenset[UUID]:
    """Which of them the roster has there since that day.

    Not those of whom another node sent something: its number of that child is another, and it is a contradiction after all.
    """
    bound: dict[str, Any] = {"ids": [one.student_id for one in candidates], "day": enrolled.entry_date, "root": enrolled.organisation_id}
    return frozenset(row.student_id for row in prepared.rows(connection, _AT_SCHOOL, bound))


_AT_SCHOOL = (
    select(EnrollmentRow.student_id)
    .where(
        EnrollmentRow.student_id.in_(bindparam("ids", expanding=True)),
        EnrollmentRow.entry_date == bindparam("day"),
        EnrollmentRow.organisation_id.in_(within(OrganisationRow, bindparam("root"))),
        ~exists().where(SectionRow.student_id == EnrollmentRow.student_id, SectionRow.source != OWN),
    )
    .distinct()
)
