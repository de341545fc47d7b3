"""A consent taken back while the envelope that rests on it waits: it never leaves."""

import asyncio
from uuid import UUID

from node.demo.chapters.decision import entry_of
from node.demo.chapters.evidence import receiving_school, request_for
from node.demo.chapters.refusals import acting_for, consent_of, guardian_of
from node.demo.chapters.waiting import until
from node.demo.story import Child, Story
from safepassage.wire_exchange import ExchangeRequest
from safepassage.wire_log import EntrySearch
from safepassage.wire_policy import Consent, ConsentWithdrawal
from shared.clock import system_clock

TICK_MARGIN_SECONDS = 0.15


async def consent(story: Story) -> None:
    """Given, relied upon, taken back while Birch cannot be reached."""
    narrator, child = story.narrator, story.children.consenting
    with narrator.step("A parent consents, and takes it back while the record waits to leave"):
        given, withdrawal = await _give(story, child)
        outage = story.outages.get("Birch")
        if outage is None:
            await story.alder.client("state-agency").withdraw_consent(given.id, withdrawal)
            narrator.say("(Birch cannot be taken off the network from here: the waiting envelope is left out.)")
            return
        asked = await _ask_and_lose_birch(story, child, given)
        disclosed = await entry_of(story.alder, "state-agency", child.id, "disclosure")
        narrator.say("Alder decided, sealed and logged the disclosure; Birch cannot be reached, so the envelope waits.")
        await story.alder.client("state-agency").withdraw_consent(given.id, withdrawal)
        narrator.say("The parent takes the consent back.")
        withdrawn = await entry_of(story.alder, "state-agency", child.id, "disclosure-withdrawn")
        decided = await story.alder.client("state-agency").read_decision(UUID(str((disclosed.context or {})["decision_id"])))
        narrator.check(
            "before the next attempt Alder asked again whether the decision stands; it had fallen, and the envelope was withdrawn",
            holds=decided.consent_id == given.id
            and decided.fallen is not None
            and (withdrawn.context or {})["reason"] == decided.fallen.reason == "consent-withdrawn"
            and (withdrawn.context or {})["envelope_id"] == (disclosed.context or {})["envelope_id"],
        )
        outage.end()
        await _nothing_arrives(story, asked)
        narrator.where(f"entry {withdrawn.index} of Alder's log says that the disclosure of entry {disclosed.index} did not happen")


async def _nothing_arrives(story: Story, asked: ExchangeRequest) -> None:
    """Wait until Birch, back again, has an answer, which is that there is none."""
    client = story.birch.client("new-district")
    await until(
        lambda: client.read_exchange_request(asked.id),
        lambda one: one.state not in {"requested", "accepted"},
        what="Alder answers",
        seconds=120,
    )
    page = await story.birch.client("state-agency").search_log(EntrySearch(classes=("received",)))
    came = [one.context or {} for one in page.content.entries if (one.context or {})["exchange_id"] == str(asked.id)]
    story.narrator.check(
        "Birch is back; all that it received is an answer without a record", holds=[one["outcome"] for one in came] == ["not-provided"]
    )


async def _give(story: Story, child: Child) -> tuple[Consent, ConsentWithdrawal]:
    guardian = await guardian_of(story, child, rights_ended=False)
    recipient = f"{story.birch.entity_id}#{receiving_school(story.birch).id}"
    given = await story.alder.client("state-agency").record_consent(consent_of(story, child, guardian, recipient=recipient))
    story.narrator.check(
        "the consent is on record: who signed, which records, what for, to whom (34 CFR 99.30)", holds=given.withdrawn_at is None
    )
    return given, ConsentWithdrawal(acting_for=acting_for(guardian), reason="family-changed-its-mind")


async def _ask_and_lose_birch(story: Story, child: Child, given: Consent) -> ExchangeRequest:
    """Birch asks right after a tick of Alder's schedule, and is off the network before the next one."""
    tick = 2.0
    await asyncio.sleep(tick - system_clock().timestamp() % tick + TICK_MARGIN_SECONDS)
    client = story.birch.client("new-district")
    asked = await client.create_exchange_request(request_for(story, child.selector, consent_id=given.id))
    await until(
        lambda: client.read_exchange_request(asked.id), lambda one: one.state == "accepted", what="Alder accepts the request", every=0.05
    )
    story.outages["Birch"].begin()
    return asked
