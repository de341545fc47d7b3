"""kill -9 at each point of the commit protocol, of a real process, on both engines: all arrives or leaves, once, and both sides agree."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final, get_args

import pytest

from services.records.exchange.milestones import DocumentMilestone, Milestone
from tests.records.exchange.two_processes import Processes, made, two_databases

TOGETHER: Final = 3


@pytest.fixture(
    scope="module", params=[pytest.param("sqlite", marks=pytest.mark.slow), pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def nodes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """Both nodes, running, their stores on one engine."""
    folder = tmp_path_factory.mktemp("killed")
    with ExitStack() as stack:
        made(folder, two_databases(stack) if request.param == "postgresql" else {})
        running = Processes(folder)
        stack.callback(running.stop)
        running.start("alder", "birch")
        running.wait_until_organisations_are_known()
        yield running


def test_nobody_can_ask_production_to_die_at_a_milestone() -> None:
    assert (len(get_args(Milestone)), len(get_args(DocumentMilestone))) == (11, 3)


@pytest.mark.requirement("EX-1", "EX-2", "EX-kill")
@pytest.mark.parametrize("milestone", get_args(Milestone))
def test_a_process_killed_there_loses_nothing_and_does_nothing_twice(nodes: Processes, milestone: Milestone) -> None:
    name = "alder" if milestone.startswith("holder") else "birch"
    nodes.die_at(name, milestone)
    asked = nodes.ask()
    nodes.wait_for_death(name)
    nodes.wait_until_over(asked.id)


@pytest.mark.requirement("EX-1", "EX-2", "EX-batch", "EX-kill")
@pytest.mark.parametrize("milestone", get_args(Milestone))
def test_of_exchanges_that_go_together_none_is_lost_or_done_twice_where_a_process_is_killed(nodes: Processes, milestone: Milestone) -> None:
    name = "alder" if milestone.startswith("holder") else "birch"
    nodes.die_at(name, milestone)
    exchanges = nodes.ask_together(TOGETHER)
    nodes.wait_for_death(name)
    for exchange_id in exchanges:
        nodes.wait_until_over(exchange_id)
    assert len(exchanges) == TOGETHER
    assert nodes.signed_together(exchanges)


@pytest.mark.requirement("EX-1", "EX-2", "EX-kill")
@pytest.mark.parametrize("milestone", get_args(Milestone))
def test_a_finding_is_answered_once_and_is_in_both_logs_once_wherever_a_process_is_killed(nodes: Processes, milestone: Milestone) -> None:
    name = "alder" if milestone.startswith("holder") else "birch"
    nodes.die_at(name, milestone)
    finding = nodes.find()
    nodes.wait_for_death(name)
    nodes.wait_until_found(finding)


@pytest.mark.requirement("EX-1", "EX-2", "EX-kill")
@pytest.mark.parametrize("milestone", get_args(Milestone))
def test_an_educators_credentials_arrive_once_wherever_a_process_is_killed(nodes: Processes, milestone: Milestone) -> None:
    name = "alder" if milestone.startswith("holder") else "birch"
    nodes.die_at(name, milestone)
    asked = nodes.ask_for_credentials()
    nodes.wait_for_death(name)
    nodes.wait_until_over(asked.id, educators=True)


@pytest.mark.requirement("EX-kill")
@pytest.mark.parametrize("milestone", get_args(DocumentMilestone))
def test_a_transcript_and_a_copy_leave_once_wherever_a_process_is_killed(nodes: Processes, milestone: DocumentMilestone) -> None:
    carried = milestone != "document after_place"  # a copy has no place in a status list
    for document in (nodes.transcript, nodes.copy_to_carry) if carried else (nodes.transcript,):
        student_id, ask = document()
        nodes.die_at("alder", milestone)
        told = nodes.patiently(ask)
        nodes.wait_for_death("alder")
        assert nodes.patiently(ask) == told
        assert len(nodes.disclosures(student_id)) == 1
