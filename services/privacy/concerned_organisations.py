"""Organisations that have a part in a decision, with all above them, and the evidence that stands of them though no request names it."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CTE, Connection, bindparam, select

from safepassage.wire_evidence import AnyAgreement
from safepassage.wire_organisations import Organisation
from services.privacy.evidence_records import COLUMNS, open_evidence
from services.privacy.grounds import Held, standing_kinds, standing_of
from services.privacy.policy.organisation_tree import OrganisationTree
from services.privacy.sealing import Sealer
from services.privacy.tables import EvidenceRow, OrganisationRow
from shared import prepared
from shared.asked_once import rows_once
from shared.contracts.privacy import DecisionRequest, SubjectFacts

ATTENDANCE_MATTERS: Final = frozenset({"directory", "school-official", "military-recruiter", "higher-education-recruiter"})
"""Bases whose rules ask where a student attends: of a school that is not loaded nobody could tell whose it is."""


def concerned_by(
    request: DecisionRequest, subjects: Sequence[SubjectFacts], agreement: AnyAgreement | None, always: Iterable[UUID | None]
) -> set[UUID]:
    """Organisations that the rules may ask about, by their ids here."""
    named = {subject.originating_agency for subject in subjects} | {request.recipient.id}
    if request.transfer is not None:
        named.add(request.transfer.evidence.receiving_organisation.id)
    if request.licensure is not None:
        named.add(request.licensure.evidence.receiving_organisation.id)
    concerned = {identifier for identifier in map(_uuid, named) if identifier is not None}
    if request.basis in ATTENDANCE_MATTERS:
        concerned |= {attendance.organisation_id for subject in subjects for attendance in subject.attendances}
    if request.educator is not None:
        concerned.add(request.educator.custodian_id)
    concerned |= {subject.custodian_id for subject in subjects} | {identifier for identifier in always if identifier is not None}
    return concerned if agreement is None else concerned | {agreement.recipient_id, *agreement.district_ids}


def barred_names(request: DecisionRequest, organisations: dict[UUID, Organisation]) -> set[str]:
    """What a finding against the recipient may name: itself, its node, or the district of a school."""
    recipient = request.recipient
    agency = OrganisationTree(organisations).agency(recipient.id)
    return {recipient.id, *(str(organisation.id) for organisation in agency)} | ({recipient.node} if recipient.node else set())


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def all_above(are_meant: Any) -> CTE:
    """The organisations for which the condition holds, and all above them."""
    up = select(OrganisationRow.id, OrganisationRow.parent_id).where(are_meant).cte("up", recursive=True)
    return up.union(select(OrganisationRow.id, OrganisationRow.parent_id).where(OrganisationRow.id == up.c.parent_id))


_UP = all_above(OrganisationRow.id.in_(bindparam("identifiers", expanding=True)))
CONCERNED = select(OrganisationRow.whole).where(OrganisationRow.id.in_(select(_UP.c.id)))
_WITH_STANDING = (
    select(OrganisationRow.whole, *COLUMNS)
    .outerjoin(EvidenceRow, standing_of(OrganisationRow.id))
    .where(OrganisationRow.id.in_(select(_UP.c.id)))
)


def organisations_with_standing(
    connection: Connection, sealer: Sealer, request: DecisionRequest, identifiers: set[UUID]
) -> tuple[dict[UUID, Organisation], tuple[Held, ...]]:
    """The organisations and all above them, and their evidence of the kinds that no request names. One statement, whether or not."""
    kinds = standing_kinds(request)
    asked: dict[str, Any] = {"identifiers": sorted(identifiers)}
    if kinds:
        rows = prepared.rows(connection, _WITH_STANDING, asked | {"kinds": kinds, "operator_id": request.recipient.id})
        wholes = dict.fromkeys(row.whole for row in rows)
        standing = tuple((open_evidence(sealer, row), row.epoch) for row in rows if row.id is not None)
    else:
        wholes, standing = dict.fromkeys(row.whole for row in rows_once(connection, CONCERNED, asked)), ()
    organisations = (_organisation(whole) for whole in wholes)
    return {organisation.id: organisation for organisation in organisations}, standing


@lru_cache(maxsize=4096)
def _organisation(whole: str) -> Organisation:
    """The text that was read, as an organisation: the same text is not parsed for each decision."""
    return Organisation.model_validate_json(whole)
