"""RFC 8693: what is made of a token may do as much or less, ends with it, and says who acts."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from safepassage.problems.requests import InvalidRequest
from safepassage.wire_clients import ClientGrants
from services.gateway import app as gateway_app
from tests.conftest import StandingClock
from tests.gateway.becoming import becomes
from tests.gateway.by_hand import Answer, Party, ask_endpoint, ask_token
from tests.gateway.house import ISSUER, House, claims_of, open_house
from tests.gateway.oauth.agreements import AGREEMENT, agreeing

pytestmark = pytest.mark.anyio

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS = "urn:ietf:params:oauth:token-type:access_token"
PATH = "/v1/decisions/019a0000-0000-7000-8000-000000000000"
SCOPES = ("decisions:read", "exchange:request", "records:read")
ODS = "https://ods.alder.example"


async def exchange(house: House, party: Party, token: str, **parameters: str) -> Answer:
    """`party` asks for a token of its own made from `token`; an empty parameter is left out."""
    form = party.proven(house.now, grant_type=GRANT, subject_token=token, subject_token_type=ACCESS) | parameters
    return await ask_token(house.app, party, house.now, form={name: value for name, value in form.items() if value})


async def exchanged(house: House, party: Party, token: str, **parameters: str) -> str:
    answer = await exchange(house, party, token, **parameters)
    assert answer.status == 200, answer.body
    return str(answer.json["access_token"])


async def actor_for(house: House, party: Party, *scopes: str, **about: Any) -> Party:
    """A client that may exchange the tokens of `party`, of the same organisation."""
    return await house.sea_party(*(scopes or SCOPES), registered={"may_exchange": [party.client_id]}, **about)


@pytest.fixture
async def subject(house: House) -> Party:
    return await house.sea_party(*SCOPES, purposes=["assessment", "instruction"])


def details(**members: Any) -> str:
    return json.dumps([{"type": "student_data_access", "purpose": "assessment", **members}])


@pytest.mark.requirement("DOOR-exchange")
async def test_a_client_narrows_its_own_token_for_another_key(house: House, subject: Party) -> None:
    token = await house.token(subject, authorization_details=details(datatypes=["identity", "attendance"]))
    old_key = subject.proof_key
    subject.proof_key = Party("", ISSUER).proof_key
    answer = await exchange(house, subject, token, scope="records:read", authorization_details=details(datatypes=["identity.name"]))
    assert answer.status == 200, answer.body
    assert {name: answer.json[name] for name in ("token_type", "issued_token_type", "scope", "expires_in", "authorization_details")} == {
        "token_type": "DPoP",
        "issued_token_type": ACCESS,
        "scope": "records:read",
        "expires_in": 300,
        "authorization_details": [{"type": "student_data_access", "purpose": "assessment", "datatypes": ["identity.name"]}],
    }
    made = answer.json["access_token"]
    claims = claims_of(made)
    assert (claims["cnf"]["jkt"], claims["sub"], "act" in claims) == (subject.proof_key.thumbprint(), subject.client_id, False)
    assert (await house.call(subject, made, "GET", PATH)).status == 403
    subject.proof_key = old_key
    assert (await house.call(subject, made, "GET", "/v1/students/3d0a6ff0-6a5c-4c0c-8d2e-1d1a2b3c4d5e")).code == "proof-not-valid"


@pytest.mark.requirement("DOOR-exchange")
async def test_who_acts_for_whom_is_in_the_token_in_the_services_and_on_the_log(house: House, subject: Party) -> None:
    actor = await actor_for(house, subject)
    last = await house.sea_party(*SCOPES, registered={"may_exchange": [actor.client_id]})
    token = await house.token(subject)
    second = await exchanged(house, actor, token)
    third = await exchanged(house, last, second, scope="decisions:read")
    claims = claims_of(third)
    assert (claims["sub"], claims["client_id"]) == (subject.client_id, last.client_id)
    assert claims["act"] == {"sub": last.client_id, "act": {"sub": actor.client_id}}
    assert [one["jti"] for one in claims["made_from"]] == [claims_of(token)["jti"], claims_of(second)["jti"]]
    assert (await house.call(last, third, "GET", PATH)).status == 200
    caller = house.heard("privacy").principal.caller
    assert caller is not None
    assert (caller.client_id, caller.for_client, caller.scopes) == (last.client_id, subject.client_id, {"decisions:read"})
    events = [event for event in await house.entries() if event.context.operation == "token-exchanged"]
    assert [(event.actor.client_id, event.actor.for_client, event.context.about) for event in events] == [
        (actor.client_id, subject.client_id, f"token:{claims_of(token)['jti']}"),
        (last.client_id, subject.client_id, f"token:{claims_of(second)['jti']}"),
    ]
    seen = await ask_endpoint(house.app, "/oauth/introspect", last.proven(house.now, token=third))
    assert seen.json["act"]["sub"] == last.client_id


async def test_the_scopes_are_those_that_both_have(house: House, subject: Party) -> None:
    actor = await actor_for(house, subject, "decisions:read", "audit:search")
    token = await house.token(subject, scope="decisions:read records:read")
    assert claims_of(await exchanged(house, actor, token))["scope"] == "decisions:read"
    for scope in ("records:read", "audit:search", "exchange:request", "decisions:read decisions:read", "decisions:read  ", "nonsense:x"):
        answer = await exchange(house, actor, token, scope=scope)
        assert (answer.status, answer.code) == (400, "invalid_scope"), scope
    nothing = await actor_for(house, subject, "audit:search")
    assert (await exchange(house, nothing, token)).code == "invalid_scope"


async def test_it_ends_when_the_token_ends_that_it_was_made_from(house: House, subject: Party, clock: StandingClock) -> None:
    token = await house.token(subject)
    clock.advance(seconds=200)
    late = await exchange(house, subject, token)
    assert (late.status, late.code) == (503, "temporarily_unavailable"), "it cannot be known whether it was taken back"
    await house.app.state.standing.refresh()
    answer = await exchange(house, subject, token)
    assert answer.json["expires_in"] == 100
    assert claims_of(answer.json["access_token"])["exp"] == claims_of(token)["exp"]
    again = await exchanged(house, subject, answer.json["access_token"])
    assert claims_of(again)["exp"] == claims_of(token)["exp"]
    clock.advance(seconds=100)
    await house.app.state.standing.refresh()
    assert (await house.call(subject, again, "GET", PATH)).code == "access-token-not-valid"
    assert (await exchange(house, subject, again)).code == "invalid_request"


async def test_it_ends_with_the_last_day_of_what_it_is_narrowed_to(house: House, subject: Party, clock: StandingClock) -> None:
    day = datetime(2026, 10, 21, 4, tzinfo=UTC)
    clock.instant = day - timedelta(minutes=3)
    await house.app.state.standing.refresh()
    token = await house.token(subject, authorization_details=details())
    answer = await exchange(house, subject, token, authorization_details=details(expires="2026-10-21"))
    assert (answer.status, answer.json["expires_in"]) == (200, 180), "the day begins in three minutes where the agency is"
    assert claims_of(answer.json["access_token"])["exp"] == int(day.timestamp())


async def test_a_token_is_exchanged_four_times_and_no_more(house: House, subject: Party) -> None:
    token = await house.token(subject)
    for _ in range(4):
        token = await exchanged(house, subject, token)
    answer = await exchange(house, subject, token)
    assert (answer.status, answer.code) == (400, "invalid_request")
    assert "too often" in answer.json["error_description"]


@pytest.mark.requirement("DOOR-exchange")
async def test_whatever_ends_the_first_token_ends_all_that_were_made_of_it(house: House, subject: Party) -> None:
    actor = await actor_for(house, subject)
    token = await house.token(subject)
    second = await exchanged(house, actor, token)
    third = await exchanged(house, actor, second)
    other = await exchanged(house, actor, await house.token(subject))
    for one in (second, third, other):
        assert (await house.call(actor, one, "GET", PATH)).status == 200
    await ask_endpoint(house.app, "/oauth/revoke", subject.proven(house.now, token=token))
    for one in (second, third):
        assert (await house.call(actor, one, "GET", PATH)).code == "access-token-not-valid"
        assert (await exchange(house, actor, one)).code == "invalid_request"
        seen = await ask_endpoint(house.app, "/oauth/introspect", actor.proven(house.now, token=one))
        assert seen.json == {"active": False}
    assert (await house.call(actor, other, "GET", PATH)).status == 200
    await house.hand.disable_client(UUID(subject.client_id))
    await house.app.state.standing.refresh()
    assert (await house.call(actor, other, "GET", PATH)).code == "access-token-not-valid"
    assert (await exchange(house, actor, other)).code == "invalid_request"


async def test_another_process_refuses_what_was_made_of_a_token_that_was_taken_back(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_app, "LOOK_SECONDS", 0.01)
    async with open_house(tmp_path, node_keys, clock, template=empty_store) as house:
        party = await house.sea_party("decisions:read")
        token = await house.token(party)
        made = await exchanged(house, party, token)
        async with open_house(tmp_path, node_keys, clock) as second:
            clock.advance(seconds=11)  # no proof can be from before its start
            assert (await second.call(party, made, "GET", PATH)).status == 200
            await ask_endpoint(house.app, "/oauth/revoke", party.proven(house.now, token=token))
            await becomes(lambda: _refuses(second, party, made))


async def test_an_assertion_exchanges_once_over_two_processes(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path
) -> None:
    async with open_house(tmp_path, node_keys, clock, template=empty_store) as house, open_house(tmp_path, node_keys, clock) as second:
        party = await house.sea_party("decisions:read")
        token = await house.token(party)
        form = party.proven(house.now, grant_type=GRANT, subject_token=token, subject_token_type=ACCESS)
        answers = await asyncio.gather(*(ask_token(one.app, party, house.now, form=form) for one in (house, second)))
        assert sorted(answer.status for answer in answers) == [200, 401]


async def _refuses(house: House, party: Party, token: str) -> bool:
    return (await house.call(party, token, "GET", PATH)).status == 401


async def test_what_is_not_a_token_in_force_that_the_client_may_exchange_is_refused_alike(
    house: House, subject: Party, clock: StandingClock
) -> None:
    stranger, actor = await house.sea_party(*SCOPES), await actor_for(house, subject)
    old = await house.token(subject)
    clock.advance(minutes=6)
    await house.app.state.standing.refresh()
    token, strangers = await house.token(subject), await house.token(stranger)
    back = await house.token(subject)
    await ask_endpoint(house.app, "/oauth/revoke", subject.proven(house.now, token=back))
    cases = {
        "another client's": (actor, strangers),
        "one that only names the client": (stranger, token),
        "the actor's subject does not act for the actor": (subject, await house.token(actor)),
        "an expired one": (actor, old),
        "one that was taken back": (actor, back),
        "one with another signature": (actor, token[:-6] + "AAAAAA"),
        "an assertion": (actor, actor.assertion(house.now)),
        "an assertion of the subject": (actor, subject.assertion(house.now)),
        "a proof": (actor, subject.proof(house.now, "POST", "/oauth/token")),
        "nonsense": (actor, "nonsense"),
    }
    answers = {name: await exchange(house, party, given) for name, (party, given) in cases.items()}
    assert {(answer.status, answer.body) for answer in answers.values()} == {(400, answers["nonsense"].body)}
    assert answers["nonsense"].code == "invalid_request"
    assert [event for event in await house.entries() if event.context.operation == "token-exchanged"] == []


FORMS: dict[str, tuple[dict[str, str], str]] = {
    "no subject token": ({"subject_token": ""}, "invalid_request"),
    "no type of it": ({"subject_token_type": ""}, "invalid_request"),
    "an id token": ({"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"}, "invalid_request"),
    "a JWT": ({"subject_token_type": "urn:ietf:params:oauth:token-type:jwt"}, "invalid_request"),
    "for a refresh token": ({"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, "invalid_request"),
    "for a SAML assertion": ({"requested_token_type": "urn:ietf:params:oauth:token-type:saml2"}, "invalid_request"),
    "with an actor token": ({"actor_token": "x", "actor_token_type": ACCESS}, "invalid_request"),
    "with the type of an actor token": ({"actor_token_type": ACCESS}, "invalid_request"),
    "for another server": ({"resource": ODS}, "invalid_target"),
    "for no server": ({"resource": "nowhere"}, "invalid_target"),
    "for another audience": ({"audience": ODS}, "invalid_target"),
    "for two audiences": ({"resource": ISSUER, "audience": ODS}, "invalid_target"),
    "for another purpose": ({"authorization_details": details(purpose="instruction")}, "invalid_authorization_details"),
    "for another action": ({"authorization_details": details(actions=["read", "load"])}, "invalid_authorization_details"),
    "for a datatype more": ({"authorization_details": details(datatypes=["identity", "attendance"])}, "invalid_authorization_details"),
    "for another agreement": ({"authorization_details": details(agreement_id=str(uuid4()))}, "invalid_authorization_details"),
    "for another basis": ({"authorization_details": details(legal_basis="study")}, "invalid_authorization_details"),
    "for longer": ({"authorization_details": details(expires="2099-01-01")}, "invalid_authorization_details"),
    "for another location": ({"authorization_details": details(locations=[ODS])}, "invalid_authorization_details"),
    "with an unknown member": ({"authorization_details": details(more=1)}, "invalid_authorization_details"),
    "with two entries": ({"authorization_details": details()[:-1] + "," + details()[1:]}, "invalid_authorization_details"),
    "for a scope more": ({"scope": "records:read decisions:read"}, "invalid_scope"),
    "with another method as well": ({"client_secret": "s"}, "invalid_request"),
}


@pytest.mark.parametrize("name", FORMS)
async def test_more_or_something_else_is_never_made_of_a_token(house: House, subject: Party, name: str) -> None:
    await house.sea_party("decisions:read", registered={"resource": ODS})
    agreeing(house)
    narrow = details(actions=["read"], datatypes=["identity"], legal_basis="contractor", expires="2027-01-01", agreement_id=AGREEMENT)
    token = await house.token(subject, scope="records:read", authorization_details=narrow)
    changes, error = FORMS[name]
    answer = await exchange(house, subject, token, **changes)
    assert (answer.status, answer.code) == (400, error), answer.body
    assert [event for event in await house.entries() if event.context.operation == "token-exchanged"] == []
    assert (await exchange(house, subject, token)).status == 200


async def test_a_token_for_no_purpose_gets_none_by_exchange(house: House, subject: Party) -> None:
    token = await house.token(subject)
    assert (await exchange(house, subject, token, authorization_details=details())).code == "invalid_authorization_details"


async def test_who_acts_is_registered_for_the_purpose_too(house: House, subject: Party) -> None:
    token = await house.token(subject, authorization_details=details())
    assert (await exchange(house, await actor_for(house, subject), token)).code == "invalid_authorization_details"
    assert (await exchange(house, await actor_for(house, subject, purposes=["assessment"]), token)).status == 200


async def test_a_token_for_another_server_is_exchanged_for_one_for_that_server(house: House, subject: Party) -> None:
    await house.sea_party("decisions:read", registered={"resource": ODS})
    token = await house.token(subject, resource=ODS)
    assert claims_of(await exchanged(house, subject, token))["aud"] == ODS
    assert (await exchange(house, subject, token, resource=ISSUER)).code == "invalid_target"


async def test_who_is_disabled_exchanges_nothing_and_without_a_proof_nobody_does(house: House, subject: Party) -> None:
    actor, token = await actor_for(house, subject), await house.token(subject)
    form = actor.proven(house.now, grant_type=GRANT, subject_token=token, subject_token_type=ACCESS)
    for proofs in ([], [actor.proof(house.now, "POST", "/oauth/revoke")]):
        headers = [("content-type", "application/x-www-form-urlencoded"), *(("dpop", one) for one in proofs)]
        answer = await ask_endpoint(house.app, "/oauth/token", form, headers=headers[1:])
        assert (answer.status, answer.code) == (400, "invalid_dpop_proof")
    await house.hand.disable_client(UUID(actor.client_id))
    await house.app.state.standing.refresh()
    assert (await exchange(house, actor, token)).code == "unauthorized_client"


async def test_a_client_exchanges_only_tokens_of_its_own_organisation_or_one_below(house: House) -> None:
    sea = await house.organisation("sea")
    lea = await house.organisation("lea", parent_id=sea.id, state_id="oak")
    ours, below = await house.party(sea, *SCOPES), await house.party(lea, "decisions:read")
    other = await house.party(await house.organisation("vendor"), "records:read")
    for foreign in (other.client_id, str(uuid4())):
        with pytest.raises(InvalidRequest) as refused:
            await house.party(sea, *SCOPES, registered={"may_exchange": [foreign]})
        assert refused.value.field == "may_exchange"
    with pytest.raises(InvalidRequest):
        await house.party(lea, "decisions:read", registered={"may_exchange": [ours.client_id]})
    with pytest.raises(InvalidRequest):
        await house.party(sea, *SCOPES, registered={"may_exchange": [below.client_id, below.client_id]})
    actor = await house.party(sea, *SCOPES)
    token = await house.token(below)
    assert (await exchange(house, actor, token)).code == "invalid_request"
    grants = ClientGrants(version=1, scopes=SCOPES, may_exchange=(UUID(below.client_id),))
    await house.hand.change_client_grants(UUID(actor.client_id), grants)
    made = claims_of(await exchanged(house, actor, token))
    assert (made["organisation_id"], made["organisation_kind"], made["scope"]) == (str(lea.id), "lea", "decisions:read")
