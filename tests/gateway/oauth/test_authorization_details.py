import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safepassage.problems.privacy import NoSuchAgreement
from services.gateway.door.routing_table import ROUTES
from services.gateway.oauth.agreed import within_terms
from services.gateway.oauth.authorization_details import (
    Registered,
    StudentDataAccess,
    grant_details,
    narrowed,
    read_details,
)
from services.gateway.oauth.oauth_errors import DetailsRefused
from tests.gateway.by_hand import Answer, Party, ask_token
from tests.gateway.house import ISSUER, House, claims_of
from tests.gateway.oauth.agreements import AGREEMENT, ELM, OAK, TERMS, agreeing

ONE = {"type": "student_data_access", "purpose": "assessment"}
OWN = UUID("019a0000-0000-7000-8000-0000000000aa")
TODAY = date(2026, 10, 20)
STUDENT = "/v1/students/3d0a6ff0-6a5c-4c0c-8d2e-1d1a2b3c4d5e"


def asked(*entries: Any) -> str:
    return json.dumps(entries)


def more(**members: Any) -> str:
    return asked({**ONE, **members})


def granted(requested: str | None, *purposes: str) -> StudentDataAccess | None:
    registered = Registered(purposes, OWN, "registrar")
    return grant_details(requested, registered=registered, audience=ISSUER, today=TODAY)


