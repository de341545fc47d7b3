"""Nothing is done on the word of somebody who was identified too long before they gave it, nor on a check that is yet to come."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from safepassage.wire_rights import Amendment
from services.privacy.clocks import begins
from shared.contracts.privacy import SubjectFacts
from shared.identity_checks import USUAL_DAYS
from shared.in_process import Answer
from tests.privacy.node import Client, problem_of
from tests.privacy.rights import Staff, amendment, inspection, parent_of
from tests.privacy.test_consent_narrowing import narrowing
from tests.privacy.test_family import family_of, hearing_on
from tests.privacy.test_opt_outs import opt_out, said
from tests.privacy.world import STAFF, World

pytestmark = pytest.mark.anyio

Act = tuple[str, dict[str, Any], datetime]
"""Where it is sent, what is sent but for the check, and when it was said."""
FIELD: Final = "acting_for.authenticated_at"
A_MOMENT: Final = timedelta(milliseconds=1)


async def consent(world: World, facts: SubjectFacts) -> Act:
    return "/v1/consents", world.new_consent(facts), begins(date(2026, 10, 19), ZoneInfo(facts.time_zone))


async def withdrawal(world: World, facts: SubjectFacts) -> Act:
    made = await world.consent(facts)
    return f"/v1/consents/{made.id}/withdrawal", world.withdrawal(made), world.node.clock()


async def lessening(world: World, facts: SubjectFacts) -> Act:
    made = await world.consent(facts)
    return f"/v1/consents/{made.id}/narrowing", narrowing(world, made), world.node.clock()


async def preference(world: World, facts: SubjectFacts) -> Act:
    return "/v1/preferences", opt_out(world, facts), world.node.clock() - timedelta(hours=2)


async def rescission(world: World, facts: SubjectFacts) -> Act:
    made = await said(world, facts)
    return f"/v1/preferences/{made.id}/rescission", {"acting_for": {}, "reason": "asked"}, world.node.clock()


async def request_to_inspect(world: World, facts: SubjectFacts) -> Act:
    return "/v1/inspections", inspection(world, facts), begins(date(2026, 10, 20), ZoneInfo(world.oak.time_zone))


async def request_taken_back(world: World, facts: SubjectFacts) -> Act:
    made = await Staff(world).inspect(facts)
    return f"/v1/inspections/{made.id}/steps", {"step": "withdrawn", "evidence_ref": "call 9"}, world.node.clock()


async def request_to_amend(world: World, facts: SubjectFacts) -> Act:
    return "/v1/amendments", amendment(world, facts), begins(date(2026, 10, 20), ZoneInfo(world.oak.time_zone))


async def hearing(world: World, facts: SubjectFacts) -> Act:
    refused: Amendment = await Staff(world).refused(facts)
    return "/v1/hearings", hearing_on(refused), begins(date(2026, 10, 20), ZoneInfo(world.oak.time_zone))


async def statement(world: World, facts: SubjectFacts) -> Act:
    body = Staff(world).statement(facts, await Staff(world).decided(facts))
    return "/v1/statements", body, begins(date(2026, 11, 6), ZoneInfo(world.oak.time_zone))


ACTS: Final = (
    consent, withdrawal, lessening, preference, rescission, request_to_inspect, request_taken_back, request_to_amend, hearing, statement,
)  # fmt: skip


async def checked(client: Client, act: Act, person: dict[str, Any], at: datetime) -> Answer:
    """The act, on a check of that instant."""
    path, body, _ = act
    return await client.post(path, body | {"acting_for": person | {"authenticated_at": at.isoformat().replace("+00:00", "Z")}})


@pytest.mark.requirement("FERPA-99.31c")
@pytest.mark.parametrize("prepared", ACTS)
async def test_a_check_is_good_for_so_many_days_before_the_word_that_is_given(
    world: World, prepared: Callable[[World, SubjectFacts], Awaitable[Act]]
) -> None:
    facts, client = await world.student(), world.node.client(world.oak, *STAFF)
    act = await prepared(world, facts)
    oldest, person = act[2] - timedelta(days=USUAL_DAYS), parent_of(world, facts)
    for at, code in (
        (oldest - A_MOMENT, "identity-check-too-old"),
        (oldest - timedelta(days=2000), "identity-check-too-old"),
        (world.node.clock() + A_MOMENT, "consent-incomplete" if prepared is consent else "request-incomplete"),
    ):
        answer = await checked(client, act, person, at)
        assert (answer.status, problem_of(answer).code, problem_of(answer).field) == (422, code, FIELD)
    assert (await checked(client, act, person, oldest)).status in (200, 201)


@pytest.mark.parametrize("prepared", ACTS)
async def test_a_node_may_ask_for_a_check_of_the_same_day(world: World, prepared: Callable[[World, SubjectFacts], Awaitable[Act]]) -> None:
    state = world.node.app.state
    state.settings = state.settings.model_copy(update={"identity_check_days": 1})
    facts, client = await world.student(), world.node.client(world.oak, *STAFF)
    act = await prepared(world, facts)
    oldest = act[2] - timedelta(days=1)
    refused = await checked(client, act, parent_of(world, facts), oldest - A_MOMENT)
    assert (refused.status, problem_of(refused).code) == (422, "identity-check-too-old")
    assert (await checked(client, act, parent_of(world, facts), oldest)).status in (200, 201)


@pytest.mark.parametrize("prepared", [consent, withdrawal])
async def test_who_is_checked_this_very_instant_may_act(world: World, prepared: Callable[[World, SubjectFacts], Awaitable[Act]]) -> None:
    facts, client = await world.student(), world.node.client(world.oak, *STAFF)
    act = await prepared(world, facts)
    assert (await checked(client, act, parent_of(world, facts), world.node.clock())).status in (200, 201)


async def test_what_is_signed_where_it_is_tomorrow_already_needs_no_younger_check(world: World) -> None:
    """The district has the 20th; where the student lives it begins in some hours. A check is counted to now at the latest."""
    world.node.clock.instant = datetime(2026, 10, 20, 4, 30, tzinfo=UTC)
    facts, client = await world.student(time_zone="America/Los_Angeles"), world.node.client(world.oak, *STAFF)
    act: Act = ("/v1/consents", world.new_consent(facts, signed_on="2026-10-20"), world.node.clock())
    oldest = act[2] - timedelta(days=USUAL_DAYS)
    for at, status in ((oldest - A_MOMENT, 422), (oldest, 201)):
        assert (await checked(client, act, parent_of(world, facts), at)).status == status


async def test_what_comes_in_tomorrow_is_refused_for_its_day_and_not_for_an_old_check(world: World) -> None:
    facts, client = await world.student(), world.node.client(world.oak, *STAFF)
    body = opt_out(world, facts, received_at="2026-10-21T10:00:00.000Z")
    act: Act = ("/v1/preferences", body, world.node.clock())
    answer = await checked(client, act, parent_of(world, facts), act[2] - timedelta(days=USUAL_DAYS))
    assert (answer.status, problem_of(answer).code, problem_of(answer).field) == (422, "request-incomplete", "received_at")


@pytest.mark.parametrize("prepared", [consent, withdrawal, lessening, preference, rescission, request_to_inspect, request_taken_back])
async def test_what_a_family_does_by_a_link_is_not_asked_for_another_check(
    world: World, prepared: Callable[[World, SubjectFacts], Awaitable[Act]]
) -> None:
    """The link was made within those days, and has a time of its own."""
    facts = await world.student()
    act = await prepared(world, facts)
    family, person = family_of(world, facts), parent_of(world, facts)
    assert (await checked(family, act, person, world.node.clock() + A_MOMENT)).status == 422
    assert (await checked(family, act, person, act[2] - timedelta(days=USUAL_DAYS + 9))).status in (200, 201)
