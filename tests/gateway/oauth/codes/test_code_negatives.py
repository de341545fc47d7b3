"""Codes that give nothing: each exchange as good as can be but for one thing, and refused for that thing."""

import secrets
from collections.abc import Mapping
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select, update

from safepassage.wire_clients import ClientGrants
from services.gateway.tables import ClientRow, GivenAuthorizationRow, RefreshTokenRow
from tests.conftest import StandingClock
from tests.gateway.by_hand import ask_endpoint
from tests.gateway.house import House, claims_of
from tests.gateway.oauth.codes.flow import CALLBACK, Application, answered, application, changed, digest, person, refused_for, thumbprint_of

pytestmark = pytest.mark.anyio

Negative = tuple[Mapping[str, str | None], str, str]

NEGATIVES: dict[str, Negative] = {
    "no code": ({"code": None}, "invalid_request", "malformed"),
    "a code that nobody made": ({"code": "A" * 43}, "invalid_grant", "code"),
    "a long code": ({"code": "A" * 4000}, "invalid_grant", "code"),
    "no redirect_uri": ({"redirect_uri": None}, "invalid_grant", "code-redirect-uri"),
    "another redirect_uri": ({"redirect_uri": "https://evil.example/"}, "invalid_grant", "code-redirect-uri"),
    "a longer redirect_uri": ({"redirect_uri": CALLBACK + "/"}, "invalid_grant", "code-redirect-uri"),
    "no verifier": ({"code_verifier": None}, "invalid_grant", "verifier-missing"),
    "another verifier": ({"code_verifier": "B" * 43}, "invalid_grant", "verifier"),
    "a verifier of 42 characters": ({"code_verifier": "B" * 42}, "invalid_grant", "verifier-malformed"),
    "a verifier of 129 characters": ({"code_verifier": "B" * 129}, "invalid_grant", "verifier-malformed"),
    "a verifier with another alphabet": ({"code_verifier": "B" * 42 + "+"}, "invalid_grant", "verifier-malformed"),
    "a verifier with a line at its end": ({"code_verifier": "B" * 43 + "\n"}, "invalid_request", "malformed"),
    "another resource": ({"resource": "https://other.example/api"}, "invalid_target", "resource"),
    "a secret": ({"client_secret": "x"}, "invalid_request", "second-method"),
    "no assertion": ({"client_assertion": None}, "invalid_request", "malformed"),
    "an implicit grant": ({"grant_type": "implicit"}, "unsupported_grant_type", "grant-type"),
    "a password grant": ({"grant_type": "password"}, "unsupported_grant_type", "grant-type"),
}


async def _given(house: House) -> GivenAuthorizationRow:
    async with house.app.state.database.reading() as tx:
        return (await tx.execute(select(GivenAuthorizationRow).order_by(GivenAuthorizationRow.id.desc()))).scalars().first()  # type: ignore[return-value]


@pytest.mark.requirement("DOOR-code")
async def test_every_exchange_with_a_fault_is_refused_for_it_and_the_code_is_still_good(peopled: House) -> None:
    app, browser = await application(peopled), await person(peopled)
    code = await app.code(browser)
    for name, (changes, error, reason) in NEGATIVES.items():
        answer = await app.exchange(code, **changes)
        assert (answer.status, answer.code) == (400, error), (name, answer)
        assert refused_for(peopled) == reason, name
        assert app.verifier not in answer.body.decode()
        assert code not in answer.body.decode()
    assert (await _given(peopled)).code_used_at is None
    assert (await app.exchange(code)).status == 200


async def test_the_challenge_is_no_verifier(peopled: House) -> None:
    app, browser = await application(peopled), await person(peopled)
    challenge = app.request()["code_challenge"]
    answer = await app.exchange(await app.code(browser), code_verifier=challenge)
    assert (answer.code, refused_for(peopled)) == ("invalid_grant", "verifier")


