"""What ended without arriving is laid aside, listed with why and what can be done, and dealt with once."""

import asyncio
from contextlib import nullcontext
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from safepassage.canonical import digest_of
from safepassage.client.dead_letter_calls import give_up_dead_letter, requeue_dead_letter
from safepassage.problems import SuiteError
from safepassage.problems.dead_letters import LetterClosed, LetterNotRequeueable, NoSuchLetter
from safepassage.problems.requests import NotPermitted
from safepassage.wire_dead_letters import OperatorAct
from safepassage.wire_policy_sets import ActingOfficial
from services.records.exchange import asking, inquiring
from services.records.exchange.dead_letter_routes import operator_of
from services.records.exchange.operator_keys import SCOPE
from services.records.exchange.states import Asked, Outgoing, Request, Telling
from services.records.tables import DeadLetterRow, EndingRow, ExchangeRequestRow
from shared.caller import Caller
from shared.clock import EPOCH
from shared.internal_token import CallerClaims, Principal
from shared.officials import official_of
from tests.links import linked, read_at
from tests.records.exchange.behind import waiting_for_the_log
from tests.records.exchange.forging import Forger, genuine
from tests.records.exchange.listener import birch_away
from tests.records.exchange.operators import because, given_up, letters, recalled, requeued
from tests.records.exchange.two_states import Case, TwoStates

pytestmark = pytest.mark.anyio


async def expired(states: TwoStates) -> Case:
    """A record that Birch was not there to take until the request was over."""
    exchange = states.birch.exchange
    kept, exchange.settings = exchange.settings, exchange.settings.model_copy(update={"exchange_lifetime_hours": 1})
    case = await states.queued()
    exchange.settings = kept
    async with birch_away(states):
        await case.deliver()
        await states.advance(hours=2)
        await case.deliver()
    assert (await case.package()).state == Outgoing.EXPIRED
    return case


async def set_holder(states: TwoStates, exchange_id: UUID, holder: str) -> None:
    """Birch knows nothing any more of having asked Alder, or does again."""
    async with states.birch.exchange.database.transaction() as tx:
        await tx.execute(update(ExchangeRequestRow).where(ExchangeRequestRow.id == exchange_id).values(holder=holder))


async def leads_to_it(states: TwoStates, case: Case, path: str) -> None:
    """From what was done about a letter of Birch's the document leads to the letter."""
    async with states.birch.client("state-agency") as agency:
        assert (await read_at(agency, path))["id"] == str(case.id)


@pytest.mark.requirement("EX-letters", "EX-1")
async def test_what_expires_is_a_letter_at_the_holder_and_the_requester_is_told(states: TwoStates) -> None:
    case = await expired(states)
    row = await case.package()
    letter = (await letters(states.alder))[row.id]
    assert (letter.kind, letter.code, letter.peer, letter.exchange_id) == ("answer", "expired", states.birch.entity_id, case.id)
    assert letter.can == ("give-up",)
    with pytest.raises(LetterNotRequeueable):
        await requeued(states.alder, row.id)
    await states.birch.do("asking")
    mine = (await letters(states.birch))[case.id]
    assert (mine.kind, mine.code, mine.can) == ("request", "unanswered", ("requeue", "give-up"))
    await states.alder.do("telling")
    [told] = [one for one in await states.alder.rows(EndingRow) if one.envelope_id == row.id]
    assert told.state == Telling.TOLD
    [heard] = [one for one in await waiting_for_the_log(states.birch, "receipt", case) if one["context"]["operation"] == "exchange-ending"]
    assert (heard["context"]["outcome"], heard["context"]["envelope_id"]) == ("expired", str(row.id))
    # The requester's operator has the same request made anew: a new id, a new decision, a new entry.
    again = await requeued(states.birch, case.id)
    path = requeue_dead_letter(case.id, because(states.birch, "fault-corrected")).path
    await leads_to_it(states, case, linked("records.requeue_dead_letter", "records.read_dead_letter", path=path))
    assert again.requeued_as not in (None, case.id)
    assert again.requeued_as is not None
    told_of = await case.told()
    assert (told_of.state, told_of.requeued_as) == ("expired", again.requeued_as)
    anew = Case(states, again.requeued_as)
    await anew.deliver_request()
    await anew.answer()
    await anew.finish()
    assert (await anew.told()).state == "applied"
    assert (await anew.asked()).request_digest != (await case.asked()).request_digest


