"""Two who act at once, on two replicas: one is first, the other has seen it, and what was taken back or narrowed stays so."""

import asyncio
from uuid import uuid4

import pytest

from safepassage.wire_duties import Duty
from safepassage.wire_policy import Consent, OpenObligation
from services.privacy.tables import ConsentEventRow, DestructionRow, DutyRow, ObligationWaiverRow, RightsEventRow
from shared.in_process import Answer
from tests.privacy.node import Client, PrivacyNode
from tests.privacy.rights import Staff, decision, inspection
from tests.privacy.test_consent_narrowing import narrowing
from tests.privacy.test_destructions import clear
from tests.privacy.test_duties import new_duty
from tests.privacy.test_races import replica
from tests.privacy.test_waivers import SCOPES, owed, waiver
from tests.privacy.world import STAFF, World

pytestmark = pytest.mark.anyio

__all__ = ["replica"]
"""The second process of the races."""

ROUNDS = 5


def clients(world: World, replica: PrivacyNode, *scopes: str) -> tuple[Client, Client]:
    return world.node.client(world.oak, *scopes), replica.client(world.oak, *scopes, client_id="other")


def statuses(answers: list[Answer]) -> list[int]:
    return sorted(answer.status for answer in answers)


async def test_withdrawn_and_narrowed_at_once_a_consent_is_withdrawn(world: World, replica: PrivacyNode) -> None:
    one, other = clients(world, replica, *STAFF)
    for _ in range(ROUNDS):
        consent = await world.consent(await world.student())
        answers = await asyncio.gather(
            one.post(f"/v1/consents/{consent.id}/withdrawal", world.withdrawal(consent)),
            other.post(f"/v1/consents/{consent.id}/narrowing", narrowing(world, consent)),
        )
        assert answers[0].status == 200
        assert answers[1].status in (200, 409)
        left = Consent.model_validate_json((await one.get(f"/v1/consents/{consent.id}")).body)
        assert left.withdrawn_at is not None
        assert (left.elements == ("identity.name",)) == (answers[1].status == 200)


async def test_two_narrowings_at_once_leave_what_both_leave(world: World, replica: PrivacyNode) -> None:
    one, other = clients(world, replica, *STAFF)
    for _ in range(ROUNDS):
        consent = await world.consent(await world.student())
        path = f"/v1/consents/{consent.id}/narrowing"
        answers = await asyncio.gather(
            one.post(path, narrowing(world, consent, elements=["identity.name", "attendance.summary"])),
            other.post(path, narrowing(world, consent, elements=["attendance.summary"])),
        )
        left = Consent.model_validate_json((await one.get(f"/v1/consents/{consent.id}")).body)
        assert statuses(list(answers)) in ([200, 200], [200, 422])
        assert left.elements == ("attendance.summary",)
    assert await world.node.count(ConsentEventRow) <= 3 * ROUNDS


async def test_of_two_who_complete_a_duty_at_once_one_does(world: World, replica: PrivacyNode) -> None:
    one, other = clients(world, replica, "duties:complete")
    for _ in range(ROUNDS):
        duty = await Staff(world).post("/v1/duties", new_duty(), Duty)
        path, body = f"/v1/duties/{duty.id}/completion", {"evidence_ref": "receipt"}
        assert statuses(list(await asyncio.gather(one.post(path, body), other.post(path, body)))) == [200, 409]
    told = [event for event in await world.node.events() if event.context.operation == "duty-done"]
    assert len(told) == await world.node.count(DutyRow) == ROUNDS


async def test_the_same_official_twice_at_once_is_one_and_two_officials_are_two(world: World, replica: PrivacyNode) -> None:
    one, other = clients(world, replica, *SCOPES)
    obligation = await owed(world)
    path = f"/v1/obligations/{obligation.id}/waivers"
    assert statuses(list(await asyncio.gather(one.post(path, waiver()), other.post(path, waiver())))) == [200, 409]
    answers = await asyncio.gather(one.post(path, waiver("o-2")), other.post(path, waiver("o-3")))
    assert statuses(list(answers)) == [200, 409]
    waived = [OpenObligation.model_validate_json(answer.body) for answer in answers if answer.status == 200]
    assert (waived[0].waivers, waived[0].waived_at is not None) == (2, True)
    assert await world.node.count(ObligationWaiverRow) == 2


async def test_of_two_who_decide_an_amendment_at_once_one_does(world: World, replica: PrivacyNode) -> None:
    one, other = clients(world, replica, *STAFF)
    for _ in range(ROUNDS):
        path = f"/v1/amendments/{(await Staff(world).amend(await world.student())).id}/decision"
        answers = await asyncio.gather(one.post(path, decision("granted")), other.post(path, decision("refused")))
        assert statuses(list(answers)) == [200, 409]
    assert await world.node.count(RightsEventRow) == ROUNDS


async def test_a_destruction_and_a_request_to_inspect_at_once_have_an_order(world: World, replica: PrivacyNode) -> None:
    _, other = clients(world, replica, *STAFF)
    cleared = 0
    for _ in range(ROUNDS):
        facts = await world.student()
        answers = await asyncio.gather(
            clear(world, facts.student_id), other.post("/v1/inspections", inspection(world, facts), key=str(uuid4()))
        )
        assert answers[1].status == 201
        assert answers[0].status in (201, 409)
        cleared += answers[0].status == 201
        assert (await clear(world, facts.student_id)).status == 409
    assert await world.node.count(DestructionRow) == cleared
