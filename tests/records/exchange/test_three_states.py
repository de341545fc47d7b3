"""Three real nodes: a record goes from Alder to Birch and on to Cedar. Each chain is told to its two nodes, and to no third one."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from node.demo.seats import RECEIVING_DISTRICT
from node.synthetic import ALDER, BIRCH, SyntheticStudent
from safepassage.chain_links import categories_of
from safepassage.chain_part import Onward
from safepassage.client.transfer_calls import list_transfer_notices
from safepassage.problems.chains import NoSuchChain
from safepassage.record import StudentRecord
from safepassage.wire_chain import RedisclosureChain
from services.records.exchange.chain_parts import PATH
from services.records.loading import Arriving, Loading
from services.records.subject_facts import EnrolledAt
from services.records.tables import ExchangeRequestRow, OutgoingEnvelopeRow
from shared.clock import system_clock
from tests.conftest import StandingClock
from tests.records.exchange.dying_node import Folder
from tests.records.exchange.findings import compare, find, found
from tests.records.exchange.forging import code_of
from tests.records.exchange.requests_for import new_request
from tests.records.exchange.test_chains import ACTS, chain_of, proven
from tests.records.exchange.test_named_recipients import accounted
from tests.records.exchange.two_processes import network, two_databases
from tests.records.exchange.two_states import KINDS, State, TwoStates

pytestmark = pytest.mark.anyio

PLANS = {"alder": ALDER, "birch": BIRCH, "cedar": replace(BIRCH, code="XC")}


class ThreeStates:
    """Alder, Birch and Cedar."""

    def __init__(self, alder: State, birch: State, cedar: State, clock: StandingClock) -> None:
        self.alder, self.birch, self.cedar = alder, birch, cedar
        self.two = TwoStates(alder, birch, clock)

    async def settle(self) -> None:
        """Do everything that is due, often enough."""
        for _ in range(4):
            for state in (self.cedar, self.birch, self.alder):
                await state.do(*KINDS)
                await state.tell()

    async def chain(self, state: State, exchange_id: UUID) -> RedisclosureChain:
        return await proven(self.two, await chain_of(state, exchange_id))


@pytest.fixture(params=[pytest.param("sqlite", marks=pytest.mark.slow), pytest.param("postgresql", marks=pytest.mark.postgres)])
async def three(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ThreeStates]:
    """All three on one engine."""
    async with AsyncExitStack() as stack:
        databases = two_databases(stack.enter_context(ExitStack()), PLANS) if request.param == "postgresql" else {}
        await network(tmp_path, databases, system_clock(), PLANS)
        clock = StandingClock(system_clock())  # stands after the last organisation was added, so that each is due to be told
        alder, birch, cedar = (State(Folder(tmp_path / name), clock) for name in PLANS)
        for state in (alder, birch, cedar):
            await state.start()
            stack.push_async_callback(state.stop)
            await state.tell()
        yield ThreeStates(alder, birch, cedar, clock)


async def replace_some(state: State, child: SyntheticStudent, student_id: UUID) -> None:
    """Birch's district loads what it has itself of the student: who it is, and where it is enrolled."""
    district, exchange = state.organisation(RECEIVING_DISTRICT), state.exchange
    whole = child.load.record.model_dump(mode="json", exclude_none=True)
    origin = {"originating_agency": str(district), "source_system": "sis", "as_of": child.load.as_of.isoformat()}
    own = {name: whole[name] for name in ("identity", "enrollment")}
    record = StudentRecord.model_validate({"v": 1, **own, "provenance": dict.fromkeys(own, origin)})
    arriving = Arriving(record, district, str(district), (EnrolledAt(district, state.clock().date(), None),), student_id=student_id)
    async with exchange.database.transaction() as tx:
        loading = Loading(exchange.vault, exchange.outbox, jurisdiction=exchange.settings.jurisdiction, now=state.clock())
        await loading.store_in(tx, [arriving])
    await state.tell()


async def told_onward(three: ThreeStates, exchange_id: UUID) -> dict[str, Onward | None]:
    """What Alder's agency was told of where its record went on to, without asking."""
    async with three.alder.client("state-agency") as session:
        pages = session.pages(list_transfer_notices(exchange_id=exchange_id))
        return {one.kind: one.onward async for page in pages for one in page.notices}


