"""What is kept of an educator is destroyed at either end, and never while it is on its way."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete

from safepassage.problems.credentials import EducatorInExchange, NoSuchEducator
from safepassage.problems.requests import TemporarilyUnavailable
from services.records.educators.answering import credentials_for
from services.records.exchange import answering, providing
from services.records.exchange.answers import Vouched
from services.records.shredding import Shredder
from services.records.tables import EducatorCredentialRow
from tests.records.exchange.behind import waiting_for_the_log
from tests.records.exchange.educators import applicant, ask, held_at, state_of
from tests.records.exchange.two_states import State, TwoStates

pytestmark = pytest.mark.anyio


async def destroy(state: State, educator_id: UUID) -> int:
    """As the command does."""
    exchange = state.exchange
    async with exchange.database.transaction() as tx:
        return await Shredder(exchange.vault, exchange.outbox, state.clock, about="destruction:7", jurisdiction="US-XA").educator(
            tx, educator_id
        )


@pytest.mark.requirement("VC-educators-destroyed")
async def test_destroyed_are_the_credentials_and_what_requests_say_of_the_educator_and_never_on_their_way(states: TwoStates) -> None:
    one = await applicant(states)
    case = await ask(states, one.request(await one.applies()))
    await case.deliver_request()
    await case.answer()
    with pytest.raises(EducatorInExchange):
        await destroy(states.alder, one.id)
    await states.settle()
    [held] = await held_at(states.birch, "new-district", one.educator)
    assert held.educator_id not in (None, one.id)
    assert held.educator_id is not None
    for state, identifier in ((states.birch, held.educator_id), (states.alder, one.id)):
        assert await destroy(state, identifier) == 1
        with pytest.raises(NoSuchEducator):
            await destroy(state, identifier)
        [told] = [body for body in await waiting_for_the_log(state, "load", None) if body["context"]["operation"] == "educator-destroyed"]
        assert (told["subjects"], told["context"]["about"], told["context"]["count"]) == ([str(identifier)], "destruction:7", 1)
    assert await held_at(states.birch, "new-district", one.educator) == await held_at(states.alder, "former-district", one.educator) == ()
    assert ((await case.asked()).particulars, (await case.request()).particulars) == (b"", b"")
    assert {row.ciphertext for row in await case.envelopes()} == {None}
    await one.revoked(one.credentials[0])  # whoever has it elsewhere can still learn that it holds no more
    case = await ask(states, one.request(uuid4()))
    await states.settle()
    assert await state_of(case) == "not-provided"


@pytest.mark.requirement("VC-educators-destroyed")
async def test_what_is_destroyed_while_an_answer_is_made_does_not_leave_with_it(states: TwoStates) -> None:
    one = await applicant(states)
    case = await ask(states, one.request(await one.applies()))
    await case.deliver_request()
    row = await case.request()
    asked = answering.asked_by(states.alder.exchange, row)
    assert asked.selector.educator is not None
    what = await credentials_for(states.alder.exchange, asked, asked.selector.educator, recalled=False)
    assert isinstance(what, Vouched)
    async with states.alder.exchange.database.transaction() as tx:
        await tx.execute(delete(EducatorCredentialRow).where(EducatorCredentialRow.educator_id == one.id))
    with pytest.raises(TemporarilyUnavailable):
        await providing.provide(states.alder.exchange, row, asked, what)
    await states.settle()
    assert await state_of(case) == "not-provided"