WRONG = {
    "no array": (json.dumps(ONE), "array"),
    "nothing": ("", "array"),
    "no JSON": ("[{", "array"),
    "nested without end": ("[" * 5000, "array"),
    "an empty array": ("[]", "array"),
    "two purposes": (asked(ONE, {**ONE, "purpose": "instruction"}), "one purpose"),
    "the same twice": (asked(ONE, ONE), "one purpose"),
    "seventeen": (asked(*[ONE] * 17), "array"),
    "no purpose": (asked({"type": "student_data_access"}), "array"),
    "no type": (asked({"purpose": "assessment"}), "array"),
    "another type": (more(type="payment"), "array"),
    "an unknown member": (more(privileges=["x"]), "array"),
    "a member of another type's": (more(consent_policy=["urn:x"]), "array"),
    "an action that does not exist": (more(actions=["write"]), "array"),
    "no action": (more(actions=[]), "array"),
    "an action twice": (more(actions=["read", "read"]), "twice"),
    "a datatype that is none": (more(datatypes=["SSN; DROP"]), "array"),
    "a datatype that no record has": (more(datatypes=["attendance.shoe_size"]), "section or an element"),
    "a datatype twice": (more(datatypes=["attendance", "attendance"]), "twice"),
    "an agreement that is no id": (more(agreement_id="x"), "array"),
    "a district that is no id": (more(districts=["oak"]), "array"),
    "no district": (more(districts=[]), "array"),
    "a district twice": (more(districts=[str(OAK), str(OAK)]), "twice"),
    "a hundred districts and one": (more(districts=[str(UUID(int=number)) for number in range(101)]), "array"),
    "another server": (more(locations=["https://other.example"]), "location"),
    "two servers": (more(locations=[ISSUER, "https://other.example"]), "array"),
    "a server without TLS": (more(locations=["http://node.example"]), "array"),
    "a requestor of another organisation": (more(requestor={"organization_id": str(OAK), "subject_role": "registrar"}), "requestor"),
    "a requestor of another role": (more(requestor={"organization_id": str(OWN), "subject_role": "auditor"}), "requestor"),
    "half a requestor": (more(requestor={"organization_id": str(OWN)}), "array"),
    "more than a requestor": (more(requestor={"organization_id": str(OWN), "subject_role": "registrar", "npi": "1"}), "array"),
    "a legal basis in words": (more(legal_basis="because we say so"), "array"),
    "a day that has come": (more(expires="2026-10-20"), "passed"),
    "a day that is none": (more(expires="soon"), "array"),
    "a purpose that is not registered": (more(purpose="recruiting"), "registered"),
    "too much": (more(datatypes=["a" * 60] * 200), "too long"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_malformed_unknown_or_wider_is_refused_for_its_own_reason(name: str) -> None:
    requested, why = WRONG[name]
    with pytest.raises(DetailsRefused) as refused:
        granted(requested, "assessment", "instruction")
    assert why in refused.value.description


def test_a_client_with_one_purpose_gets_it_and_one_with_several_must_say_which() -> None:
    alone = granted(None, "assessment")
    assert alone is not None
    assert alone.claims() == ONE
    assert granted(None, "assessment", "instruction") is None
    assert granted(None) is None


@given(
    st.sets(st.sampled_from(["assessment", "instruction", "study", "safety"])),
    st.sampled_from(["assessment", "instruction", "study", "safety"]),
)
@settings(max_examples=60, deadline=None)
def test_a_token_is_never_for_more_than_the_client_is(registered: set[str], purpose: str) -> None:
    try:
        details = granted(asked({**ONE, "purpose": purpose}), *registered)
    except DetailsRefused:
        assert purpose not in registered
        return
    assert details is not None
    assert details.purpose == purpose
    assert purpose in registered


_DETAILS = st.builds(
    StudentDataAccess,
    type=st.just("student_data_access"),
    purpose=st.sampled_from(["assessment", "instruction"]),
    actions=st.none() | st.lists(st.sampled_from(["read", "load", "request"]), min_size=1, unique=True).map(tuple),
    datatypes=st.none() | st.lists(st.sampled_from(["attendance", "identity", "identity.name"]), min_size=1, unique=True).map(tuple),
    districts=st.none() | st.lists(st.sampled_from([OAK, ELM]), min_size=1, unique=True).map(tuple),
    legal_basis=st.none() | st.sampled_from(["contractor", "study"]),
    expires=st.none() | st.dates(min_value=TODAY + timedelta(days=1), max_value=date(2027, 12, 31)),
)


def _opened(details: StudentDataAccess) -> set[tuple[str, str, str]]:
    """What details let through, multiplied out."""
    identity = {"identity.name", "identity.birth_date"}
    all_data = identity | {"attendance.totals"}
    data = {one for one in all_data if details.datatypes is None or one in details.datatypes or one.partition(".")[0] in details.datatypes}
    actions, places = details.actions or ("read", "load", "request"), details.districts or (OAK, ELM)
    return {(action, one, str(place)) for action in actions for one in data for place in places}


@given(_DETAILS, st.none() | _DETAILS)
@settings(max_examples=300, deadline=None)
def test_what_is_exchanged_opens_nothing_that_the_token_did_not(held: StudentDataAccess, requested: StudentDataAccess | None) -> None:
    try:
        left = narrowed(held, requested)
    except DetailsRefused:
        assert requested is not None
        return
    assert left is not None
    assert left.purpose == held.purpose
    assert _opened(left) <= _opened(held)
    assert held.legal_basis in (None, left.legal_basis)
    assert held.expires is None or (left.expires is not None and left.expires <= held.expires)
    if requested is not None:
        assert _opened(left) <= _opened(requested)


def test_what_is_granted_is_what_both_the_request_and_the_agreement_have() -> None:
    details = read_details(more(datatypes=["identity", "attendance"], districts=[str(OAK), str(ELM)], legal_basis="contractor"))
    assert within_terms(details, TERMS).claims() == {
        **ONE,
        "datatypes": ["identity.name", "identity.birth_date"],
        "districts": [str(OAK)],
        "legal_basis": "contractor",
        "expires": "2027-06-30",
    }
    sooner = within_terms(read_details(more(expires="2026-12-31")), TERMS)
    assert sooner.claims() == {**ONE, "expires": "2026-12-31"}
    for entry, why in (
        (more(districts=[str(ELM)]), "schedules nothing"),
        (more(datatypes=["attendance"]), "schedules nothing"),
        (more(legal_basis="study"), "legal basis"),
        (more(purpose="instruction"), "purpose"),
    ):
        with pytest.raises(DetailsRefused) as refused:
            within_terms(read_details(entry), TERMS)
        assert why in refused.value.description


async def ask_for(house: House, party: Party, **members: Any) -> Answer:
    form = party.form(house.now, authorization_details=more(**members))
    return await ask_token(house.app, party, house.now, form=form)


@pytest.mark.anyio
async def test_what_is_granted_is_told_kept_in_the_token_and_passed_on(house: House) -> None:
    party = await house.sea_party("records:read", purposes=["assessment", "instruction"])
    own = (await house.hand.organisations())[0].id
    requestor = {"organization_id": str(own), "subject_role": "registrar"}
    agreeing(house, district_ids=(OAK, ELM))
    answer = await ask_for(
        house,
        party,
        actions=["read"],
        datatypes=["identity.birth_date", "attendance"],
        agreement_id=AGREEMENT,
        districts=[str(ELM)],
        legal_basis="contractor",
        locations=[ISSUER],
        requestor=requestor,
    )
    (details,) = answer.json["authorization_details"]
    assert (details["datatypes"], details["districts"], details["expires"]) == (["identity.birth_date"], [str(ELM)], "2027-06-30")
    token = answer.json["access_token"]
    assert claims_of(token)["authorization_details"] == [details]
    asked_of = house.heard("privacy")
    assert (asked_of.principal.job, asked_of.path) == ("token-details", f"/internal/agreements/{AGREEMENT}/terms")
    assert (await house.call(party, token, "GET", STUDENT)).status == 200
    caller = house.heard().principal.caller
    assert caller is not None
    assert caller.details == {name: value for name, value in details.items() if name != "type"}
    info = (await house.call(party, token, "GET", "/oauth/token_info")).json
    assert info["authorization_details"] == [details]
    refused = await ask_for(house, party, purpose="safety")
    assert (refused.status, refused.code) == (400, "invalid_authorization_details")


@pytest.mark.anyio
async def test_no_agreement_in_force_no_token_and_where_that_cannot_be_known_try_again(house: House) -> None:
    party = await house.sea_party("records:read", purposes=["assessment"])
    gone = NoSuchAgreement().as_problem().model_dump_json(exclude_none=True).encode()
    house.behind["privacy"].answer = (404, [(b"content-type", b"application/problem+json")], gone)
    refused = await ask_for(house, party, agreement_id=AGREEMENT)
    assert (refused.status, refused.code) == (400, "invalid_authorization_details")
    house.behind["privacy"].answer = (500, [], b"")
    later = await ask_for(house, party, agreement_id=AGREEMENT)
    assert (later.status, later.code, later.headers["retry-after"]) == (503, "temporarily_unavailable", "5")
    assert [event for event in await house.entries() if event.class_ == "authentication"] == []


@pytest.mark.anyio
async def test_a_token_ends_when_what_it_is_for_ends(house: House) -> None:
    party = await house.sea_party("records:read", purposes=["assessment"])
    tomorrow = house.now.date() + timedelta(days=1)
    house.clock.advance(hours=15, minutes=58)  # where the state agency is it is two minutes before midnight
    answer = await ask_for(house, party, expires=str(tomorrow))
    assert answer.status == 200, answer.body
    assert answer.json["expires_in"] <= 120
    assert claims_of(answer.json["access_token"])["exp"] == int(datetime(2026, 10, 21, 4, tzinfo=UTC).timestamp())


@pytest.mark.anyio
async def test_without_an_agreement_a_district_is_the_organisations_own(house: House) -> None:
    sea = await house.organisation("sea")
    oak = await house.organisation("lea", parent_id=sea.id, state_id="oak")
    elm = await house.organisation("lea", parent_id=sea.id, state_id="elm")
    school = await house.organisation("school", parent_id=oak.id, state_id="oak-1")
    vendor = await house.organisation("vendor")
    about: dict[str, Any] = {"purposes": ["assessment"]}
    cases = [
        (await house.party(oak, "records:read", **about), oak.id, 200),
        (await house.party(oak, "records:read", **about), elm.id, 400),
        (await house.party(oak, "records:read", **about), school.id, 400),
        (await house.party(oak, "records:read", **about), UUID(AGREEMENT), 400),
        (await house.party(sea, "records:read:state", **about), elm.id, 200),
        (await house.party(sea, "records:read:state", **about), sea.id, 400),
        (await house.party(school, "records:read", **about), oak.id, 400),
        (await house.party(vendor, "records:read", **about), oak.id, 400),
    ]
    for party, district, status in cases:
        answer = await ask_for(house, party, districts=[str(district)])
        assert answer.status == status, (district, answer.body)
        assert status == 200 or answer.code == "invalid_authorization_details"


ROUTED = [
    ({"actions": ["read"]}, {STUDENT: 200, "/v1/load-reports": 403, "/v1/organisations": 403, "/v1/decisions": 403, "/v1/findings/x": 403}),
    ({"actions": ["load"]}, {STUDENT: 403, "/v1/load-reports": 200}),
    ({"actions": ["read", "load"]}, {STUDENT: 200, "/v1/load-reports": 200, "/v1/decisions": 403}),
    ({"datatypes": ["identity"]}, {STUDENT: 200, "/v1/load-reports": 403, f"{STUDENT}/attachments": 403, "/v1/organisations": 403}),
    ({"districts": "own"}, {STUDENT: 200, "/v1/statistics-budget": 403}),
    ({}, {STUDENT: 200, "/v1/load-reports": 200, "/v1/organisations": 200, "/v1/decisions": 200, f"{STUDENT}/attachments": 200}),
]


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-details")
@pytest.mark.parametrize(("members", "expected"), ROUTED, ids=lambda value: "-".join(value))
async def test_a_narrowed_token_opens_no_route_that_does_not_know_of_it(house: House, members: Any, expected: dict[str, int]) -> None:
    scopes = ("records:read", "records:load", "admin:organisations", "decisions:read", "exchange:request", "records:statistics")
    lea = await house.organisation("lea", parent_id=(await house.organisation("sea")).id, state_id="oak")
    party = await house.party(lea, *scopes, purposes=["assessment"])
    about = {"districts": [str(lea.id)]} if members.get("districts") else members
    answer = await ask_for(house, party, **about)
    assert answer.status == 200, answer.body
    token = answer.json["access_token"]
    for path, status in expected.items():
        assert (await house.call(party, token, "GET", path)).status == status, path
    opened = {(one["method"], one["path"]) for one in (await house.call(party, token, "GET", "/oauth/token_info")).json["operations"]}
    assert (("GET", "/v1/organisations") in opened) == (expected.get("/v1/organisations") == 200)
    assert ("GET", "/v1/students/{student_id}") in opened or expected[STUDENT] == 403


def test_what_reads_students_data_says_what_it_does_with_them() -> None:
    actions = {(route.method, route.template): route.action for route in ROUTES}
    assert actions["GET", "/v1/students/{student_id}"] == "read"
    assert actions["PUT", "/v1/students/{student_id}"] == "load"
    assert actions["POST", "/v1/exchange-requests"] == "request"
    assert actions["GET", "/v1/exchange-requests/{exchange_id}/record"] == "read"
    assert actions["POST", "/v1/consents"] is None
    cut = {route.template for route in ROUTES if route.cut}
    assert all(route.action == "read" for route in ROUTES if route.cut)
    assert {"/v1/roster-package", "/v1/msix-package", "/v1/statistics"}.isdisjoint(cut)
