"""An agreement lets a vendor's application act for a person of its district alone; when it ends, so does all that rests on it."""

import json
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from safepassage.problems.privacy import NoSuchAgreement
from safepassage.wire_organisations import Organisation
from tests.conftest import StandingClock
from tests.gateway.house import House, claims_of
from tests.gateway.oauth.agreements import AGREEMENT, agreeing
from tests.gateway.oauth.codes.flow import CODE, Application, answered, person, refused_for
from tests.gateway.people.signing_in import Browser

pytestmark = pytest.mark.anyio

NOT_LET = "no agreement in force"
PURPOSE = "assessment"


def details(**members: Any) -> str:
    return json.dumps([{"type": "student_data_access", "purpose": PURPOSE, "agreement_id": AGREEMENT, **members}])


def over(house: House) -> None:
    """Privacy knows the agreement no more: ended, not begun, of another party."""
    gone = NoSuchAgreement().as_problem().model_dump_json(exclude_none=True).encode()
    house.behind["privacy"].answer = (404, [(b"content-type", b"application/problem+json")], gone)


async def vendors(house: House, kind: str = "vendor", **about: Any) -> Application:
    """An application of another organisation than the district's."""
    scopes = ("records:read", "agreements:read") if kind == "vendor" else ("records:read",)
    return Application(house, await house.party(await house.organisation(kind, **about), *scopes, purposes=[PURPOSE], registered=CODE))


async def district(house: House) -> tuple[Organisation, Browser]:
    """A district of the state's, and an officer of it."""
    held = [one for one in await house.hand.organisations() if one.kind == "sea"]
    state = held[0] if held else await house.organisation("sea")
    oak = await house.organisation("lea", parent_id=state.id)
    return oak, await person(house, "district-officer", organisation_id=oak.id, subject=str(oak.id))


async def refused(app: Application, browser: Browser, request_uri: str) -> bool:
    """Whether the person is told that they cannot, and cannot."""
    told = NOT_LET in (await browser.get(app.page(request_uri))).body.decode()
    answer = await app.answer(browser, request_uri)
    assert (answer.status == 403) == told, answer
    return told


@pytest.mark.requirement("DOOR-agreement")
async def test_a_vendors_application_acts_for_an_officer_within_the_agreement_and_the_district(peopled: House) -> None:
    app, (oak, officer) = await vendors(peopled), await district(peopled)
    agreeing(peopled, district_ids=(oak.id, UUID(int=7)))
    got = await app.tokens(officer, authorization_details=details(datatypes=["identity"]), scope="records:read")
    narrowed = {"agreement_id": AGREEMENT, "districts": [str(oak.id)], "datatypes": ["identity.name", "identity.birth_date"]}
    [said] = got["authorization_details"]
    assert said == {"type": "student_data_access", "purpose": PURPOSE, "expires": "2027-06-30", **narrowed}
    claims = claims_of(got["access_token"])
    assert claims["organisation_kind"] == "vendor", "the log and the accounting name who was told: the vendor"
    assert claims["role"] == "district-officer"
    student = "/v1/students/019a0000-0000-7000-8000-000000000000"
    assert (await peopled.call(app.party, got["access_token"], "GET", student)).status == 200
    caller = peopled.heard("records").principal.caller
    assert caller is not None
    assert (str(caller.organisation_id), caller.details["districts"]) == (claims["organisation_id"], [str(oak.id)])
    assert caller.person is not None
    attachments = await peopled.call(app.party, got["access_token"], "GET", f"{student}/attachments")
    assert attachments.status == 403, "what is not narrowed to districts stays shut"
    assert (await app.refresh(got["refresh_token"])).json["authorization_details"] == [said]


@pytest.mark.requirement("DOOR-agreement")
async def test_without_an_agreement_with_that_very_district_it_acts_for_nobody(peopled: House) -> None:
    app, (oak, officer), (elm, other) = await vendors(peopled), await district(peopled), await district(peopled)
    school = await peopled.organisation("school", parent_id=oak.id)
    below = await person(peopled, "district-officer", organisation_id=school.id, subject="below")
    agreeing(peopled, district_ids=(oak.id,))
    both = details(districts=[str(oak.id), str(elm.id)])
    cases = {
        "no agreement": (officer, json.dumps([{"type": "student_data_access", "purpose": PURPOSE}]), True),
        "another district's officer": (other, details(), True),
        "a school below": (below, details(), True),
        "the state's own": (await person(peopled, "privacy-officer", subject="state"), details(), True),
        "another's of both that are asked for": (other, both, True),
        "its own of both that are asked for": (officer, both, False),
        "its own": (officer, details(), False),
    }
    for name, (browser, said, expected) in cases.items():
        assert await refused(app, browser, await app.pushed(authorization_details=said, scope="records:read")) is expected, name
    request = await app.pushed(authorization_details=details(), scope="records:read")
    over(peopled)
    assert await refused(app, officer, request), "it ended after the request was pushed"
    agreeing(peopled, district_ids=(oak.id, elm.id))
    districts = await vendors(peopled, "lea", parent_id=elm.parent_id)
    assert await refused(districts, officer, await districts.pushed(authorization_details=details())), "only a vendor or another agency"


