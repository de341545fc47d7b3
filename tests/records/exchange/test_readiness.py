"""The scorecard of a node that runs: each question that it answers by itself is answered from what it has just measured."""

import pytest

from safepassage.wire_readiness import Scorecard
from services.gateway.readiness_evidence import report as gateway_reports
from services.privacy.readiness.evidence import held_measures, measure_here
from services.privacy.readiness.rules import RULES
from services.privacy.readiness.scorecard import assess
from services.records.readiness_evidence import report as records_reports
from tests.records.exchange.two_states import State, TwoStates

pytestmark = pytest.mark.anyio

LIVE = 52


async def card_of(state: State) -> Scorecard:
    """After every service has measured itself."""
    services = state.node.applications
    await gateway_reports(services["gateway"])
    await records_reports(services["records"])
    await measure_here(services["privacy"])
    async with services["privacy"].state.database.reading() as tx:
        held = await held_measures(tx)
    return assess(node=state.entity_id, measures=held, attestations={}, now=state.clock())


@pytest.mark.requirement("READY-live")
async def test_fifty_two_questions_are_evaluated_live_with_figures_of_the_running_services(states: TwoStates) -> None:
    child = states.child()
    await states.alder.load(child)
    await states.ask(child.selector)
    await states.settle()
    card = await card_of(states.alder)
    evaluated = [one for one in card.answers if one.question_id in RULES and one.measures]
    assert (len(RULES), len(evaluated), card.not_reported) == (LIVE, LIVE, ())
    assert {measure.service for one in evaluated for measure in one.measures} == {"gateway", "privacy", "records", "audit"}
    now = states.clock()
    assert all(abs((now - measure.measured_at).total_seconds()) < 60 for one in evaluated for measure in one.measures)
    assert not [one.question_id for one in evaluated if one.rests_on not in ("live", "nothing")]
    # of the others there is nothing to measure yet on this node, and the answer says what
    assert all(one.reason for one in evaluated if one.live_level is None)
    assert sum(one.live_level is not None for one in evaluated) > LIVE / 2
