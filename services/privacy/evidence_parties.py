"""Whom new evidence names: an agency of the caller's, students whose records it keeps, a party that is known and does not record it."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.evidence import AgencyNotYours, RecorderNotPermitted
from safepassage.problems.privacy import NoSuchRecipient, UnknownElement
from safepassage.problems.records import NoSuchStudent
from safepassage.problems.requests import NotPermitted
from safepassage.wire_directory import DirectoryNotice
from safepassage.wire_educator_application import EducatorApplication
from safepassage.wire_evidence import Kind
from safepassage.wire_ground import Ground, OfStudents
from safepassage.wire_legal_process import Emergency
from safepassage.wire_licensure import ELEMENT as EDUCATORS
from safepassage.wire_programmes import InterstateUnderstanding, OperatorOnboarding, RecruiterRequest, SchoolOfficial
from services.privacy.consents import RECIPIENTS
from services.privacy.evidence import require_elements, require_party, require_purposes
from services.privacy.evidence_rules import RULES
from services.privacy.subjects import FORGOTTEN
from services.privacy.tables import OrganisationRow, SubjectRow
from shared.caller import Caller
from shared.officials import official_of
from shared.tenancy import belongs_to, within


async def require_parties(tx: AsyncSession, caller: Caller, of: Kind) -> None:
    """Raises RecorderNotPermitted, NotPermitted, AgencyNotYours, NoSuchStudent, NoSuchRecipient, UnknownElement, UnknownPurpose."""
    rule = RULES[of.kind]
    if caller.kind not in rule.recorders:
        raise RecorderNotPermitted("recorded by an organization of the kind " + " or ".join(sorted(rule.recorders)))
    _require_one_of_the_two(caller, of)
    await _require_own_agency(tx, caller, of.agency_id, rule.agencies)
    await _require_recipient(tx, caller, of)
    _require_words(of)
    if isinstance(of, OfStudents):
        await _require_kept(tx, of.agency_id, of.student_ids)
    if isinstance(of, RecruiterRequest):
        await _require_schools(tx, of.agency_id, of.secondary_school_ids)


def _require_one_of_the_two(caller: Caller, of: Kind) -> None:
    """INVARIANT: who signed in puts no emergency on record that two others declared and approved: they are one of the two."""
    person = caller.claims.person
    if person is not None and isinstance(of, Emergency) and official_of(person) not in (of.declared_by, of.approved_by):
        raise NotPermitted("a person acts as themselves")


async def _require_own_agency(tx: AsyncSession, caller: Caller, agency_id: UUID, kinds: Collection[str]) -> None:
    query = select(OrganisationRow.id).where(
        OrganisationRow.id == agency_id,
        OrganisationRow.kind.in_(kinds),
        belongs_to(OrganisationRow.id, OrganisationRow, caller.organisation_id),
    )
    if (await tx.execute(query)).scalar_one_or_none() is None:
        raise AgencyNotYours(field="agency_id")


async def _require_recipient(tx: AsyncSession, caller: Caller, of: Kind) -> None:
    """INVARIANT: nobody records what entitles the recorder to receive."""
    rule = RULES[of.kind]
    if isinstance(of, InterstateUnderstanding):
        query = select(OrganisationRow.id).where(OrganisationRow.entity_id == of.node, OrganisationRow.kind == "peer").limit(1)
        if (await tx.execute(query)).scalar_one_or_none() is None:
            raise NoSuchRecipient("a node of the network", field="node")
    if not isinstance(of, Ground | OperatorOnboarding):
        return
    if of.recipient_id == str(caller.organisation_id) and not rule.of_the_agency:
        raise RecorderNotPermitted("the recipient does not record it", field="recipient_id")
    if rule.persons and await _is_a_person(tx, of.recipient_id):
        return
    await require_party(tx, of.recipient_id, kinds=("vendor",) if isinstance(of, OperatorOnboarding) else RECIPIENTS)


async def _is_a_person(tx: AsyncSession, party: str) -> bool:
    """A person's id, in the one spelling that the policies compare; no organisation's."""
    try:
        identifier = UUID(party)
    except ValueError:
        return False
    query = select(OrganisationRow.id).where(OrganisationRow.id == identifier)
    return str(identifier) == party and (await tx.execute(query)).scalar_one_or_none() is None


def _require_words(of: Kind) -> None:
    if isinstance(of, EducatorApplication):
        if set(of.elements) != {EDUCATORS}:
            raise UnknownElement(EDUCATORS, field="elements")
    elif isinstance(of, Ground):
        require_elements(of.elements)
    if isinstance(of, SchoolOfficial):
        require_purposes(of.purposes)
    if isinstance(of, DirectoryNotice):
        require_elements(of.designated)
        require_purposes(of.only_for or ())


async def _require_kept(tx: AsyncSession, agency_id: UUID, student_ids: Collection[UUID]) -> None:
    """Every student's record is kept by the agency or below it; another's and an absent one's are refused alike."""
    wanted = set(student_ids)
    if await _count(tx, SubjectRow.student_id, SubjectRow.custodian_id, agency_id, wanted, SubjectRow.sealed != FORGOTTEN) != len(wanted):
        raise NoSuchStudent(field="student_ids")


async def _require_schools(tx: AsyncSession, agency_id: UUID, school_ids: Collection[UUID]) -> None:
    wanted = set(school_ids)
    if await _count(tx, OrganisationRow.id, OrganisationRow.id, agency_id, wanted) != len(wanted):
        raise NoSuchRecipient("schools of the agency", field="secondary_school_ids")


async def _count(tx: AsyncSession, column: Any, of: Any, agency_id: UUID, wanted: set[UUID], *conditions: Any) -> int:
    query = select(func.count()).where(column.in_(wanted), of.in_(within(OrganisationRow, agency_id)), *conditions)
    return int((await tx.execute(query)).scalar_one())
