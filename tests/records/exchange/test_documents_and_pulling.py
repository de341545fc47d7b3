"""Documents where one of the nodes cannot be called: it can send them, and cannot ask for them."""

import pytest

from safepassage.problems.requests import InvalidRequest
from services.records.exchange.sending import claims_of
from tests.records.exchange.documents import SMALL, asked, documents_of, waiting, with_scanners
from tests.records.exchange.test_pulling import behind_a_firewall, pulls, settle
from tests.records.exchange.two_states import TwoStates

pytestmark = pytest.mark.anyio


async def test_a_requester_that_cannot_be_called_cannot_ask_for_documents_and_is_sent_none(states: TwoStates) -> None:
    async with with_scanners(states):
        case = await asked(states, SMALL)  # before the trust list says that it pulls
        await pulls(states, states.birch)
        try:
            await case.answer()
            assert claims_of(await case.package()).body is None
            with pytest.raises(InvalidRequest) as refused:
                await asked(states, SMALL)
            assert refused.value.field == "attachments"
        finally:
            await pulls(states)
        await states.settle()
        assert (await case.told()).state == "applied"


async def test_a_holder_that_cannot_be_called_sends_documents(states: TwoStates) -> None:
    async with with_scanners(states):
        case = await waiting(states, SMALL)
        async with behind_a_firewall(states, states.alder):
            await settle(states, states.alder)
        assert (await case.told()).state == "applied"
        assert await documents_of(states, case) == [SMALL]