async def test_a_request_that_nobody_takes_and_one_that_is_refused_are_letters(states: TwoStates) -> None:
    child = states.child()
    refused = await states.ask(child.selector)
    row = await refused.asked()
    exchange = states.birch.exchange
    await asking.end(exchange, row, Asked.REFUSED, "purpose-not-served")
    letter = (await letters(states.birch))[refused.id]
    assert (letter.code, letter.can) == ("purpose-not-served", ("requeue", "give-up"))
    assert letter.remedy is not None
    await given_up(states.birch, refused.id)
    path = give_up_dead_letter(refused.id, because(states.birch, "no-longer-wanted")).path
    await leads_to_it(states, refused, linked("records.give_up_dead_letter", "records.read_dead_letter", path=path))
    assert not [one for one in await states.birch.rows(EndingRow) if one.exchange_id == refused.id]  # Alder never had it


@pytest.mark.requirement("EX-letters")
async def test_an_answer_that_the_receiver_refuses_is_a_letter_and_is_sent_again_by_a_new_decision(states: TwoStates) -> None:
    case = await states.queued()
    first = await case.package()
    asked = await case.asked()
    await set_holder(states, asked.id, "https://elsewhere.example")
    await case.deliver()
    refused = await case.package()
    assert (refused.state, refused.problem_code) == (Outgoing.REJECTED, "other-exchange")
    letter = (await letters(states.alder))[first.id]
    assert (letter.code, letter.can) == ("other-exchange", ("requeue", "give-up"))
    await set_holder(states, asked.id, states.alder.entity_id)
    quarantined = [one for one in (await letters(states.birch)).values() if one.kind == "refused-here"]
    assert [(one.code, one.can) for one in quarantined if one.code == "other-exchange"] == [("other-exchange", ("give-up",))]
    done = await requeued(states.alder, first.id)
    assert (done.state, done.can, done.official, done.reason) == ("requeued", (), "official-7", "fault-corrected")
    [act] = [one for one in await waiting_for_the_log(states.alder, "receipt", case) if one["context"]["operation"] == "exchange-requeue"]
    assert act["actor"]["role"] == "registrar"
    assert (await case.request()).state == Request.WAITING
    await case.answer()
    [again] = [row for row in await case.envelopes() if row.state == Outgoing.QUEUED]
    assert again.id != first.id
    assert again.decision_id not in (None, first.decision_id)
    await case.finish()
    assert (await case.told()).state == "applied"


@pytest.mark.requirement("EX-letters")
async def test_what_is_given_up_is_told_to_the_other_side_and_nothing_more_is_sent(states: TwoStates) -> None:
    case = await states.queued()
    row = await case.package()
    async with birch_away(states):
        await case.deliver()
        await recalled(states.alder, row.id)
        await given_up(states.alder, row.id)
    assert (await case.request()).state == Request.CLOSED
    await states.alder.do("telling")
    outcomes = {
        one["context"]["outcome"]
        for one in await waiting_for_the_log(states.birch, "receipt", case)
        if one["context"]["operation"] == "exchange-ending"
    }
    assert outcomes == {"recalled", "given-up"}
    await case.answer()
    assert [one.kind for one in await case.envelopes()] == ["package"]


async def test_a_request_that_its_agency_gives_up_is_closed_at_the_holder_and_what_waits_is_withdrawn(states: TwoStates) -> None:
    case = await states.queued()
    async with birch_away(states):
        await case.deliver()
        exchange, asked = states.birch.exchange, await case.asked()
        await asking.end(exchange, asked, Asked.EXPIRED, None)
    await given_up(states.birch, case.id)
    await states.birch.do("telling")
    assert (await case.request()).state == Request.CLOSED
    row = await case.package()
    assert (row.state, row.problem_code, row.ciphertext) == (Outgoing.WITHDRAWN, "given-up-by-requester", None)
    [entry] = await waiting_for_the_log(states.alder, "disclosure-withdrawn", case)
    assert entry["context"]["outcome"] == "unconfirmed"
    assert row.id not in await letters(states.alder)


