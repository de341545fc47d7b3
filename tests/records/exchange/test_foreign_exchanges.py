"""What one district asked of another state looks absent to every other organisation of its own."""

import json
from uuid import UUID, uuid4

import pytest

from node.demo.seats import RECEIVING_DISTRICT
from shared.in_process import call
from shared.internal_token import HEADER, CallerClaims, InternalTokens
from shared.keys import SigningKey
from tests.records.exchange.findings import new_finding
from tests.records.exchange.other_claimants import second_district
from tests.records.exchange.test_transfer_notices import filed
from tests.records.exchange.two_states import State, TwoStates

pytestmark = pytest.mark.anyio

OFFICIAL = {"role": "registrar", "pairwise_id": "r-1", "attested_at": "2026-10-01T12:00:00.000Z"}


async def asked_by(
    state: State, organisation: UUID, kind: str, method: str, path: str, *, query: str = "", body: object = None
) -> tuple[int, object, bytes]:
    """What an organisation of the node is answered, but for the ids of the request."""
    gateway = InternalTokens("gateway", SigningKey.load(state.folder.path / "keys" / "gateway" / "internal.json"), {})
    scopes = ("exchange:request", "records:read")
    claims = CallerClaims.model_validate(
        {"client_id": "other", "organisation_id": organisation, "organisation_kind": kind, "role": "registrar", "scopes": scopes}
    )
    headers = {"content-type": "application/json", "idempotency-key": str(uuid4()), "x-request-id": str(UUID(int=7))}
    headers[HEADER] = gateway.for_caller("records", claims, state.clock())
    content = b"" if body is None else json.dumps(body).encode()
    answer = await call(state.records, method, path, query=query, headers=headers, body=content)
    return answer.status, {name: value for name, value in answer.headers.items() if name != "x-request-id"}, answer.body


@pytest.mark.requirement("BAD-foreign")
async def test_an_exchange_of_another_district_is_one_that_does_not_exist(states: TwoStates) -> None:
    case, _ = await filed(states)
    async with states.birch.client("new-district") as client:
        finding = await client.create_finding(new_finding(states.birch, states.child().selector), idempotency_key=str(uuid4()))
        assert (await client.read_exchange_request(case.id)).state == "applied"
        assert (await client.read_finding(finding.id)).id == finding.id
    other = await second_district(states.birch, but=states.birch.organisation(RECEIVING_DISTRICT))
    notice = {"kind": "withdrawn", "effective_on": states.clock().date().isoformat(), "official": OFFICIAL}
    push = {"system": "sis", "student_unique_id": "1"}
    there = (("GET", "", None), ("GET", "/record", None), ("POST", "/notices", notice), ("POST", "/ed-fi-push", push))
    for kind in ("lea", "school"):
        for method, ending, body in there:
            answers = [
                await asked_by(states.birch, other, kind, method, f"/v1/exchange-requests/{one}{ending}", body=body)
                for one in (case.id, uuid4())
            ]
            assert answers[0] == answers[1], ending
            assert answers[0][0] == 404, answers[0]
        answers = [await asked_by(states.birch, other, kind, "GET", f"/v1/findings/{one}") for one in (finding.id, uuid4())]
        assert answers[0] == answers[1]
        answers = [
            await asked_by(states.birch, other, kind, "GET", "/v1/transfer-notices", query=f"exchange_id={one}")
            for one in (case.id, uuid4())
        ]
        assert answers[0] == answers[1]
    await states.settle()