async def test_a_code_lasts_a_minute(peopled: House, clock: StandingClock) -> None:
    app, browser = await application(peopled), await person(peopled)
    code, other = await app.code(browser), await app.code(browser)
    clock.advance(seconds=59)
    assert (await app.exchange(code)).status == 200
    clock.advance(seconds=1)
    answer = await app.exchange(other)
    assert (answer.code, refused_for(peopled)) == ("invalid_grant", "code-expired")


async def test_a_code_for_a_place_that_the_client_gave_up_gives_nothing(peopled: House) -> None:
    app, browser = await application(peopled), await person(peopled)
    code = await app.code(browser)
    async with peopled.app.state.database.transaction() as tx:
        await tx.execute(
            update(ClientRow).where(ClientRow.id == UUID(app.party.client_id)).values(redirect_uris="https://app.example/other")
        )
    answer = await app.exchange(code)
    assert (answer.status, answer.code, refused_for(peopled)) == (400, "invalid_grant", "code-redirect-uri-gone")
    assert (await _given(peopled)).code_used_at is None


async def test_another_client_learns_nothing_of_a_code(peopled: House) -> None:
    app, thief, browser = await application(peopled), await application(peopled), await person(peopled)
    code = await app.code(browser)
    stolen = await app.exchange(code, party=thief.party)
    assert (stolen.code, refused_for(peopled)) == ("invalid_grant", "code")
    used = await app.exchange(code)
    again = await app.exchange(code, party=thief.party)
    unknown = await app.exchange("A" * 43, party=thief.party)
    assert stolen.body == again.body == unknown.body
    token = used.json["access_token"]
    assert (await peopled.call(app.party, token, "GET", "/v1/decisions")).status == 200


async def test_a_code_is_good_for_the_key_that_it_was_made_for(peopled: House) -> None:
    app, browser = await application(peopled), await person(peopled)
    code = await app.code(browser)
    answer = await app.exchange(code, party=app.with_other_key())
    assert (answer.code, refused_for(peopled)) == ("invalid_dpop_proof", "proof")
    answer = await app.exchange(code, proof=app.party.proof(peopled.now, "POST", "/oauth/par"))
    assert (answer.code, refused_for(peopled)) == ("invalid_dpop_proof", "proof")
    named = await app.code(browser, dpop_jkt=app.jkt)
    assert (await app.exchange(named)).status == 200
    assert (await app.exchange(code)).status == 200


async def test_a_code_that_was_made_for_no_key_is_good_for_the_one_that_it_comes_with(peopled: House) -> None:
    """RFC 9449 section 10 is the client's to use: one that does not is told by its assertion and its verifier, as FAPI 2.0 has it."""
    app, browser = await application(peopled), await person(peopled)
    answer = await app.answer(browser, (await app.push(proof=None)).json["request_uri"])
    other = app.with_other_key()
    got = (await app.exchange(answered(answer)["code"], party=other)).json
    assert claims_of(got["access_token"])["cnf"] == {"jkt": thumbprint_of(other)} != {"jkt": app.jkt}
    assert (await peopled.call(other, got["access_token"], "GET", "/v1/decisions")).status == 200
    assert (await peopled.call(app.party, got["access_token"], "GET", "/v1/decisions")).status == 401


@pytest.mark.requirement("DOOR-code")
async def test_a_code_that_comes_again_ends_all_that_came_of_it(peopled: House) -> None:
    app, browser = await application(peopled), await person(peopled)
    code = await app.code(browser)
    got = (await app.exchange(code)).json
    assert (await peopled.call(app.party, got["access_token"], "GET", "/v1/decisions")).status == 200
    for _ in range(2):
        answer = await app.exchange(code)
        assert (answer.code, refused_for(peopled)) == ("invalid_grant", "code-used")
    answer = await peopled.call(app.party, got["access_token"], "GET", "/v1/decisions")
    assert (answer.status, answer.code) == (401, "access-token-not-valid")
    answer = await app.refresh(got["refresh_token"])
    assert (answer.code, (await _given(peopled)).ended_because) == ("invalid_grant", "code-used-again")
    ended = [event for event in await peopled.entries() if event.context.operation == "authorization-ended"]
    assert [(event.context.reason, event.actor.client_id) for event in ended] == [("code-used-again", app.party.client_id)]