@pytest.mark.requirement("EX-letters")
async def test_of_several_operators_who_deal_with_a_letter_at_once_one_does(states: TwoStates) -> None:
    case = await states.queued()
    async with birch_away(states):
        await case.deliver()
        row = await case.package()
        await recalled(states.alder, row.id)
    async with states.alder.client("state-agency") as agency:
        why, key = because(states.alder), str(uuid4())
        calls = [agency.requeue_dead_letter(row.id, why) for _ in range(3)]
        calls += [agency.give_up_dead_letter(row.id, why) for _ in range(3)]
        done = await asyncio.gather(*calls, return_exceptions=True)
        assert sorted(type(one).__name__ for one in done) == ["DeadLetter"] + ["LetterClosed"] * 5
        with pytest.raises(LetterClosed):
            await agency.requeue_dead_letter(row.id, why)
        with pytest.raises(NoSuchLetter):
            await agency.requeue_dead_letter(uuid4(), why, idempotency_key=key)
    acts = [one for one in await waiting_for_the_log(states.alder, "receipt", case) if str(row.id) in (one["context"].get("about") or "")]
    assert len([one for one in acts if one["context"]["operation"] != "exchange-recall"]) == 1


async def test_the_same_act_again_is_answered_as_the_first_time(states: TwoStates) -> None:
    case = await states.queued()
    async with birch_away(states):
        await case.deliver()
        row = await case.package()
    async with states.alder.client("state-agency") as agency:
        why, key = because(states.alder), str(uuid4())
        first = await agency.recall_answer(row.id, why, idempotency_key=key)
        assert await agency.recall_answer(row.id, why, idempotency_key=key) == first
        key = str(uuid4())
        done = await agency.give_up_dead_letter(row.id, why, idempotency_key=key)
        assert await agency.give_up_dead_letter(row.id, why, idempotency_key=key) == done


def test_an_operator_who_signed_in_deals_with_letters_as_themselves() -> None:
    person = digest_of(b"somebody who signed in")
    claims = CallerClaims(
        client_id="c",
        organisation_id=uuid4(),
        organisation_kind="sea",
        role="operator",
        scopes=frozenset({SCOPE}),
        person=person,
        authenticated_at=EPOCH,
    )
    caller = Caller(claims, Principal(service="gateway", caller=claims, job=None))
    for official, refused in ((official_of(person), False), ("o-another", True)):
        acting = ActingOfficial(pairwise_id=official, role="superintendent", authenticated_at=EPOCH + timedelta(days=1))
        with pytest.raises(NotPermitted) if refused else nullcontext():
            known = operator_of(caller, OperatorAct(reason="looked-into", acting_official=acting)).why.acting_official
            assert (known.role, known.authenticated_at) == ("operator", EPOCH), "as the door knows them, not as they are named"


async def test_letters_are_listed_page_by_page_and_only_the_state_agencys_operators_see_them(states: TwoStates) -> None:
    held = await genuine(await states.queued())
    forger = Forger(states)
    for number in range(3):
        await forger.send_claims({**held.claims, "ct_digest": digest_of(b"page %d" % number)}, held.ciphertext)
    whole = list(await letters(states.birch))
    async with states.birch.client("state-agency") as agency:
        page = await agency.list_dead_letters(limit=2)
        seen = [one.id for one in page.content.letters]
        while page.next is not None:
            page = await agency.run(page.next)
            seen += [one.id for one in page.content.letters]
    assert seen == whole
    async with states.birch.client("new-district") as district:
        with pytest.raises(SuiteError) as refused:
            await district.list_dead_letters()
    assert refused.value.code in {"insufficient-scope", "not-permitted"}


async def test_a_receipt_that_comes_after_it_was_given_up_settles_the_letter(states: TwoStates) -> None:
    case = await states.queued()
    await case.deliver()
    row = await case.package()
    await inquiring._give_up(states.alder.exchange, row)
    assert (await letters(states.alder))[row.id].code == "receipt-overdue"
    await case.file()
    await case.acknowledge()
    assert row.id not in await letters(states.alder)
    [letter] = [one for one in await states.alder.rows(DeadLetterRow) if one.id == row.id]
    assert letter.state == "settled"
