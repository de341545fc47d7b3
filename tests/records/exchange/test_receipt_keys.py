"""The keys of receipts at a running node's door: whoever asks is answered, without a token, and without anybody being vouched for."""

import httpx2
import pytest

from safepassage.wire_rights import ReceiptKeys
from shared.internal_token import HEADER
from tests.records.exchange.two_states import TwoStates

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("RIGHTS-receipt")
async def test_anybody_reads_the_keys_of_receipts_and_nothing_else_of_privacy(states: TwoStates) -> None:
    own = states.alder.node.applications["privacy"].state.judge.key.jwk["kid"]
    async with httpx2.AsyncClient(base_url=states.alder.entity_id) as stranger:
        for headers in ({}, {HEADER: "forged", "authorization": "Bearer forged"}):
            answer = await stranger.get("/v1/receipt-keys", headers=headers)
            assert answer.status_code == 200
            published = ReceiptKeys.model_validate_json(answer.content)
            assert (published.issuer, [key.kid for key in published.keys]) == (states.alder.entity_id, [own])
        for path in ("/v1/duties", "/v1/consents/01980000-0000-7000-8000-000000000001/receipt"):
            assert (await stranger.get(path, headers={HEADER: "forged"})).status_code == 401
