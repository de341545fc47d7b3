"""A consent taken back while the envelope that rests on it waits: it never leaves."""

import asyncio

from node.demo.chapters.decision import entries_of, entry_of
from node.demo.chapters.evidence import receiving_school, request_for
from node.demo.chapters.refusals import acting_for, consent_of, guardian_of
from node.demo.chapters.waiting import until
from node.demo.story import Story
from node.demo.synthetic import SyntheticStudent
from safepassage.wire_exchange import ExchangeRequest
from safepassage.wire_policy import Consent, ConsentWithdrawal
from shared.clock import system_clock

TICK_MARGIN_SECONDS = 0.15


async def consent(story: Story) -> None:
    """Given, relied upon, taken back while Birch cannot be reached."""
    narrator = story.narrator
    case = _child(story)
    with narrator.step("A parent consents, and takes it back while the record waits to leave"):
        given, withdrawal = await _give(story, case)
        outage = story.outages.get("Birch")
        if outage is None:
            await story.alder.client("state-agency").withdraw_consent(given.id, withdrawal)
            narrator.say("(Birch cannot be taken off the network from here: the waiting envelope is left out.)")
            return
        asked = await _ask_and_lose_birch(story, case, given)
        student = story.alder.student_ids[case.index]
        await entry_of(story.alder, "state-agency", student, "disclosure")
        narrator.say("Alder decided, sealed and logged the disclosure; Birch cannot be reached, so the envelope waits.")
        await story.alder.client("state-agency").withdraw_consent(given.id, withdrawal)
        narrator.say("The parent takes the consent back.")
        await entry_of(story.alder, "state-agency", student, "disclosure-withdrawn")
        narrator.check(
            "before the next attempt Alder asked again whether the decision stands: it fell, the ciphertext is deleted", holds=True
        )
        outage.end()
        await asyncio.sleep(3)
        now = await story.birch.client("new-district").read_exchange_request(asked.id)
        narrator.check("Birch is back, and has received nothing", holds=now.state in {"requested", "accepted", "not-provided"})
        found = await entries_of(story.alder, "state-agency", student, "disclosure-withdrawn")
        narrator.where(f"entry {found.entries[0].index} of Alder's log says that the disclosure before it did not happen")


def _child(story: Story) -> SyntheticStudent:
    """An ordinary child of the mover's district who is not of age."""
    mover = story.mover
    if mover is None:
        raise LookupError("the students are loaded first")
    everyone = story.synthetic(story.alder)
    known = (one for one in everyone if one.index in story.alder.student_ids)
    return next(one for one in known if one.case is None and one.twin_of is None and one.school.level == "elementary")


async def _give(story: Story, case: SyntheticStudent) -> tuple[Consent, ConsentWithdrawal]:
    guardian = await guardian_of(story, case, rights_ended=False)
    recipient = f"{story.birch.entity_id}#{receiving_school(story.birch).id}"
    given = await story.alder.client("state-agency").record_consent(consent_of(story, case, guardian, recipient=recipient))
    story.narrator.check(
        "the consent is on record: who signed, which records, what for, to whom (34 CFR 99.30)", holds=given.withdrawn_at is None
    )
    return given, ConsentWithdrawal(acting_for=acting_for(guardian), reason="family-changed-its-mind")


async def _ask_and_lose_birch(story: Story, case: SyntheticStudent, given: Consent) -> ExchangeRequest:
    """Birch asks right after a tick of Alder's schedule, and is off the network before the next one."""
    tick = 2.0
    await asyncio.sleep(tick - system_clock().timestamp() % tick + TICK_MARGIN_SECONDS)
    client = story.birch.client("new-district")
    asked = await client.create_exchange_request(request_for(story, case.selector, consent_id=given.id))
    await until(
        lambda: client.read_exchange_request(asked.id), lambda one: one.state == "accepted", what="Alder accepts the request", every=0.05
    )
    story.outages["Birch"].begin()
    return asked
