"""The holder's accounting names the school for which was asked, and for what, as its node has signed it (34 CFR 99.32, 300.614)."""

from uuid import UUID

import pytest

from safepassage.client.calls import disclosure_accounting
from safepassage.record.loads import MatchResolution
from safepassage.wire_log import AccountedEntry
from services.records.tables import MatchReviewRow
from tests.records.exchange.test_answers import unsure
from tests.records.exchange.two_states import TwoStates

pytestmark = pytest.mark.anyio

NAME = "The receiving district"


async def accounted(states: TwoStates, student_id: UUID) -> list[AccountedEntry]:
    """What the student's district is told, oldest first."""
    await states.alder.tell()
    async with states.alder.client("state-agency") as agency:
        pages = [page async for page in agency.pages(disclosure_accounting(student_id))]
    return [entry for page in pages for entry in page.entries][::-1]


@pytest.mark.requirement("LOG-ACCOUNTING")
async def test_a_record_that_left_and_its_request_are_accounted_with_the_schools_name(states: TwoStates) -> None:
    case = await states.queued()
    await case.finish()
    student_id = (await case.request()).student_id
    assert student_id is not None
    told = [
        (one.phase, one.party.name, one.party.node, one.interest.purpose, one.interest.basis) for one in await accounted(states, student_id)
    ]
    assert ("request", NAME, states.birch.entity_id, "enrollment", "transfer") in told, "99.32(a)(3)(ii): the interest in requesting it too"
    assert ("disclosure", NAME, states.birch.entity_id, "enrollment", "transfer") in told


@pytest.mark.requirement("LOG-ACCOUNTING")
async def test_so_is_a_request_of_which_a_person_had_to_say_whom_it_is_about(states: TwoStates) -> None:
    child = states.child()
    student_id = await states.alder.load(child)
    case = await states.ask(unsure(child))
    await case.deliver_request()
    await case.answer()
    [review] = [row for row in await states.alder.rows(MatchReviewRow) if row.request_id == (await case.request()).id]
    async with states.alder.client("state-agency") as agency:
        await agency.resolve_match(review.id, MatchResolution(student_id=student_id))
    named = [
        (one.phase, one.outcome, one.party.name, one.interest.purpose, one.interest.basis) for one in await accounted(states, student_id)
    ]
    assert ("request", "person", NAME, "enrollment", "transfer") in named
