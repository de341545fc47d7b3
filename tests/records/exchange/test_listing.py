"""Exchanges in one list, ours and the peers', and each step by step: whose they are, how far, and which receipts came."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from node.demo.seats import RECEIVING_DISTRICT
from safepassage.wire_exchanges import ExchangePage, ExchangeTimeline
from services.records.exchange.states import Asked, as_told
from services.records.exchange.states import Request as Taken
from tests.records.exchange.findings import new_finding
from tests.records.exchange.operators import recalled
from tests.records.exchange.other_claimants import second_district
from tests.records.exchange.test_foreign_exchanges import asked_by
from tests.records.exchange.two_states import Case, State, TwoStates

pytestmark = pytest.mark.anyio


async def seen(node: State, organisation: UUID | None = None, kind: str = "sea", **filters: str) -> dict[UUID, Any]:
    """What an organisation is shown, by the exchange's id."""
    whose = node.folder.file.organisation_id if organisation is None else organisation
    found: dict[UUID, Any] = {}
    query = "&".join(f"{name}={value}" for name, value in {"limit": "2", **filters}.items())
    while query:
        status, headers, body = await asked_by(node, whose, kind, "GET", "/v1/exchanges", query=query)
        assert status == 200, body
        found |= {one.exchange_id: one for one in ExchangePage.model_validate_json(body).exchanges}
        assert isinstance(headers, dict)
        query = headers.get("link", "").partition("?")[2].partition(">")[0]
    return found


async def timeline(state: State, identifier: UUID) -> ExchangeTimeline:
    status, _, body = await asked_by(state, state.folder.file.organisation_id, "sea", "GET", f"/v1/exchanges/{identifier}")
    assert status == 200, body
    return ExchangeTimeline.model_validate_json(body)


async def district_of(case: Case) -> UUID:
    """Who keeps the child's record at Alder."""
    custodian = (await case.package()).custodian_id
    assert custodian is not None
    return custodian


@pytest.mark.requirement("CON-exchanges")
async def test_a_record_that_crossed_is_seen_step_by_step_at_both_ends(states: TwoStates) -> None:
    case = await states.queued()
    await states.advance(minutes=5)
    await case.finish()
    ours, theirs = (await seen(states.birch))[case.id], (await seen(states.alder))[case.id]
    assert (ours.direction, ours.state, ours.peer, ours.purpose, ours.about) == (
        "out", "applied", states.alder.entity_id, "enrollment", "record",
    )  # fmt: skip
    assert (theirs.direction, theirs.peer, theirs.about) == ("in", states.birch.entity_id, "record")
    at_birch, at_alder = await timeline(states.birch, ours.id), await timeline(states.alder, theirs.id)
    for told, row in ((at_birch, await case.received()), (at_alder, await case.envelopes())):
        [step] = [one for one in told.answers if one.kind == "package"]
        [kept] = [one for one in row if one.kind == "package"]
        assert (step.id, step.state, step.log_index) == (kept.id, kept.state, kept.entry_index)
        assert step.stored_at is not None
        assert step.filed_at is not None
        in_seconds = [at.replace(microsecond=0) for at in (told.requested_at, step.made_at, step.stored_at, step.filed_at)]
        assert in_seconds == sorted(in_seconds), "signed messages count in seconds"
        assert step.made_at < step.stored_at
        assert step.rejected_because is None
        assert told.accepted_at is not None
    child = json.dumps(at_alder.model_dump(mode="json")).casefold()
    student = (await case.package()).student_id
    assert str(student) not in child, "nothing tells whose record it is"


@pytest.mark.requirement("CON-exchanges")
async def test_the_list_is_narrowed_by_direction_state_purpose_and_node_and_comes_in_pages(states: TwoStates) -> None:
    cases = [await states.ask(states.child().selector) for _ in range(3)]
    ids = {one.id for one in cases}
    everything = await seen(states.birch)
    assert ids <= set(everything)
    assert [one.id for one in everything.values()] == sorted((one.id for one in everything.values()), reverse=True)
    assert list(await seen(states.birch, sort="requested_at")) == list(everything)[::-1]
    assert ids <= set(await seen(states.birch, state="requested", direction="out", purpose="enrollment", peer=states.alder.entity_id))
    for other in (
        {"state": "closed"},
        {"direction": "in"},
        {"purpose": "licensure"},
        {"purpose": "study"},
        {"peer": "https://other.example"},
    ):
        assert not ids & set(await seen(states.birch, **other)), other
    await cases[0].deliver_request()
    assert ids & set(await seen(states.birch, state="accepted", direction="out")) == {cases[0].id}
    newest_first = list((await seen(states.birch)).values())
    for sort, is_down in (("state", False), ("-state", True)):
        in_states = [(one.state, one.id) for one in (await seen(states.birch, sort=sort)).values()]
        assert in_states == sorted(((one.state, one.id) for one in newest_first), key=lambda one: one[0], reverse=is_down)
        assert {state for state, _ in in_states} >= {"requested", "accepted"}
    assert set(await seen(states.alder, state="accepted", direction="in")) >= {cases[0].id}


@pytest.mark.requirement("BAD-foreign")
async def test_a_district_sees_its_own_alone_and_the_state_all(states: TwoStates) -> None:
    case = await states.queued()
    asker = states.birch.organisation(RECEIVING_DISTRICT)
    other = await second_district(states.birch, but=asker)
    assert case.id in await seen(states.birch, asker, "lea")
    assert case.id not in await seen(states.birch, other, "lea")
    keeper = await district_of(case)
    elsewhere = await second_district(states.alder, but=keeper)
    theirs = (await seen(states.alder, keeper, "lea"))[case.id]
    assert case.id not in await seen(states.alder, elsewhere, "lea")
    unmatched = await states.ask(states.child().selector)
    await unmatched.deliver_request()
    assert unmatched.id in await seen(states.alder)
    assert unmatched.id not in await seen(states.alder, keeper, "lea"), "nobody has found whose student it is about"
    for state, stranger, identifier in ((states.birch, other, case.id), (states.alder, elsewhere, theirs.id)):
        answers = [await asked_by(state, stranger, "lea", "GET", f"/v1/exchanges/{one}") for one in (identifier, uuid4())]
        assert answers[0] == answers[1]
        assert answers[0][0] == 404


async def test_a_recalled_answer_is_held_back_and_a_question_that_names_nobody_is_told_apart(states: TwoStates) -> None:
    case = await states.queued()
    await recalled(states.alder, (await case.package()).id)
    theirs = (await seen(states.alder))[case.id]
    held = await timeline(states.alder, theirs.id)
    assert held.held_back_at is not None
    assert "withdrawn" in {one.state for one in held.answers}
    await states.advance(seconds=1)
    async with states.birch.client("new-district") as client:
        await client.create_finding(new_finding(states.birch, states.child().selector), idempotency_key=str(uuid4()))
        through = await client.list_exchanges(direction="out", limit=1)
        assert (await client.read_exchange(case.id)).direction == "out"
    assert through.content.exchanges[0].about == "whereabouts"


def test_every_state_of_a_request_has_its_word() -> None:
    words = set(ExchangePage.model_json_schema()["$defs"]["Exchange"]["properties"]["state"]["enum"])
    assert words == {as_told(state) for state in Asked} | {state.value for state in Taken}
