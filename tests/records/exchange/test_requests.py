"""Asking another state: who may, for whom, once, and never before it is in the log."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from node.demo.seats import RECEIVING_DISTRICT
from safepassage.compact import split
from safepassage.problems.exchanges import (
    NoSuchExchange,
    NothingReceived,
    ReceivingOrganisationNotYours,
    RequestNotPermitted,
    UnknownSection,
)
from safepassage.problems.requests import IdempotencyKeyReused, InvalidRequest, LogUnavailable
from safepassage.problems.trust import NotAMember
from safepassage.wire_exchange import NewExchangeRequest
from services.records.tables import ExchangeRequestRow, PeerRequestRow
from tests.links import linked, read_at
from tests.records.exchange.two_states import TwoStates

pytestmark = pytest.mark.anyio


def with_organisation(request: NewExchangeRequest, **changed: Any) -> NewExchangeRequest:
    organisation = request.evidence.receiving_organisation.model_copy(update=changed)
    return request.model_copy(update={"evidence": request.evidence.model_copy(update={"receiving_organisation": organisation})})


async def test_the_same_request_with_the_same_key_is_asked_once(states: TwoStates) -> None:
    new, key = states.new_request(states.child().selector), str(uuid4())
    async with states.birch.client("new-district") as client:
        first = await client.create_exchange_request(new, idempotency_key=key)
        again = await client.create_exchange_request(new, idempotency_key=key)
        assert again.id == first.id
        with pytest.raises(IdempotencyKeyReused):
            await client.create_exchange_request(new.model_copy(update={"sections": ("identity",)}), idempotency_key=key)
    assert len([row for row in await states.birch.rows(ExchangeRequestRow) if row.id == first.id]) == 1


async def test_nobody_asks_for_an_organisation_that_is_not_theirs(states: TwoStates) -> None:
    new = states.new_request(states.child().selector)
    mine = states.birch.organisation(RECEIVING_DISTRICT)
    above, others = states.birch.folder.file.organisation_id, [UUID(each) for each in _organisations(states).values()]
    [foreign, *_] = [each for each in others if each not in (mine, above)]
    async with states.birch.client("new-district") as client:
        for changed in (str(foreign), str(uuid4()), "oak", str(mine).upper()):
            with pytest.raises(ReceivingOrganisationNotYours):
                await client.create_exchange_request(with_organisation(new, id=changed))
        with pytest.raises(ReceivingOrganisationNotYours):
            await client.create_exchange_request(with_organisation(new, kind="school"))


def _organisations(states: TwoStates) -> dict[str, str]:
    found: dict[str, str] = json.loads((states.birch.folder.path / "clients" / "organisations.json").read_text())
    return found


async def test_who_is_no_member_is_not_asked(states: TwoStates) -> None:
    new = states.new_request(states.child().selector)
    async with states.birch.client("new-district") as client:
        with pytest.raises(NotAMember):
            await client.create_exchange_request(new.model_copy(update={"holder": "https://cedar.example"}))
        with pytest.raises(InvalidRequest):
            await client.create_exchange_request(new.model_copy(update={"holder": states.birch.entity_id}))


async def test_a_section_that_no_record_has_is_not_asked_for(states: TwoStates) -> None:
    async with states.birch.client("new-district") as client:
        with pytest.raises(UnknownSection):
            await client.create_exchange_request(states.new_request(states.child().selector, sections=("identity", "horoscope")))


async def test_a_request_without_what_the_law_asks_for_is_refused_with_its_reason(states: TwoStates) -> None:
    new = states.new_request(states.child().selector)
    late = new.evidence.official.model_copy(update={"attested_at": states.clock().replace(year=states.clock().year + 1)})
    new = new.model_copy(update={"evidence": new.evidence.model_copy(update={"official": late})})
    before = len(await states.birch.rows(ExchangeRequestRow))
    async with states.birch.client("new-district") as client:
        with pytest.raises(RequestNotPermitted) as refusal:
            await client.create_exchange_request(new)
    assert refusal.value.detail
    assert len(await states.birch.rows(ExchangeRequestRow)) == before


async def test_a_request_is_not_sent_and_not_said_to_be_while_the_log_is_down(states: TwoStates) -> None:
    new, key = states.new_request(states.child().selector), str(uuid4())
    before = len(await states.alder.rows(PeerRequestRow))
    async with states.birch.client("new-district") as client:
        async with states.birch.without("audit"):
            with pytest.raises(LogUnavailable):
                await client.create_exchange_request(new, idempotency_key=key)
            await states.birch.do("asking")
        assert len(await states.alder.rows(PeerRequestRow)) == before
        asked = await client.create_exchange_request(new, idempotency_key=key)
        reading = linked("records.create_exchange_request", "records.read_exchange_request", asked)
        assert (await read_at(client, reading))["id"] == str(asked.id)
        with pytest.raises(NothingReceived):
            await read_at(client, linked("records.create_exchange_request", "records.read_received_record", asked))
    await states.birch.one("asking", asked.id)
    assert len(await states.alder.rows(PeerRequestRow)) == before + 1


@pytest.mark.requirement("BAD-foreign")
async def test_another_organisations_request_looks_absent(states: TwoStates) -> None:
    case = await states.ask(states.child().selector)
    async with states.birch.client("new-district") as client:
        with pytest.raises(NoSuchExchange):
            await client.read_exchange_request(uuid4())
        assert (await client.read_exchange_request(case.id)).id == case.id
        with pytest.raises(NothingReceived):
            await client.read_received_record(case.id)


async def test_a_request_in_clear_on_the_wire_says_nothing_of_the_child(states: TwoStates) -> None:
    child = states.child()
    case = await states.ask(child.selector)
    token = (await case.asked()).token
    assert set(split(token)[1]) == {"v", "iss", "aud", "jti", "iat", "exp", "selector"}
    assert child.selector.last_name not in token
    assert str(states.birch.organisation(RECEIVING_DISTRICT)) not in str(split(token)[1])


async def test_requests_of_all_sizes_look_alike(states: TwoStates) -> None:
    short = await states.ask(states.child().selector, sections=("identity",))
    long = await states.ask(states.child().selector.model_copy(update={"middle_name": "Maximiliana Wilhelmina Josephine"}))
    assert len(split((await short.asked()).token)[1]["selector"]["ciphertext"]) == len(
        split((await long.asked()).token)[1]["selector"]["ciphertext"]
    )
