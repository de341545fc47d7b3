"""What a store does to answer about a foreign id is what it does about none, however many schools the asker has."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

from safepassage.wire_organisations import Organisation
from tests.conftest import StandingClock
from tests.isolation.comparing import asked_by_strangers
from tests.isolation.coverage import expected
from tests.isolation.store_steps import store_steps
from tests.isolation.test_isolation import PARTS
from tests.isolation.two_districts import Request, Stranger, TwoDistricts, meet_everybody, nobodys, two_districts
from tests.records.one_state import OTHER_DISTRICT

SCHOOLS: Final = 200
"""To look them all through is 5,300 steps; the largest district of the country has five times as many. Without it less than 200 differ."""
MOST: Final = 500
TIMES: Final = 3


async def _steps(two: TwoDistricts, by: Stranger, wanted: frozenset[str], request: Request) -> int:
    await two.audit.app.state.projector.catch_up()
    with store_steps() as steps:
        await two.ask(by, wanted, request)
    return steps.count


@pytest.mark.slow
@pytest.mark.anyio
@pytest.mark.requirement("BAD-foreign")
@pytest.mark.parametrize("service", PARTS)
async def test_a_store_looks_through_no_more_for_what_is_anothers(tmp_path: Path, node_keys: Path, service: str) -> None:
    clock = StandingClock(datetime(2026, 10, 20, 12, 0, 0, tzinfo=UTC))
    async with two_districts(tmp_path, node_keys, clock) as two:
        await meet_everybody(two)
        about = {"version": 2, "kind": "school", "name": "school", "parent_id": two.state.by_key[OTHER_DISTRICT]}
        schools = [Organisation.model_validate({"id": uuid4(), "valid_from": date(2020, 1, 1), **about}) for _ in range(SCHOOLS)]
        await two.state.project(*schools)
        faults, asked = [], set()
        async for operation, request, who, stranger, wanted in asked_by_strangers(two, service):
            asked.add(operation)
            nobody = request.of_nobody(nobodys(request))
            theirs, none = [[await _steps(two, stranger, wanted, one) for _ in range(TIMES)] for one in (request, nobody)]
            if abs(more := min(theirs) - min(none)) > MOST:
                faults.append(f"{operation} {request.method} {request.path} by {who}: {more:+} steps of {min(none)}")
        assert faults == [], "\n".join(faults)
        assert sorted(expected(service) - asked) == [], "every operation of the matrix is weighed"