async def test_what_the_client_lost_meanwhile_is_not_given(peopled: House) -> None:
    app, browser = await application(peopled), await person(peopled)
    client_id = UUID(app.party.client_id)
    code = await app.code(browser)
    await peopled.hand.change_client_grants(client_id, ClientGrants(version=1, scopes=("decisions:read",), purposes=("audit-evaluation",)))
    answer = await app.exchange(code)
    assert (answer.code, refused_for(peopled)) == ("invalid_grant", "authorization-ended")
    code = await app.code(browser, scope="decisions:read")
    await peopled.hand.disable_client(client_id)
    answer = await app.exchange(code)
    assert (answer.code, refused_for(peopled)) == ("unauthorized_client", "not-in-force")
    await peopled.hand.enable_client(client_id)
    answer = await app.exchange(code)
    assert (answer.code, refused_for(peopled)) == ("invalid_grant", "authorization-ended")


async def test_a_person_whose_organisation_has_ended_gives_nothing(peopled: House, clock: StandingClock) -> None:
    clock.advance(hours=15, minutes=59, seconds=30)
    state, tomorrow = await peopled.organisation("sea"), peopled.now.date()  # in New York it is yesterday still
    app = Application(peopled, await peopled.party(state, "decisions:read", registered=_code()))
    for until, reason in ((tomorrow, "person-may-no-more"), (None, "authorization-ended")):
        district = await peopled.organisation("lea", parent_id=state.id, valid_until=until)
        code = await app.code(await person(peopled, "district-officer", organisation_id=district.id))
        if until is None:
            await peopled.hand.change_organisation(district.model_copy(update={"valid_until": date(2020, 1, 2)}))
        else:
            clock.advance(seconds=40)
        answer = await app.exchange(code)
        assert (answer.code, refused_for(peopled)) == ("invalid_grant", reason)


def _code() -> dict[str, object]:
    return {"redirect_uris": (CALLBACK,), "grant_types": ("client_credentials", "authorization_code")}


async def test_a_machine_has_no_use_for_a_code(peopled: House) -> None:
    app, browser = await application(peopled), await person(peopled)
    code = await app.code(browser)
    machine = await peopled.sea_party("decisions:read")
    answer = await app.exchange(code, party=machine)
    assert (answer.code, refused_for(peopled)) == ("unauthorized_client", "grant-type-not-registered")
    answer = await app.refresh("A" * 43, party=machine)
    assert (answer.code, refused_for(peopled)) == ("unauthorized_client", "grant-type-not-registered")


async def test_the_store_holds_no_code_and_no_refresh_token(peopled: House) -> None:
    app, browser = await application(peopled), await person(peopled)
    code = await app.code(browser)
    row = await _given(peopled)
    assert (row.code_digest, len(code)) == (digest(code), 43)
    token = (await app.exchange(code)).json["refresh_token"]
    async with peopled.app.state.database.reading() as tx:
        assert [one.digest for one in (await tx.execute(select(RefreshTokenRow))).scalars()] == [digest(token)]


async def test_a_code_opens_no_other_endpoint(peopled: House) -> None:
    app, browser = await application(peopled), await person(peopled)
    code = await app.code(browser)
    for path in ("/oauth/introspect", "/oauth/revoke"):
        answer = await ask_endpoint(peopled.app, path, app.party.proven(peopled.now, token=code))
        assert answer.status == 200
        assert answer.body in (b"", b'{"active":false}')
    answer = await peopled.call(app.party, code, "GET", "/v1/decisions")
    assert (answer.status, answer.code) == (401, "access-token-not-valid")
    assert (await app.exchange(code)).status == 200


def test_changes_leave_out_what_is_none() -> None:
    assert changed({"a": "1", "b": "2"}, {"a": None, "c": secrets.token_hex(1)[:0]}) == {"b": "2", "c": ""}
