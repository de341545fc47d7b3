"""The main job: a record goes from Alder to Birch, once, sealed, on the record of both."""

import pytest

from safepassage.compact import split
from safepassage.package import REDISCLOSURE_NOTICE_DIGEST
from tests.records.exchange.two_states import State, TwoStates

pytestmark = pytest.mark.anyio


async def test_a_record_goes_from_one_state_to_the_other(states: TwoStates) -> None:
    student = states.child()
    await states.alder.load(student)
    case = await states.ask(student.selector)
    assert (await case.told()).state == "requested"
    await states.settle()
    told = await case.told()
    assert told.state == "applied"
    assert told.student_id is not None


@pytest.mark.requirement("EX-provenance", "EX-notice-acknowledged")
async def test_what_arrives_is_what_the_source_said_word_for_word_and_says_whose_word_it_is(states: TwoStates) -> None:
    student = states.child()
    await states.alder.load(student)
    sections = ("enrollment", "attendance", "academics", "assessments")
    case = await states.ask(student.selector, sections=sections)
    await states.settle()
    async with states.birch.client("new-district") as session:
        received = await session.read_received_record(case.id)
    said, there = student.load.record.model_dump(mode="json", exclude_none=True), received.document()
    # codes of the source with their systems, grades on the source's scale: nothing is converted, united or left out
    assert {name: there[name] for name in sections if name in said} == {name: said[name] for name in sections if name in said}
    district = states.alder.organisation(student.district.key)
    for name, origin in received.provenance.items():
        assert origin.originating_agency == f"{states.alder.entity_id}#{district}", name
        assert (origin.source_system, origin.as_of) == (student.load.source_system, student.load.as_of)
    [answer] = await case.envelopes()
    for receipt in (answer.r1, answer.r2):
        assert split(receipt or "")[1]["redisclosure_notice_digest"] == REDISCLOSURE_NOTICE_DIGEST


def paths_asked_for(state: State) -> float:
    """How often the state's log was asked for a consistency path by itself."""
    audit = state.node.applications["audit"]
    samples = (sample for metric in audit.state.metrics.requests.collect() for sample in metric.samples)
    return sum(sample.value for sample in samples if sample.labels["route"] == "/internal/consistency" and sample.name.endswith("_total"))


async def test_the_path_from_what_the_peer_has_seen_comes_with_the_answer_of_the_append(states: TwoStates) -> None:
    students = [states.child() for _ in range(3)]
    for student in students:
        await states.alder.load(student)
    await states.ask(students[0].selector)
    await states.settle()
    before = paths_asked_for(states.alder), paths_asked_for(states.birch)
    for student in students[1:]:
        case = await states.ask(student.selector)
        await states.settle()
        assert (await case.told()).state == "applied"
    assert (paths_asked_for(states.alder), paths_asked_for(states.birch)) == before