async def test_districts_that_were_asked_for_and_are_not_the_persons_open_nothing_for_them(peopled: House) -> None:
    app, (oak, officer), (elm, _) = await vendors(peopled), await district(peopled), await district(peopled)
    agreeing(peopled, district_ids=(oak.id, elm.id))
    request = await app.pushed(authorization_details=details(districts=[str(elm.id)]), scope="records:read")
    assert await refused(app, officer, request)


@pytest.mark.requirement("DOOR-agreement")
@pytest.mark.parametrize("whose", ["vendor", "state"])
async def test_an_agreement_that_is_over_ends_what_rests_on_it_at_the_next_refresh(
    peopled: House, clock: StandingClock, whose: str
) -> None:
    oak, officer = await district(peopled)
    if whose == "vendor":
        app = await vendors(peopled)
    else:
        app = Application(peopled, await peopled.sea_party("records:read", purposes=[PURPOSE], registered=CODE))
    agreeing(peopled, district_ids=(oak.id,))
    got = await app.tokens(officer, authorization_details=details(), scope="records:read")
    unused = await app.code(officer, authorization_details=details(), scope="records:read")
    agreeing(peopled, district_ids=(oak.id,), ends_on=date(2026, 12, 31))
    following = (await app.refresh(got["refresh_token"])).json
    assert following["authorization_details"][0]["expires"] == "2026-12-31", "what was amended counts"
    peopled.behind["privacy"].answer = (500, [], b"")
    silent = await app.refresh(following["refresh_token"])
    assert (silent.status, silent.code, silent.headers["retry-after"]) == (503, "temporarily_unavailable", "5")
    assert refused_for(peopled) == "agreement-not-verifiable"
    over(peopled)
    answer = await app.refresh(following["refresh_token"])
    assert (answer.status, answer.code, refused_for(peopled)) == (400, "invalid_grant", "out-of-reach")
    assert (await peopled.call(app.party, following["access_token"], "GET", "/oauth/token_info")).status == 401
    answer = await app.exchange(unused)
    peopled.app.state.refusals.take(peopled.now, all_of_them=True)
    assert (answer.status, answer.code) == (400, "invalid_grant")
    agreeing(peopled, district_ids=(oak.id,))
    answer = await app.refresh(following["refresh_token"])
    assert (answer.code, refused_for(peopled)) == ("invalid_grant", "authorization-ended"), "it does not come back with the agreement"
    ended = [event.context.reason for event in await peopled.entries() if event.context.operation == "authorization-ended"]
    assert ended == ["out-of-reach"]


async def test_a_person_is_not_asked_while_the_agreement_cannot_be_verified(peopled: House) -> None:
    app, (oak, officer) = await vendors(peopled), await district(peopled)
    agreeing(peopled, district_ids=(oak.id,))
    request = await app.pushed(authorization_details=details(), scope="records:read")
    peopled.behind["privacy"].answer = (500, [], b"")
    assert (await officer.get(app.page(request))).status == 503
    assert (await app.answer(officer, request)).status == 503
    agreeing(peopled, district_ids=(oak.id,))
    assert (await app.answer(officer, request)).status == 303, "the request was not used up"


async def test_an_agreement_that_widens_after_the_person_answered_widens_nothing(peopled: House) -> None:
    app, (oak, officer) = await vendors(peopled), await district(peopled)
    agreeing(peopled, district_ids=(oak.id,))
    request = await app.pushed(authorization_details=details(datatypes=["identity"]), scope="records:read")
    agreeing(peopled, district_ids=(oak.id,), elements=("identity.name",))
    code = answered(await app.answer(officer, request))["code"]
    agreeing(peopled, district_ids=(oak.id,))
    assert (await app.exchange(code)).json["authorization_details"][0]["datatypes"] == ["identity.name"]
