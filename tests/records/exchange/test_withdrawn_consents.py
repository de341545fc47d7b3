"""A family takes its consent back while the record that rests on it waits to be sent."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest

from node.demo.seats import RECEIVING_DISTRICT
from safepassage.canonical import digest_of
from safepassage.client import Client
from safepassage.problems import SuiteError
from safepassage.wire_policy import ActingFor, ConsentWithdrawal, NewConsent
from services.records.exchange import asking_privacy
from services.records.exchange.states import Outgoing
from services.records.tables import OutgoingEnvelopeRow
from tests.records.exchange.behind import waiting_for_the_log
from tests.records.exchange.listener import birch_away
from tests.records.exchange.two_states import Case, TwoStates

pytestmark = pytest.mark.anyio


async def parent_of(states: TwoStates, agency: Client, student_id: UUID) -> ActingFor:
    """A parent with rights, as the agency's staff identified them at the counter."""
    contacts = (await agency.read_student(student_id)).record.contacts
    guardians = (contacts.guardians or ()) if contacts is not None else ()
    [person_id, *_] = [one.person_id for one in guardians if one.person_id and one.rights and one.rights.ended_on is None]
    return ActingFor(
        person_id=person_id,
        assurance_level="ial2",
        method="in-person",
        evidence_ref="counter protocol 2026-118",
        authenticated_at=states.clock() - timedelta(minutes=10),
    )


@dataclass
class Consented:
    """An exchange that rests on a consent alone."""

    agency: Client
    consent_id: UUID
    parent: ActingFor
    case: Case

    async def take_back(self) -> None:
        """The parent's last word."""
        await self.agency.withdraw_consent(self.consent_id, ConsentWithdrawal(acting_for=self.parent, reason="family-changed-its-mind"))


@asynccontextmanager
async def consented(states: TwoStates) -> AsyncIterator[Consented]:
    child = states.child()
    student_id = await states.alder.load(child)
    recipient = f"{states.birch.entity_id}#{states.birch.organisation(RECEIVING_DISTRICT)}"
    async with states.alder.client("state-agency") as agency:
        parent = await parent_of(states, agency, student_id)
        new = NewConsent(
            student_id=student_id,
            acting_for=parent,
            signed_on=states.clock().date() - timedelta(days=1),
            signature="paper",
            document=digest_of(b"the signed consent"),
            elements=("identity.name", "enrollment.enrollments"),
            purposes=("enrollment",),
            recipient_id=recipient,
        )
        given = await agency.record_consent(new)
        yield Consented(agency, given.id, parent, await states.ask(child.selector, basis="consent", consent_id=given.id))


async def answered(given: Consented) -> tuple[OutgoingEnvelopeRow, UUID]:
    """Alder's answer on this consent, which waits to be handed over, and the decision that it stands on."""
    await given.case.deliver_request()
    await given.case.answer()
    row = await given.case.package()
    assert row.decision_id is not None
    return row, row.decision_id


@pytest.mark.requirement("EX-fallen")
async def test_a_consent_taken_back_between_two_attempts_opens_no_second_connection(states: TwoStates) -> None:
    async with consented(states) as given:
        case = given.case
        await case.deliver_request()
        await case.answer()
        async with birch_away(states) as knocks:
            await case.deliver()
            assert (await case.package()).state == Outgoing.IN_FLIGHT
            first = knocks.connections
            assert first > 0
            await given.take_back()
            await states.advance(seconds=10)
            await states.alder.one("dispatching", (await case.package()).id)
            assert knocks.connections == first
    row = await case.package()
    assert (row.state, row.problem_code, row.ciphertext) == (Outgoing.WITHDRAWN, "consent-withdrawn", None)
    [entry] = await waiting_for_the_log(states.alder, "disclosure-withdrawn", case)
    assert (entry["context"]["reason"], entry["context"]["envelope_id"]) == ("consent-withdrawn", str(row.id))
    await case.answer()
    await case.finish()
    assert [received.kind for received in await case.received()] == ["not-provided"]


@pytest.mark.requirement("EX-fallen")
async def test_a_consent_taken_back_while_the_envelope_is_stored_stops_it_if_that_takes_longer_than_a_moment(
    states: TwoStates, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with consented(states) as given:
        row, decision_id = await answered(given)
        privacy = states.alder.exchange.privacy
        asked, slow = privacy.standing_beside(decision_id), privacy.standing_beside(decision_id)
        assert (await asked.answer()).stands
        await given.take_back()
        assert (await asked.answer()).stands
        with pytest.MonkeyPatch.context() as away:
            away.setattr(states.alder.exchange.siblings, "_transports", {})
            with pytest.raises(SuiteError):
                await privacy.standing_beside(decision_id).answer()
        monkeypatch.setattr(asking_privacy, "COUNTS_SECONDS", -1.0)
        assert (await slow.answer()).reason == "consent-withdrawn"
        assert not privacy.answers_in_time  # so that the next one is asked once its answer is wanted, and once
        await states.alder.one("dispatching", row.id)
        assert (await given.case.package()).state == Outgoing.WITHDRAWN
        await given.case.answer()
        await given.case.finish()


@pytest.mark.requirement("EX-fallen")
async def test_in_a_burst_whether_a_consent_stands_is_asked_when_its_answer_is_wanted_and_not_before(states: TwoStates) -> None:
    async with consented(states) as given:
        _, decision_id = await answered(given)
        privacy = states.alder.exchange.privacy
        privacy.answers_in_time = False
        later = privacy.standing_beside(decision_id)
        await given.take_back()
        assert (await later.answer()).reason == "consent-withdrawn"
        assert privacy.answers_in_time  # it was wanted at once: the next one is asked beside what its asker does
