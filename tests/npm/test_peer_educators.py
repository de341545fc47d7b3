"""An educator's credentials asked for by another maker's node (peer/), and by ours of it."""

import json
from uuid import uuid4

import pytest

from node.demo.seats import MOVER_DISTRICT
from safepassage.wire_licensure import EducatorSelector
from tests.npm.peers import Network
from tests.npm.scripts import conversing, script
from tests.records.exchange.educators import application_of, educator, micro_credential, request_of

pytestmark = [pytest.mark.anyio, pytest.mark.npm]

REFUSED = {
    "on no application": "422 purpose-not-served",
    "as if for a child": "422 purpose-not-served",
    "on evidence of an enrolment": "400 malformed-token",
    "with sections of a child": "422 unknown-section sections",
    "of a child too": "400 malformed-token",
    "without who it is": "400 malformed-token",
    "for a school": "400 malformed-token evidence.receiving_organisation.kind",
    "of tomorrow": "422 evidence-not-accepted evidence.applied_on",
    "with documents": "422 unknown-section sections",
}
PERSON = {"first_name": "Ana", "last_name": "García", "birth_date": "2014-03-09"}


@pytest.mark.requirement("EX-other-makers")
async def test_it_asks_for_an_educators_credentials_on_an_application(beside: Network) -> None:
    alder, told, one = beside.alder, beside.told["asking for credentials"], educator()
    agency = alder.organisation(MOVER_DISTRICT)
    async with alder.client("former-district") as district:
        issued = await district.issue_educator_credential(micro_credential(one))
        [held] = (await district.search_educator_credentials(one.identifier)).credentials
        written = application_of(held.educator_id, agency, f"{told['entity_id']}#birch-elementary", alder.clock())
        application = await district.record_evidence(written)
    await alder.tell()
    selector = EducatorSelector(authority=agency, **one.model_dump()).model_dump(mode="json")
    about = {"organisation": "birch-elementary", "educator": selector, "application": str(application.id), "person": PERSON}
    said = await script("peer/asks_for_credentials.mjs", **told, **about)
    assert said["refused"] == REFUSED
    assert [json.loads(one) for one in said["found"]["content"]["credentials"]] == [issued.document]
    assert [one["content"]["kind"] for one in said["others"]] == ["not-provided"] * 2
    assert [(one["filed"], one["notice"]) for one in (said["found"], *said["others"])] == [(204, None)] * 3


@pytest.mark.requirement("EX-other-makers")
async def test_credentials_of_it_that_do_not_hold_are_rejected_by_name(beside: Network) -> None:
    alder, told, one = beside.alder, beside.told["holding credentials"], educator()
    district_id = alder.organisation(MOVER_DISTRICT)
    selector = EducatorSelector(authority=uuid4(), **one.model_dump())
    new = request_of(selector, uuid4(), holder=told["entity_id"], receiving=district_id, now=alder.clock())
    async with conversing("peer/holds_credentials.mjs", **told) as heard, alder.client("former-district") as district:
        assert await heard() == {"ready": True}
        asked = [await district.create_educator_credential_request(new, idempotency_key=str(uuid4())) for _ in range(3)]
        said = await heard()
        assert said["selector"]["educator"] == selector.model_dump(mode="json")
        assert said["record"] == [422, "other-exchange"]
        assert [said[name]["second"] for name in ("words", "document")] == [
            {"outcome": "rejected", "reason": "credential-malformed"},
            {"outcome": "rejected", "reason": "credential-issuer-not-trusted"},
        ]
        assert said["nothing"] == 200
        assert said["tokens"] == 1  # three requests at once, each of which is asked for a nonce
        states = sorted([(await district.read_educator_credential_request(one.id)).state for one in asked])
        assert states == ["not-provided", "rejected", "rejected"]  # in whichever order they came
        assert (await district.search_educator_credentials(one.identifier)).credentials == ()
