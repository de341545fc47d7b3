"""The main job: a record goes from Alder to Birch, once, sealed, on the record of both."""

import pytest

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
