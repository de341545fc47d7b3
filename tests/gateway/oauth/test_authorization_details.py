import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.oauth.authorization_details import grant_details
from services.gateway.oauth.oauth_errors import DetailsRefused
from tests.gateway.by_hand import ask_token
from tests.gateway.house import House, claims_of

ONE = {"type": "student_data_access", "purpose": "assessment"}
AGREEMENT = "019a0000-0000-7000-8000-000000000000"


def asked(*entries: Any) -> str:
    return json.dumps(entries)


WRONG = {
    "no array": json.dumps(ONE),
    "nothing": "",
    "no JSON": "[{",
    "an empty array": "[]",
    "two purposes": asked(ONE, {**ONE, "purpose": "instruction"}),
    "the same twice": asked(ONE, ONE),
    "no purpose": asked({"type": "student_data_access"}),
    "no type": asked({"purpose": "assessment"}),
    "another type": asked({**ONE, "type": "payment"}),
    "an unknown member": asked({**ONE, "districts": ["x"]}),
    "an action that does not exist": asked({**ONE, "actions": ["write"]}),
    "no action": asked({**ONE, "actions": []}),
    "a datatype that is none": asked({**ONE, "datatypes": ["SSN; DROP"]}),
    "an agreement that is no id": asked({**ONE, "agreement_id": "x"}),
    "a purpose that is not registered": asked({**ONE, "purpose": "recruiting"}),
    "too much": asked({**ONE, "datatypes": ["a" * 60] * 200}),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_malformed_unknown_or_wider_is_refused(name: str) -> None:
    with pytest.raises(DetailsRefused):
        grant_details(WRONG[name], purposes=("assessment", "instruction"))


def test_a_client_with_one_purpose_gets_it_and_one_with_several_must_say_which() -> None:
    alone = grant_details(None, purposes=("assessment",))
    assert alone is not None
    assert alone.claims() == ONE
    assert grant_details(None, purposes=("assessment", "instruction")) is None
    assert grant_details(None, purposes=()) is None


@given(
    st.sets(st.sampled_from(["assessment", "instruction", "study", "safety"])),
    st.sampled_from(["assessment", "instruction", "study", "safety"]),
)
@settings(max_examples=60, deadline=None)
def test_a_token_is_never_for_more_than_the_client_is(registered: set[str], purpose: str) -> None:
    try:
        granted = grant_details(asked({**ONE, "purpose": purpose}), purposes=tuple(registered))
    except DetailsRefused:
        assert purpose not in registered
        return
    assert granted is not None
    assert granted.purpose == purpose
    assert purpose in registered


@pytest.mark.anyio
async def test_what_is_granted_is_told_kept_in_the_token_and_passed_on(house: House) -> None:
    party = await house.sea_party("exchange:request", purposes=["assessment", "instruction"])
    details = {**ONE, "actions": ["read"], "datatypes": ["attendance", "identity.birth_date"], "agreement_id": AGREEMENT}
    answer = await ask_token(house.app, party, house.now, form=party.form(house.now, authorization_details=asked(details)))
    assert answer.json["authorization_details"] == [details]
    token = answer.json["access_token"]
    assert claims_of(token)["authorization_details"] == [details]
    await house.call(party, token, "GET", "/v1/exchange-requests/019a0000-0000-7000-8000-000000000000")
    caller = house.heard().principal.caller
    assert caller is not None
    assert caller.details == {name: value for name, value in details.items() if name != "type"}
    refused = await ask_token(
        house.app, party, house.now, form=party.form(house.now, authorization_details=asked({**ONE, "purpose": "safety"}))
    )
    assert (refused.status, refused.code) == (400, "invalid_authorization_details")
