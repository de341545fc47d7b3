"""Two replicas, one store: a revocation that was committed is seen by every decision that starts afterwards, on either."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest

from services.privacy.app import create_app
from services.privacy.tables import AgreementRow, ConsentRow, DecisionRow, EvidenceRow
from shared.contracts.privacy import DecisionRequest
from shared.siblings import InProcess
from tests.conftest import StandingClock
from tests.privacy.grounds import ALL_SCOPES, Grounds, on
from tests.privacy.node import Client, PrivacyNode, settings_for
from tests.privacy.test_subjects import held
from tests.privacy.world import STAFF, World

pytestmark = pytest.mark.anyio

ASKERS = 8

Round = tuple[DecisionRequest, Callable[[], Awaitable[object]]]


@pytest.fixture
async def replica(world: World, store_url: str, node_keys: Path, clock: StandingClock) -> AsyncIterator[PrivacyNode]:
    """A second process' worth of the service on the same store."""
    app = create_app(settings_for(store_url, node_keys), transports={"audit": InProcess()}, clock=clock)
    async with app.router.lifespan_context(app):
        yield PrivacyNode(app, clock, node_keys)


async def by_consent(world: World) -> Round:
    facts = await world.student()
    consent = await world.consent(facts)
    return world.by_consent(facts, consent), lambda: world.withdraw(consent)


async def by_contract(world: World) -> Round:
    facts, agreement = await world.student(), await world.agreement()
    staff, path = world.node.client(world.oak, "agreements:write"), f"/v1/agreements/{agreement.id}/termination"
    return world.by_contract(agreement, facts), lambda: staff.post(path, {"reason": "breach"})


async def by_evidence(world: World) -> Round:
    grounds = await Grounds.of(world)
    asked, record = await on(grounds, "judicial-order")
    order = await record()
    return asked.model_copy(update={"evidence_ids": (order.id,)}), lambda: grounds.revoke(order)


@dataclass
class Race:
    """Askers who go on until each has had three answers to questions put after the revocation was committed."""

    asked: DecisionRequest
    asker: Client
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    revoked: asyncio.Event = field(default_factory=asyncio.Event)
    results: list[tuple[bool, str]] = field(default_factory=list)
    """Was it asked after the revocation was committed; what was answered."""

    async def ask(self, node: PrivacyNode) -> None:
        after = 0
        while after < 3:
            was_revoked = self.revoked.is_set()
            decision = await node.decide(self.asked, by=self.asker)
            self.results.append((was_revoked, decision.outcome))
            after += was_revoked
            if len(self.results) >= ASKERS:
                self.begun.set()

    async def take_back(self, revoke: Callable[[], Awaitable[object]]) -> None:
        await self.begun.wait()
        await revoke()
        self.revoked.set()


