"""What the clocks and the understandings on record show to the scorecard: counted in the store, on both sides of each line."""

from datetime import timedelta
from typing import Any

import pytest

from safepassage.wire_duties import Duty
from services.privacy.readiness.duty_measures import duty_measures, understanding_measures
from shared.breach_clocks import BREACH_CLOCKS
from tests.privacy.grounds import ALL_SCOPES, Grounds
from tests.privacy.node import instant
from tests.privacy.rights import Staff
from tests.privacy.test_served_duties import reached
from tests.privacy.world import World

pytestmark = pytest.mark.anyio


async def measured(world: World, what: Any = duty_measures) -> dict[str, int]:
    state, now = world.node.app.state, world.node.clock()
    found: dict[str, int] = await state.database.read(lambda connection: what(connection, state.sealer, now=now))
    return found


async def opened(world: World, kind: str) -> Duty:
    at = world.node.clock().isoformat().replace("+00:00", "Z")
    made: Duty = await Staff(world).post("/v1/duties", {"kind": kind, "started_at": at, "evidence_ref": "mail 3"}, Duty)
    return made


async def done(world: World, duty: Duty) -> None:
    await Staff(world).post(f"/v1/duties/{duty.id}/completion", {"evidence_ref": "mail 4"}, Duty, status=200)


@pytest.mark.parametrize(("kind", "name"), [("answer-public-question", "public_questions"), ("breach-families-told-ny", "breach_duties")])
async def test_questions_and_notices_of_breaches_count_once_they_are_done_or_too_late(world: World, kind: str, name: str) -> None:
    assert (await measured(world))[name] == 0
    in_time, late = await opened(world, kind), await opened(world, kind)
    assert ((await measured(world))[name], (await measured(world))[f"{name}_in_time"]) == (0, 0)
    await done(world, in_time)
    world.node.clock.instant = late.overdue_at - timedelta(milliseconds=1)
    assert ((await measured(world))[name], (await measured(world))[f"{name}_in_time"]) == (1, 1)
    world.node.clock.instant = late.overdue_at
    await done(world, late)
    assert ((await measured(world))[name], (await measured(world))[f"{name}_in_time"]) == (2, 1)
    world.node.clock.advance(days=366)
    assert (await measured(world))[name] == 0
    assert (await measured(world))["breach_clocks"] == len(BREACH_CLOCKS)


async def test_a_homeless_childs_request_counts_as_of_the_agencys_own_day(world: World) -> None:
    world.node.clock.instant = instant("2026-10-20T23:00:00Z")  # seven in the evening in New York
    first, second = [world.by_transfer(await world.student(flags=frozenset({flag}))) for flag in ("homeless", "foster")]
    for asked in (first, second, world.by_transfer(await world.student(flags=frozenset({"military"})))):
        await world.node.decide(asked)
    assert ((await measured(world))["urgent_requests"], (await measured(world))["urgent_answered_same_day"]) == (0, 0)
    world.node.clock.instant = instant("2026-10-21T03:59:59Z")
    await reached(world, first.exchange_id, "delivered")  # type: ignore[arg-type]  # it is there
    assert ((await measured(world))["urgent_requests"], (await measured(world))["urgent_answered_same_day"]) == (1, 1)
    world.node.clock.instant = instant("2026-10-21T04:00:00Z")
    await reached(world, second.exchange_id, "delivered")  # type: ignore[arg-type]  # as above
    assert ((await measured(world))["urgent_requests"], (await measured(world))["urgent_answered_same_day"]) == (2, 1)


async def test_an_understanding_with_a_partner_counts_while_it_is_in_force(world: World) -> None:
    grounds, sea = await Grounds.of(world), world.node.client(world.sea, *ALL_SCOPES)
    name = "partners_with_understanding"
    assert (await measured(world, understanding_measures))[name] == 0
    for _ in range(2):
        assert (await sea.post("/v1/evidence", grounds.body("interstate-understanding"))).status == 201
    assert (await measured(world, understanding_measures))[name] == 1
    world.node.clock.instant = instant("2026-12-20T10:00:00Z")
    assert (await measured(world, understanding_measures))[name] == 0
