"""A receiver that has lost a key: what waits for it is answered anew, sealed to the key that it has now."""

import pytest

from node.statement import sign_statement
from safepassage.envelope import Envelope
from services.records.exchange.states import Outgoing, Request
from tests.records.exchange.behind import waiting_for_the_log
from tests.records.exchange.two_states import State, TwoStates

pytestmark = pytest.mark.anyio


def lose_keys(state: State) -> None:
    """The node's encryption keys are gone, and its operator has published others."""
    for file in (state.folder.keys / "records" / "hpke").iterdir():
        file.unlink()
    state.exchange.epochs.load()
    state.exchange.epochs.prepare(state.clock())
    sign_statement(state.folder.file, state.folder.keys, state.folder.statement, now=state.clock())


@pytest.mark.requirement("EX-1")
async def test_what_was_sealed_to_a_key_that_is_gone_arrives_under_a_new_id_decision_and_entry(states: TwoStates) -> None:
    case = await states.queued()
    first = await case.package()
    lose_keys(states.birch)
    await states.advance(minutes=2)  # the statement is got again once a minute at most
    await case.deliver()
    refused = await case.package()
    assert (refused.state, refused.problem_code, refused.ciphertext) == (Outgoing.REJECTED, "encryption-key-unknown", None)
    request = await case.request()
    assert request.state == Request.WAITING
    assert request.next_attempt_at is not None
    assert states.clock() < request.next_attempt_at < request.expires_at
    [entry] = [one for one in await waiting_for_the_log(states.alder, "receipt", case) if one["context"]["outcome"] == "refused"]
    assert entry["context"]["envelope_id"] == str(first.id)
    await states.advance(seconds=10)
    await case.answer()
    again = [row for row in await case.envelopes() if row.state == Outgoing.QUEUED]
    assert len(again) == 1
    assert again[0].id != first.id
    assert again[0].decision_id not in (None, first.decision_id)
    assert again[0].entry_index not in (None, first.entry_index)
    anew = (await case.asked()).answer_kid
    assert anew is not None
    assert Envelope.model_validate_json(again[0].claims).enc_kid == anew != Envelope.model_validate_json(first.claims).enc_kid
    birch = states.birch.exchange
    assert (await birch.organisation_keys.of(anew, now=states.clock())).sealed_to in birch.epochs.kids(states.clock())
    await states.alder.one("dispatching", again[0].id)
    await case.file()
    await case.acknowledge()
    assert (await case.told()).state == "applied"


async def test_a_peer_whose_statement_names_a_key_that_it_has_not_is_answered_less_and_less_often(states: TwoStates) -> None:
    case = await states.queued()
    epochs = states.birch.exchange.epochs
    epochs._keys.clear()  # and its statement goes on naming them
    pauses = []
    for _ in range(3):
        for row in await case.envelopes():
            await states.alder.one("dispatching", row.id)
        request = await case.request()
        assert request.next_attempt_at is not None
        pauses.append((request.next_attempt_at - states.clock()).total_seconds())
        await states.advance(seconds=pauses[-1] + 1)
        await case.answer()
    epochs.load()
    assert pauses == sorted(pauses)
    assert pauses[-1] > 4 * pauses[0]


@pytest.mark.requirement("EX-1")
async def test_whose_request_was_sealed_to_a_key_that_is_gone_asks_again_and_is_answered(states: TwoStates) -> None:
    first = await states.queued()
    await first.finish()  # Birch holds the statement of before, and would use it for an hour
    lose_keys(states.alder)
    child = states.child()
    await states.alder.load(child)
    refused = await states.ask(child.selector)
    await states.advance(minutes=2)  # a statement is got again once a minute at most
    await refused.deliver_request()
    assert (await refused.asked()).problem_code == "encryption-key-unknown"
    again = await states.ask(child.selector)
    await again.deliver_request()
    await again.answer()
    await again.finish()
    assert (await again.told()).state == "applied"