@pytest.mark.requirement("POL-4")
@pytest.mark.parametrize(("evidence", "rounds"), [(by_consent, 30), (by_contract, 6), (by_evidence, 6)])
async def test_no_decision_that_starts_after_a_revocation_relies_on_what_was_revoked(
    world: World, replica: PrivacyNode, evidence: Callable[[World], Awaitable[Round]], rounds: int
) -> None:
    decisions = 0
    for _ in range(1 if world.node.app.state.database.is_sqlite else rounds):
        asked, revoke = await evidence(world)
        race = Race(asked, world.node.client(world.oak if asked.evidence_ids else world.vendor))
        await asyncio.gather(race.take_back(revoke), *(race.ask(node) for node in (world.node, replica) for _ in range(ASKERS // 2)))
        assert (False, "permit") in race.results
        assert (True, "permit") not in race.results
        assert race.results.count((True, "deny")) == 3 * ASKERS
        decisions += len(race.results)
    assert await world.node.count(DecisionRow) == decisions


async def test_pushes_that_race_end_with_the_newest_facts(world: World, replica: PrivacyNode) -> None:
    student_id = uuid4()
    pushes = [world.facts(student_id=student_id, version=version) for version in range(1, 21)]
    random.shuffle(pushes)
    answers = await asyncio.gather(*(random.choice((world.node, replica)).push(facts) for facts in pushes))
    assert {answer.status for answer in answers} == {204}
    newest = world.facts(student_id=student_id, version=20)
    assert await held(replica, newest) == newest


async def test_the_same_request_sent_at_once_has_its_effect_once(world: World, replica: PrivacyNode) -> None:
    facts, key = await world.student(), str(uuid4())
    body = world.new_consent(facts)
    clients = [PrivacyNode.client(node, world.oak, *STAFF) for node in (world.node, replica) for _ in range(5)]
    answers = await asyncio.gather(*(client.post("/v1/consents", body, key=key) for client in clients))
    made = {answer.body for answer in answers if answer.status == 201}
    assert len(made) == 1
    assert {answer.status for answer in answers} <= {201, 500}
    again = await world.node.client(world.oak, *STAFF).post("/v1/consents", body, key=key)
    assert {again.body} == made
    assert await world.node.count(ConsentRow) == 1


async def test_of_two_who_end_a_contract_at_once_one_ends_it(world: World, replica: PrivacyNode) -> None:
    agreement = await world.agreement()
    path, clients = f"/v1/agreements/{agreement.id}/termination", [world.node.client(world.oak, "agreements:write") for _ in range(2)]
    clients[1].node = replica
    answers = await asyncio.gather(*(client.post(path, {"reason": "over"}) for client in clients))
    assert sorted(answer.status for answer in answers) == [200, 409]
    told = [event for event in await world.node.events() if event.context.operation == "agreement-terminated"]
    assert len(told) == 1
    assert await world.node.count(AgreementRow) == 1


async def test_the_same_request_at_once_on_both_replicas_has_one_effect_and_one_answer(world: World, replica: PrivacyNode) -> None:
    """With one key: whoever comes second waits and is told what the first made; nobody is told of a fault or of a conflict."""
    facts, agreement = await world.student(), await world.agreement()
    guardian, key = world.node.client(world.oak, "rights:act", "agreements:write"), str(uuid4())
    there = replica.client(world.oak, "rights:act", "agreements:write")
    consents = await asyncio.gather(
        *(client.post("/v1/consents", world.new_consent(facts), key=key) for client in (guardian, there) for _ in range(4))
    )
    assert {answer.status for answer in consents} == {201}, [answer.body for answer in consents]
    assert len({json.loads(answer.body)["id"] for answer in consents}) == 1
    assert await world.node.count(ConsentRow) == 1
    path = f"/v1/agreements/{agreement.id}/termination"
    ends = await asyncio.gather(*(client.post(path, {"reason": "breach"}, key=key) for client in (guardian, there) for _ in range(4)))
    assert {answer.status for answer in ends} == {200}, [answer.body for answer in ends]
    assert len({answer.body for answer in ends}) == 1


async def test_evidence_sent_at_once_on_both_replicas_is_recorded_and_revoked_once(world: World, replica: PrivacyNode) -> None:
    grounds, key, again = await Grounds.of(world), str(uuid4()), str(uuid4())
    body = grounds.body("accreditation")
    clients = [node.client(world.oak, *ALL_SCOPES) for node in (world.node, replica) for _ in range(4)]
    made = await asyncio.gather(*(client.post("/v1/evidence", body, key=key) for client in clients))
    assert {answer.status for answer in made} == {201}, [answer.body for answer in made]
    assert len({answer.body for answer in made}) == 1
    path = f"/v1/evidence/{json.loads(made[0].body)['id']}/revocation"
    ended = await asyncio.gather(*(client.post(path, {"reason": "over"}, key=again) for client in clients))
    assert {answer.status for answer in ended} == {200}
    assert len({answer.body for answer in ended}) == 1
    assert await world.node.count(EvidenceRow) == 1


async def test_of_two_amendments_at_once_each_has_a_number_of_its_own(world: World, replica: PrivacyNode) -> None:
    agreement = await world.agreement()
    path = f"/v1/agreements/{agreement.id}/amendments"
    body = {
        "document": world.new_agreement()["document"],
        "signed_on": "2026-10-19",
        "from": "2026-10-20",
        "elements": ["identity.name"],
        "purposes": ["instruction"],
        "ends_on": "2027-07-01",
    }
    clients = [node.client(world.oak, "agreements:write") for node in (world.node, replica) for _ in range(2)]
    answers = await asyncio.gather(*(client.post(path, body) for client in clients))
    assert {answer.status for answer in answers} == {201}, [answer.body for answer in answers]
    assert sorted(len(json.loads(answer.body)["amendments"]) for answer in answers) == [1, 2, 3, 4]
