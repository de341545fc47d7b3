"""What a person is here: one role, of one organisation, as the provider and the settings say together."""

from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.problems.people import GroupsNotTold, NoRoleHere, SignInNotBelieved
from services.gateway.people.id_token import require_addressed
from services.gateway.people.role_claims import role_of
from services.gateway.settings import GatewaySettings
from tests.gateway.house import House
from tests.gateway.people.openid_provider import OpenIdProvider
from tests.gateway.people.signing_in import PEOPLE, Browser, person_of

SETTINGS = GatewaySettings.model_validate(
    PEOPLE | {"entity_id": "https://node.example", "database_url": "sqlite+inline:///unused", "keys_directory": "/nowhere"}
)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"roles": None}, "no-role-here"),
        ({"roles": []}, "no-role-here"),
        ({"roles": ["another"]}, "no-role-here"),
        ({"roles": ["SP-OPERATORS"]}, "no-role-here"),
        ({"roles": {"sp-operators": True}}, "no-role-here"),
        ({"roles": ["sp-operators", "sp-auditors"]}, "no-role-here"),
        ({"roles": None, "_claim_names": {"roles": "src1"}}, "groups-not-told"),
        ({"roles": ["sp-operators"], "_claim_names": {"roles": "src1"}}, "groups-not-told"),
        ({"roles": ["sp-districts"]}, "no-role-here"),
        ({"roles": ["sp-districts"], "organisation": ["1"]}, "no-role-here"),
        ({"roles": ["sp-districts"], "organisation": "unknown"}, "no-role-here"),
    ],
)
async def test_who_has_no_one_role_here_does_not_come_in_and_is_told_whom_to_ask(
    signing: House, provider: OpenIdProvider, claims: dict[str, Any], code: str
) -> None:
    provider.next |= claims
    browser = Browser(signing)
    answer = await browser.sign_in(provider)
    assert (answer.status, code in answer.body.decode()) == (403, True)
    assert "operator" in answer.body.decode()
    assert "__Host-sid" not in browser.cookies
    told = [one for one in await signing.entries() if one.actor.kind == "person"]
    assert [(one.class_, one.context.operation, one.context.reason) for one in told] == [("refusal", "sign-in", code)]
    assert (told[0].actor.role, told[0].actor.organisation_id) == (None, None)


@pytest.mark.anyio
@pytest.mark.parametrize("by", ["id", "nces_id", "state_id"])
async def test_a_district_officer_is_of_the_district_that_the_provider_names(signing: House, provider: OpenIdProvider, by: str) -> None:
    (state,) = await signing.hand.organisations()
    district = await signing.organisation("lea", parent_id=state.id, nces_id="2701234", state_id="ISD-1", name="Oak District")
    await signing.organisation("lea", parent_id=state.id, nces_id="2701235", state_id="ISD-2")
    before = {"valid_from": "2000-07-01", "valid_until": "2020-07-01"}
    await signing.organisation("lea", parent_id=state.id, state_id="ISD-1", **before)  # whose number went to the one that followed it
    provider.next |= {"roles": ["sp-districts"], "organisation": str(getattr(district, by))}
    browser = Browser(signing)
    assert (await browser.sign_in(provider)).status == 303
    person = await person_of(browser, signing.now)
    assert (person.role, person.organisation_id, person.organisation_kind) == ("district-officer", district.id, "lea")
    assert "Oak District" in (await browser.get("/signed-in")).body.decode()


@pytest.mark.anyio
async def test_a_state_agency_and_a_school_are_no_district(signing: House, provider: OpenIdProvider) -> None:
    (state,) = await signing.hand.organisations()
    district = await signing.organisation("lea", parent_id=state.id)
    school = await signing.organisation("school", parent_id=district.id)
    for organisation in (state, school):
        provider.next |= {"roles": ["sp-districts"], "organisation": str(organisation.id)}
        assert (await Browser(signing).sign_in(provider)).status == 403


WORDS = st.one_of(st.sampled_from([*SETTINGS.people_roles, "another", ""]), st.text(max_size=5), st.integers(), st.none())


@given(st.one_of(WORDS, st.lists(WORDS, max_size=4), st.dictionaries(st.text(max_size=3), WORDS, max_size=2)))
def test_a_role_is_given_by_a_word_of_the_settings_or_not_at_all(said: Any) -> None:
    try:
        given_role = role_of({"roles": said, "organisation": "1"}, SETTINGS)
    except NoRoleHere:
        return
    words = [said] if isinstance(said, str) else said
    assert given_role.granted_by in words
    assert {SETTINGS.people_roles[word] for word in words if isinstance(word, str) and word in SETTINGS.people_roles} == {given_role.role}


def test_groups_that_entra_left_out_are_never_taken_for_none() -> None:
    settings = SETTINGS.model_copy(update={"people_role_claim": "groups"})
    for claims in ({"hasgroups": True}, {"_claim_names": {"groups": "src1"}, "groups": ["sp-operators"]}):
        with pytest.raises(GroupsNotTold):
            role_of(claims, settings)


TENANT = "https://login.microsoftonline.com/8f5c3a60-0000-4000-8000-000000000001/v2.0"


@pytest.mark.parametrize(
    ("tid", "believed"), [("8f5c3a60-0000-4000-8000-000000000001", True), (None, True), ("8f5c3a60", False), ("", False)]
)
def test_a_token_of_another_tenant_of_entra_is_not_believed(tid: str | None, believed: bool) -> None:
    claims = {"iss": TENANT, "aud": "the-node", **({} if tid is None else {"tid": tid})}
    with nullcontext() if believed else pytest.raises(SignInNotBelieved, match="tenant"):
        require_addressed(claims, issuer=TENANT, client_id="the-node")


@pytest.mark.anyio
async def test_nobody_is_of_a_district_whose_number_another_has_at_the_same_time(signing: House, provider: OpenIdProvider) -> None:
    (state,) = await signing.hand.organisations()
    for _ in range(2):
        await signing.organisation("lea", parent_id=state.id, state_id="ISD-1")
    provider.next |= {"roles": ["sp-districts"], "organisation": "ISD-1"}
    answer = await Browser(signing).sign_in(provider)
    assert (answer.status, "no-role-here" in answer.body.decode()) == (403, True)