@pytest.mark.requirement("EX-onward")
async def test_each_chain_is_told_to_its_two_nodes_and_what_went_on_to_the_one_before(three: ThreeStates) -> None:
    child = three.two.child()
    await three.alder.load(child)
    first = await three.two.ask(child.selector)
    await three.settle()
    student_id = (await first.told()).student_id
    assert student_id is not None
    third = three.cedar.organisation(RECEIVING_DISTRICT)
    # Alder's district has not agreed that Birch passes its record on: refused, and Alder is told by whom it was asked for
    refused = new_request(child.selector, holder=three.birch.entity_id, district=third, now=three.two.clock(), sections=("attendance",))
    async with three.cedar.client("new-district") as client:
        tried = await client.create_exchange_request(refused, idempotency_key=str(uuid4()))
        await three.settle()
        assert (await client.read_exchange_request(tried.id)).state == "not-provided"
    [(kind, attempt)] = (await told_onward(three, first.id)).items()
    assert (kind, attempt and attempt.node, attempt and attempt.categories) == ("onward-refused", three.cedar.entity_id, ("attendance",))
    await replace_some(three.birch, child, student_id)
    sections = ("identity", "enrollment", "attendance")
    asked = new_request(child.selector, holder=three.birch.entity_id, district=third, now=three.two.clock(), sections=sections)
    async with three.cedar.client("new-district") as client:
        second = await client.create_exchange_request(asked, idempotency_key=str(uuid4()))
    await three.settle()
    told = {
        (state.entity_id, exchange_id): await three.chain(state, exchange_id)
        for state, exchange_id in ((three.alder, first.id), (three.birch, first.id), (three.birch, second.id), (three.cedar, second.id))
    }
    for chain in told.values():
        assert [link.act for link in chain.links] == ACTS
        assert chain.missing == ()
    assert told[three.alder.entity_id, first.id].links == told[three.birch.entity_id, first.id].links
    assert told[three.birch.entity_id, second.id].links == told[three.cedar.entity_id, second.id].links
    # Alder hears from Birch where its record went on to, and nothing else of that exchange
    there = told[three.alder.entity_id, first.id]
    [onward] = there.onward
    assert (onward.purpose, onward.basis) == ("enrollment", "transfer")
    assert onward.categories == categories_of({"elements": ["attendance.summary"]})  # the rest is Birch's district's own by now
    assert (onward.node, onward.recipient_organisation) == (three.cedar.entity_id, str(third))
    assert (await told_onward(three, first.id))["onward"] == onward
    # and has it on the record that the child's family may read: 34 CFR 99.32(a)(4)
    origin = (await first.request()).student_id
    assert origin is not None
    [passed] = [one for one in await accounted(three.two, origin) if one.phase == "onward"]
    assert (passed.party.node, passed.party.organisation) == (three.cedar.entity_id, f"{three.cedar.entity_id}#{third}")
    assert (passed.interest.purpose, passed.interest.basis) == ("enrollment", "transfer")
    assert passed.passed_on_by is not None
    assert (passed.passed_on_by.node, passed.exchange_id) == (three.birch.entity_id, first.id)
    assert str(second.id) not in there.model_dump_json()
    assert told[three.cedar.entity_id, second.id].onward == ()
    # nor does it hear less where Birch has heard of the filing at Cedar, and the answer with the first receipt was lost
    async with three.birch.exchange.database.transaction() as tx:
        await tx.execute(update(OutgoingEnvelopeRow).where(OutgoingEnvelopeRow.recipient_node == three.cedar.entity_id).values(r1=None))
    assert (await three.chain(three.alder, first.id)).onward == (onward,)
    # of an exchange of two others nobody is told anything, whoever is asked
    for stranger, exchange_id in ((three.cedar, first.id), (three.alder, second.id)):
        with pytest.raises(NoSuchChain):
            await chain_of(stranger, exchange_id)
        for holder in (three.alder, three.birch, three.cedar):
            if holder is not stranger:
                member = stranger.exchange.trust.member(holder.entity_id)
                answer = await stranger.exchange.peers.get(member, PATH.format(exchange_id=exchange_id), {})
                assert answer.status == 404
                assert str(first.id) not in answer.body.decode()


@pytest.mark.requirement("FIND-unnamed", "FIND-alike")
async def test_of_two_that_are_asked_only_the_one_that_has_the_child_says_perhaps(three: ThreeStates) -> None:
    child = three.two.child()
    await three.alder.load(child)
    finding = await find(three.cedar, child.selector)
    assert {one.node: one.state for one in finding.asked} == {three.alder.entity_id: "asked", three.birch.entity_id: "asked"}
    [asked, _] = await three.cedar.rows(ExchangeRequestRow)
    other = three.birch if asked.holder == three.alder.entity_id else three.alder
    assert code_of(await compare(other, three.cedar, asked.id, asked.request_digest)) == "other-exchange"
    await three.settle()
    assert await found(three.cedar, finding.id) == {three.alder.entity_id: "perhaps", three.birch.entity_id: "nothing-told"}
    only = await find(three.cedar, child.selector, nodes=(three.birch.entity_id,))
    await three.settle()
    assert await found(three.cedar, only.id) == {three.birch.entity_id: "nothing-told"}
    third = three.cedar.organisation(RECEIVING_DISTRICT)
    request = new_request(child.selector, holder=three.alder.entity_id, district=third, now=three.two.clock())
    async with three.cedar.client("new-district") as client:
        directed = await client.create_exchange_request(request, idempotency_key=str(uuid4()))
        await three.settle()
        assert (await client.read_exchange_request(directed.id)).state == "applied"
