"""What is refused, with the law that refuses it."""

from datetime import timedelta

from node.demo.chapters.evidence import request_for
from node.demo.seats import RECEIVING_DISTRICT
from node.demo.story import Story
from node.demo.synthetic import SyntheticStudent, organisations
from safepassage.canonical import digest_of
from safepassage.problems.exchanges import ReceivingOrganisationNotYours
from safepassage.problems.privacy import RightsNotHeld
from safepassage.record.contacts import Guardian
from safepassage.wire_exchange import ReceivingOrganisation
from safepassage.wire_policy import ActingFor, NewConsent
from shared.clock import system_clock


async def refusals(story: Story) -> None:
    """A parent whose rights a court ended, and a district that asks for another district's school."""
    with story.narrator.step("What is refused, and why"):
        await _parent_without_rights(story)
        await _another_districts_school(story)


async def _parent_without_rights(story: Story) -> None:
    narrator, alder = story.narrator, story.alder
    case = next(one for one in story.synthetic(alder) if one.case == "parent-rights-ended")
    guardian = await guardian_of(story, case, rights_ended=True)
    try:
        await alder.client("state-agency").record_consent(consent_of(story, case, guardian))
    except RightsNotHeld as refusal:
        narrator.refused("A parent consents whose rights a court order ended", refusal.title, "34 CFR 99.4")
        narrator.check("the consent is not on record", holds=True)
    else:
        narrator.check("a parent without rights cannot consent", holds=False)


async def _another_districts_school(story: Story) -> None:
    narrator, birch, mover = story.narrator, story.birch, story.mover
    if mover is None:
        raise LookupError("the students are loaded first")
    own = birch.organisations[RECEIVING_DISTRICT]
    other = next(one for one in organisations(birch.plan) if one.kind == "school" and birch.organisations[one.parent or ""] != own)
    school = ReceivingOrganisation(id=str(birch.organisations[other.key]), kind="school", name=other.name, nces_id=other.nces_id)
    try:
        await birch.client("new-district").create_exchange_request(request_for(story, mover.selector, school=school))
    except ReceivingOrganisationNotYours as refusal:
        narrator.refused("A district asks for a child who enrols in another district's school", refusal.title, "34 CFR 99.31(a)(2)")
        narrator.check("nothing left Birch", holds=True)
    else:
        narrator.check("a district asks for its own schools only", holds=False)


async def guardian_of(story: Story, case: SyntheticStudent, *, rights_ended: bool) -> Guardian:
    """A parent of a student, as the agency that keeps the record knows them. Raises LookupError."""
    student = await story.alder.client("state-agency").read_student(story.alder.student_ids[case.index])
    contacts = student.record.contacts
    for guardian in (contacts.guardians or ()) if contacts is not None else ():
        if guardian.rights is not None and (guardian.rights.ended_on is not None) == rights_ended:
            return guardian
    raise LookupError("no such parent")


def acting_for(guardian: Guardian) -> ActingFor:
    """The person for whom the agency's staff act, as they were identified at the counter."""
    if guardian.person_id is None:
        raise LookupError("the node gives every guardian an id")
    return ActingFor(
        person_id=guardian.person_id,
        assurance_level="ial2",
        method="in-person",
        evidence_ref="counter protocol 2026-118",
        authenticated_at=system_clock() - timedelta(minutes=10),
    )


def consent_of(story: Story, case: SyntheticStudent, guardian: Guardian, *, recipient: str | None = None) -> NewConsent:
    """A parent's signed and dated consent that the school in Birch gets enrolment, marks and the programme."""
    return NewConsent(
        student_id=story.alder.student_ids[case.index],
        acting_for=acting_for(guardian),
        signed_on=system_clock().date() - timedelta(days=1),
        signature="paper",
        document=digest_of(b"the signed consent, kept by the district"),
        elements=("identity.name", "identity.birth_date", "enrollment.enrollments", "academics.transcript", "academics.current_courses"),
        purposes=("enrollment",),
        recipient_id=recipient or str(story.alder.organisations["Lantern Reading"]),
    )
