"""What is refused, with the law that refuses it."""

from datetime import timedelta
from uuid import UUID

from node.demo.chapters.decision import entries_of
from node.demo.chapters.evidence import request_for
from node.demo.chapters.waiting import until
from node.demo.doors import StateDoors
from node.demo.seats import RECEIVING_DISTRICT
from node.demo.story import Child, Story
from node.synthetic import organisations
from safepassage.canonical import digest_of
from safepassage.problems.exchanges import ReceivingOrganisationNotYours
from safepassage.problems.privacy import RightsNotHeld
from safepassage.record.contacts import Guardian
from safepassage.wire_exchange import ReceivingOrganisation
from safepassage.wire_log import EntrySearch, FoundEntries
from safepassage.wire_policy import ActingFor, Consent, NewConsent
from shared.clock import system_clock


async def refusals(story: Story) -> None:
    """A district that asks for another district's school, and a parent whose rights a court ended, where the data knows one."""
    with story.narrator.step("What is refused, and why"):
        if story.children.rights_ended is not None:
            await _parent_without_rights(story, story.children.rights_ended)
        await _another_districts_school(story)


async def _parent_without_rights(story: Story, child: Child) -> None:
    narrator, agency = story.narrator, story.alder.client("state-agency")
    guardian = await guardian_of(story, child, rights_ended=True)
    try:
        await agency.record_consent(consent_of(story, child, guardian))
    except RightsNotHeld as refusal:
        narrator.refused("A parent consents whose rights a court order ended", refusal.title, "34 CFR 99.4")
    else:
        narrator.check("a parent without rights cannot consent", holds=False)
    other = await guardian_of(story, child, rights_ended=False)
    given = await agency.record_consent(consent_of(story, child, other))
    # The log hears of consents in their order: once it has the second one, the first would be there too.
    entries = (await until_consent(story, child, given)).entries
    narrator.check("the other parent's consent is on record, the only one", holds=len(entries) == 1)


async def until_consent(story: Story, child: Child, given: Consent) -> FoundEntries:
    """The entries about consents for a child, once one about `given` is there."""
    return await until(
        lambda: entries_of(story.alder, "state-agency", child.id, "consent"),
        lambda page: any((one.context or {})["consent_id"] == str(given.id) for one in page.entries),
        what="the consent in Alder's log",
    )


async def _another_districts_school(story: Story) -> None:
    narrator, birch, mover = story.narrator, story.birch, story.children.mover
    before = await _requests_of(birch)
    own = birch.organisations[RECEIVING_DISTRICT]
    other = next(one for one in organisations(birch.plan) if one.kind == "school" and birch.organisations[one.parent or ""] != own)
    school = ReceivingOrganisation(id=str(birch.organisations[other.key]), kind="school", name=other.name, nces_id=other.nces_id)
    try:
        await birch.client("new-district").create_exchange_request(request_for(story, mover.selector, school=school))
    except ReceivingOrganisationNotYours as refusal:
        narrator.refused("A district asks for a child who enrols in another district's school", refusal.title, "34 CFR 99.31(a)(2)")
        narrator.check("nothing left Birch: its log has no request more than before", holds=await _requests_of(birch) == before)
    else:
        narrator.check("a district asks for its own schools only", holds=False)


async def _requests_of(doors: StateDoors) -> list[UUID]:
    """The entries of what a node asked others for: they are in its log before anything leaves."""
    page = await doors.client("state-agency").search_log(EntrySearch(classes=("request",)))
    return [one.entry_id for one in page.content.entries]


async def guardian_of(story: Story, child: Child, *, rights_ended: bool) -> Guardian:
    """A parent of a student, as the agency that keeps the record knows them. Raises LookupError."""
    student = await story.alder.client("state-agency").read_student(child.id)
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


def consent_of(story: Story, child: Child, guardian: Guardian, *, recipient: str | None = None) -> NewConsent:
    """A parent's signed and dated consent that the school in Birch gets enrolment, marks and the programme."""
    return NewConsent(
        student_id=child.id,
        acting_for=acting_for(guardian),
        signed_on=system_clock().date() - timedelta(days=1),
        signature="paper",
        document=digest_of(b"the signed consent, kept by the district"),
        elements=("identity.name", "identity.birth_date", "enrollment.enrollments", "academics.transcript", "academics.current_courses"),
        purposes=("enrollment",),
        recipient_id=recipient or str(story.alder.organisations["Lantern Reading"]),
    )
