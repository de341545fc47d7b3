"""What Birch's registrar says when a child arrives: which school, on what document, who attests it."""

from datetime import timedelta
from uuid import UUID

from node.demo.doors import StateDoors
from node.demo.seats import RECEIVING_DISTRICT
from node.demo.story import Story
from node.synthetic import organisations
from safepassage.canonical import digest_of
from safepassage.wire_exchange import (
    EnrollmentEvidence,
    EvidenceDocument,
    NewExchangeRequest,
    Official,
    PersonSelector,
    ReceivingOrganisation,
)
from shared.clock import system_clock

SECTIONS = (
    "identity",
    "demographics",
    "contacts",
    "enrollment",
    "attendance",
    "academics",
    "assessments",
    "special_education",
    "programmes",
    "health",
    "discipline",
)


def receiving_school(birch: StateDoors) -> ReceivingOrganisation:
    """The school where the child enrols: the first of the receiving district."""
    district = birch.organisations[RECEIVING_DISTRICT]
    key = next(key for key, identifier in birch.organisations.items() if identifier == district and key != RECEIVING_DISTRICT)
    school = next(one for one in organisations(birch.plan) if one.parent == key)
    return ReceivingOrganisation(id=str(birch.organisations[school.key]), kind="school", name=school.name, nces_id=school.nces_id)


def enrolled(story: Story, school: ReceivingOrganisation) -> EnrollmentEvidence:
    """Enrolment evidence, version 1."""
    now = system_clock()
    return EnrollmentEvidence(
        receiving_organisation=school,
        kind="enrolled",
        entry_date=now.date(),
        grade="05",
        document=EvidenceDocument(type="enrollment-form", digest=digest_of(b"the signed enrollment form, kept by the school")),
        parent_initiated=True,
        official=Official(role="registrar", pairwise_id="registrar-7", attested_at=now - timedelta(minutes=5)),
    )


def request_for(
    story: Story, person: PersonSelector, *, school: ReceivingOrganisation | None = None, consent_id: UUID | None = None
) -> NewExchangeRequest:
    """What the information system of the receiving district sends to its own node."""
    return NewExchangeRequest(
        holder=story.alder.entity_id,
        person=person,
        basis="transfer" if consent_id is None else "consent",
        consent_id=consent_id,
        sections=SECTIONS,
        evidence=enrolled(story, school or receiving_school(story.birch)),
    )
