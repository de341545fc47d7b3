"""A person who has to say which child it is sees the child asked for and the candidates side by side; who looked is on the log first."""

from datetime import date

import pytest

from node.demo.seats import RECEIVING_DISTRICT
from safepassage.problems import SuiteError
from safepassage.record.identity import OtherName
from safepassage.record.loads import MatchResolution
from safepassage.record.match_cases import MatchCase
from services.records.match_sides import rows_of, side_of_record, side_of_request
from services.records.tables import MatchReviewRow
from tests.records.exchange.test_answers import namesake, unsure
from tests.records.exchange.two_states import Case, State, TwoStates, ordinary_students

pytestmark = pytest.mark.anyio


async def case_of(state: State, request_id: object) -> MatchCase:
    """As the state agency is shown it."""
    [review] = [row for row in await state.rows(MatchReviewRow) if row.request_id == request_id]
    async with state.client("state-agency") as client:
        return await client.read_match(review.id)


async def unsure_case(states: TwoStates) -> tuple[Case, MatchCase]:
    """A request for a child of whom nothing is said but name and birthday."""
    child = states.child()
    await states.alder.load(child)
    case = await states.ask(unsure(child))
    await case.deliver_request()
    await case.answer()
    return case, await case_of(states.alder, (await case.request()).id)


@pytest.mark.requirement("CON-matches")
async def test_the_child_asked_for_and_the_candidate_are_side_by_side(states: TwoStates) -> None:
    child = states.child()
    student_id = await states.alder.load(child)
    person = unsure(child).model_copy(update={"middle_name": "Zebedee"})
    case = await states.ask(person)
    await case.deliver_request()
    await case.answer()
    shown = await case_of(states.alder, (await case.request()).id)
    assert (shown.candidates, shown.is_sought_known) == ((student_id,), True)
    rows = {row.field: row for row in shown.rows}
    assert (rows["given-name"].sought, rows["given-name"].candidates[0].compared) == ((person.first_name,), "same")
    assert rows["birth-date"].sought == rows["birth-date"].candidates[0].values == (person.birth_date.isoformat(),)
    assert (rows["state-id"].sought, rows["state-id"].candidates[0].compared) == ((), "unknown")
    assert rows["state-id"].candidates[0].values
    assert rows["middle-name"].candidates[0].compared in ("differs", "unknown")
    whole = shown.model_dump_json()
    assert "Addresses" not in whole
    assert child.load.record.contacts is not None
    for guardian in child.load.record.contacts.guardians or ():
        assert guardian.name.first is None or f'"{guardian.name.first}' not in whole, "of guardians the surname alone"


@pytest.mark.requirement("CON-matches")
async def test_nothing_is_shown_while_the_log_does_not_answer(states: TwoStates) -> None:
    _, shown = await unsure_case(states)
    async with states.alder.without("audit"), states.alder.client("state-agency") as client:
        with pytest.raises(SuiteError) as refused:
            await client.read_match(shown.review.id)
    assert refused.value.code == "log-unavailable"


@pytest.mark.requirement("CON-matches")
async def test_at_the_destination_the_familys_words_are_held_against_the_own_student(states: TwoStates) -> None:
    child, district = states.child(), states.birch.organisation(RECEIVING_DISTRICT)
    held = await states.birch.load(namesake(child), district=district, school=district)
    case = await states.queued(child)
    await case.finish()
    [row] = await case.received()
    shown = await case_of(states.birch, row.match_id)
    assert (shown.candidates, shown.is_sought_known) == ((held,), True)
    async with states.birch.client("state-agency") as client:
        await client.resolve_match(shown.review.id, MatchResolution(student_id=held, reason="documents-seen"))
        assert (await client.read_match(shown.review.id)).review.outcome == "student"
    await case.finish()


def test_a_name_that_a_court_has_sealed_is_on_no_side() -> None:
    record = ordinary_students()[0].load.record
    assert record.identity is not None
    names = (
        OtherName(kind="alias", first="Quillon", last="Sealedname", sealed=True),
        OtherName(kind="nickname", first="Open", last="Openname"),
    )
    side = side_of_record(record.model_copy(update={"identity": record.identity.model_copy(update={"other_names": names})}))
    assert side["other-names"].values == ("Open Openname",)
    assert "quillon" not in str(side).casefold()


def test_what_one_of_two_does_not_say_is_unknown_and_what_both_say_is_the_same_or_differs() -> None:
    child = ordinary_students()[0]
    sought, record = side_of_request(child.selector), side_of_record(child.load.record)
    whole = {row.field: row.candidates[0].compared for row in rows_of(sought, [record])}
    assert whole["given-name"] == whole["surname"] == whole["birth-date"] == whole["state-id"] == "same"
    other = side_of_request(child.selector.model_copy(update={"birth_date": date(1999, 9, 9), "state_student_id": None}))
    changed = {row.field: row.candidates[0].compared for row in rows_of(other, [record])}
    assert (changed["birth-date"], changed["state-id"], changed["surname"]) == ("differs", "unknown", "same")
    two = rows_of(None, [record, side_of_record(namesake(child).load.record)])
    compared = {row.field: (row.sought, [cell.compared for cell in row.candidates]) for row in two}
    assert compared["state-id"] == ((), ["same", "differs"])
    assert compared["guardian-surname"][1][1] == "unknown"
