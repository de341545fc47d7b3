"""Whatever happens to two nodes and to the line between them, in any order: nothing is lost, done twice, or sent before it is logged."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.records.exchange.any_order import AnyOrder, Running, running_world

QUIET = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)


@pytest.fixture(scope="module")
def running(network: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Both nodes."""
    with running_world(network, tmp_path_factory.mktemp("any-order")) as world:
        yield world


@pytest.mark.requirement("EX-1", "EX-2", "EX-4", "EX-rotation")
@pytest.mark.parametrize(
    "examples",
    [pytest.param(4, id="few"), pytest.param(10, id="many", marks=pytest.mark.slow), pytest.param(50, id="more", marks=pytest.mark.long)],
)
def test_in_whatever_order_nothing_is_lost_or_done_twice_and_all_is_logged_before_it_leaves(running: Running, examples: int) -> None:
    steps = 12 if examples < 5 else 30
    told = settings(max_examples=examples, stateful_step_count=steps, suppress_health_check=QUIET, phases=(Phase.generate,))
    run_state_machine_as_test(lambda: AnyOrder(running), settings=told)
