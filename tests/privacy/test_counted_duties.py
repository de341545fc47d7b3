"""For how many people a notice of a breach was started, and by which count, is with its duty and in the log years later."""

from typing import Any, Final
from uuid import uuid4

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from safepassage.wire_duties import CountedPeople
from services.privacy.tables import DutyRow
from tests.privacy.node import problem_of
from tests.privacy.rights import Staff
from tests.privacy.test_duties import done, new_duty, opened
from tests.privacy.world import World

pytestmark = pytest.mark.anyio

LIVING: Final = {
    "by": "residence", "people": 501, "unknown": 3, "of": 900, "count_id": "01a2b3c4-0000-7000-8000-000000000001", "as_of": "2026-10-20",
}  # fmt: skip
TOLD: Final = {"by": "told", "people": 77, "of": 900, "count_id": LIVING["count_id"]}


async def logged(world: World) -> list[Any]:
    return [event.context for event in await world.node.events() if event.class_ == "duty"]


async def test_the_duty_and_its_entry_say_by_which_count_it_was_started_years_later(world: World) -> None:
    staff = Staff(world)
    duty = await opened(staff, kind="breach-people-told-oh-agency", about="breach:1", counted=LIVING)
    other = await opened(staff, kind="breach-people-told-al-both", about="breach:1", counted=TOLD)
    bare = await opened(staff, kind="breach-people-told-ak-both", about="breach:1")
    told = [(one.outcome, one.count) for one in await logged(world)]
    assert told == [("counted-by-residence", 501), ("counted-by-told", 77), (None, None)]
    world.node.clock.advance(days=1_500)
    await done(staff, duty)
    kept = {one.id: one for one in await staff.duties("state=all")}
    for made, counted in ((duty, LIVING), (other, TOLD)):
        assert made.counted == kept[made.id].counted == CountedPeople.model_validate(counted)
    assert bare.counted is None
    assert {one.start_ref for one in kept.values()} == {"request 7"}
    assert [(one.outcome, one.count) for one in await logged(world)] == [*told, (None, None)], "what happens later counts nobody"


async def test_what_a_state_asks_for_later_is_for_the_same_people(world: World) -> None:
    staff = Staff(world)
    await done(staff, await opened(staff, kind="breach-people-told-la-both", about="breach:7", counted=LIVING))
    (begun,) = await staff.duties()
    assert (begun.kind, begun.counted) == (
        "breach-authority-told-la-both-attorney-general", CountedPeople.model_validate(LIVING),
    )  # fmt: skip


async def test_the_store_has_the_number_sealed_and_no_other_duty_takes_one(world: World) -> None:
    staff = Staff(world)
    await opened(staff, kind="breach-people-told-oh-agency", counted=LIVING)
    async with world.node.app.state.database.reading() as tx:
        row = (await tx.execute(select(DutyRow))).scalar_one()
    assert not any(word in str(vars(row)).encode() for word in (b"501", b"residence", str(LIVING["count_id"]).encode()))
    for kind in ("mic3-send-records", "annual-notice"):
        refused = await staff.client.post("/v1/duties", new_duty(kind=kind, counted=LIVING))
        assert (refused.status, problem_of(refused).field) == (422, "counted"), kind


@pytest.mark.parametrize(
    "wrong",
    [
        {"people": 898},
        {"as_of": None},
        {"by": "told"},
        {"by": "told", "as_of": None},
        {"people": -1},
        {"by": "custody"},
        {"count_id": "x"},
    ],
)
def test_a_count_that_does_not_add_up_is_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CountedPeople.model_validate({**LIVING, **wrong})
    assert CountedPeople.model_validate({**LIVING, "count_id": str(uuid4()), "people": 897})
