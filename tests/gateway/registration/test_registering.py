"""RFC 7591: a client with a good word for it is registered once, within its bounds, and comes in when it may."""

import asyncio
import json
from collections import Counter

import pytest

from tests.conftest import StandingClock
from tests.gateway.by_hand import Party, ask, ask_token, encoded
from tests.gateway.house import ISSUER, House
from tests.gateway.registration.registering import PURPOSES, REGISTER, Signer, initial_token, metadata, register, signer

pytestmark = pytest.mark.anyio


async def acts(house: House) -> list[tuple[str, str | None, str | None]]:
    """What the log has of registrations: operation, outcome, by whose word."""
    return [
        (event.context.operation, event.context.outcome, event.context.basis)
        for event in await house.entries()
        if event.context.basis is not None and event.context.basis.startswith(("publisher:", "initial-token:"))
    ]


@pytest.mark.requirement("DOOR-registered")
async def test_by_a_statement_a_client_registers_waits_for_approval_and_then_comes_in(house: House) -> None:
    admin = await house.sea_party("admin:clients")
    apps, party = await signer(house), Party("", ISSUER, algorithm="ES256")
    statement = apps.statement(house.now, purposes=["assessment"], contacts=["desk@vendor.example"])
    answer = await register(house, metadata(party, client_name="Another name", software_statement=statement))
    assert answer.status == 201, answer.body
    told = answer.json
    assert (answer.headers["cache-control"], told["registration_state"], told["client_name"]) == ("no-store", "pending", "Reader")
    assert told["registration_client_uri"] == f"{ISSUER}{REGISTER}/{told['client_id']}"
    assert (told["scope"], told["purposes"], told["software_statement"]) == ("records:read", ["assessment"], statement)
    assert told["contacts"] == ["desk@vendor.example"]
    assert "client_secret" not in told
    party.client_id = told["client_id"]
    assert (await ask_token(house.app, party, house.now)).code == "unauthorized_client"
    approved = await house.call(admin, await house.token(admin), "POST", f"/v1/registrations/{party.client_id}/approval")
    assert (approved.status, approved.json["state"]) == (200, "approved"), approved.body
    token = await ask_token(house.app, party, house.now)
    assert (token.status, token.json["scope"]) == (200, "records:read")
    word = f"publisher:{apps.publisher.id}"
    assert await acts(house) == [("client-registered-itself", "pending", word), ("client-registration-approved", "approved", word)]


@pytest.mark.requirement("DOOR-registered")
async def test_a_client_of_a_publisher_that_is_trusted_comes_in_at_once(house: House) -> None:
    apps, party = await signer(house, trusted=True), Party("", ISSUER)
    told = (await register(house, metadata(party, software_statement=apps.statement(house.now)))).json
    party.client_id = told["client_id"]
    assert (told["registration_state"], (await ask_token(house.app, party, house.now)).status) == ("approved", 200)
    assert [outcome for _, outcome, _ in await acts(house)] == ["approved"]


@pytest.mark.requirement("DOOR-registered")
async def test_an_initial_token_registers_one_client_of_its_organisation_once(house: House) -> None:
    vendor = await house.organisation("vendor")
    token, party = await initial_token(house, vendor.id), Party("", ISSUER)
    body = metadata(party, purposes=["assessment"], unknown_member={"a": 1}, organisation_id=str(vendor.id), logo_uri=None)
    first = await register(house, body, token=token)
    assert (first.status, first.json["registration_state"], first.json["organisation_id"]) == (201, "pending", str(vendor.id))
    assert "unknown_member" not in first.json
    again = await register(house, body, token=token)
    assert (again.status, again.code, again.headers["www-authenticate"]) == (401, "invalid_token", 'Bearer error="invalid_token"')
    assert len(await house.hand.clients()) == 1


async def test_of_several_that_come_with_one_word_at_the_same_time_one_registers(house: House) -> None:
    apps, party = await signer(house), Party("", ISSUER)
    token = await initial_token(house, apps.organisation.id)
    by_statement = metadata(party, software_statement=apps.statement(house.now))
    answers = await asyncio.gather(*(register(house, by_statement) for _ in range(5)))
    answers += await asyncio.gather(*(register(house, metadata(party), token=token) for _ in range(5)))
    assert Counter(answer.status for answer in answers[:5]) == {201: 1, 400: 4}
    assert Counter(answer.status for answer in answers[5:]) == {201: 1, 401: 4}
    assert len(await house.hand.clients()) == 2


async def test_what_a_statement_says_counts_and_the_body_changes_nothing_of_it(house: House) -> None:
    apps, own, others = await signer(house), Party("", ISSUER), Party("", ISSUER)
    statement = apps.statement(house.now, jwks={"keys": [own.jwk]}, purposes=["assessment"])
    body = metadata(
        others,
        software_statement=statement,
        scope="agreements:read records:read",
        purposes=list(PURPOSES),
        organisation_id="01900000-0000-7000-8000-000000000000",
        software_id="another",
        jwks=None,
        jwks_uri="https://keys.other.example/",
    )
    told = (await register(house, body)).json
    assert (told["scope"], told["purposes"], told["software_id"]) == ("records:read", ["assessment"], "reader")
    assert (told["organisation_id"], told["client_name"]) == (str(apps.organisation.id), "Reader")
    assert [key["x"] for key in told["jwks"]["keys"]] == [own.jwk["x"]]
    assert "jwks_uri" not in told


async def test_a_publisher_registers_clients_of_organisations_below_its_own_and_of_no_other(house: House) -> None:
    state = await house.organisation("sea")
    oak, elm = [await house.organisation("lea", parent_id=state.id, name=name) for name in ("Oak", "Elm")]
    school = await house.organisation("school", parent_id=oak.id)
    apps = await signer(house, organisation=oak)
    for organisation, expected in ((oak, 201), (school, 201), (elm, 400), (state, 400)):
        statement = apps.statement(house.now, organisation_id=str(organisation.id))
        answer = await register(house, metadata(Party("", ISSUER), software_statement=statement))
        assert answer.status == expected, organisation.name


@pytest.mark.requirement("DOOR-registered")
async def test_each_of_what_is_wrong_with_a_registration_is_refused_for_its_own_reason(house: House, clock: StandingClock) -> None:
    apps, party = await signer(house), Party("", ISSUER)
    other = await signer(house, organisation=apps.organisation, issuer="https://other.vendor.example")
    off = await signer(house, issuer="https://off.vendor.example")
    await house.hand.disable_publisher(off.publisher.id)
    ended = await signer(house, organisation=await house.organisation("vendor", valid_until="2021-01-01"), issuer="https://ended.example")
    elsewhere = await house.organisation("vendor")
    now, seconds = house.now, int(house.now.timestamp())
    spent = apps.statement(now)
    assert (await register(house, metadata(party, software_statement=spent))).status == 201

    def said(signer_: Signer = apps, **claims: object) -> dict[str, object]:
        return metadata(party, software_statement=signer_.statement(now, **claims))

    def headed(**header: object) -> dict[str, object]:
        return metadata(party, software_statement=apps.statement(now, header=header))

    good = apps.statement(now)
    head, payload, signature = good.split(".")
    none = f"{encoded({'alg': 'none', 'kid': 'one', 'typ': 'software-statement+jwt'})}.{payload}."
    statement, metadata_error = "invalid_software_statement", "invalid_client_metadata"
    cases: dict[str, tuple[dict[str, object], str, str]] = {
        "no string": (metadata(party, software_statement={"iss": "x"}), statement, "statement-malformed"),
        "not signed": (metadata(party, software_statement=f"{head}.{payload}"), statement, "statement-malformed"),
        "too long": (metadata(party, software_statement=apps.statement(now, more="x" * 16_384)), statement, "statement-malformed"),
        "not JSON": (metadata(party, software_statement=f"{head}.e30x.{signature}"), statement, "statement-malformed"),
        "no kid": (headed(kid=None), statement, "statement-header"),
        "a key of its own": (headed(jwk=apps.party.jwk), statement, "statement-header"),
        "a certificate": (headed(x5c=["AAAA"]), statement, "statement-header"),
        "the address of a key": (headed(jku="https://keys.vendor.example/"), statement, "statement-header"),
        "critical": (headed(crit=["exp"]), statement, "statement-header"),
        "no type": (headed(typ=None), statement, "statement-header"),
        "the type of an assertion": (headed(typ="JWT"), statement, "statement-header"),
        "the type of a token": (headed(typ="at+jwt"), statement, "statement-header"),
        "another kid": (headed(kid="two"), statement, "statement-key"),
        "no algorithm": (metadata(party, software_statement=none), statement, "statement-signature"),
        "another algorithm": (headed(alg="EdDSA"), statement, "statement-signature"),
        "another's signature": (
            metadata(party, software_statement=other.statement(now, iss=apps.publisher.issuer)),
            statement,
            "statement-signature",
        ),
        "altered": (
            metadata(party, software_statement=f"{head}.{encoded(apps.claims(now, scope='agreements:read'))}.{signature}"),
            statement,
            "statement-signature",
        ),
        "no issuer": (said(iss=None), statement, "statement-issuer"),
        "an issuer that is no string": (said(iss=["https://apps.vendor.example"]), statement, "statement-issuer"),
        "an unknown issuer": (said(iss="https://apps.vendor.example/"), "unapproved_software_statement", "statement-publisher"),
        "a disabled publisher": (said(off), "unapproved_software_statement", "statement-publisher"),
        "a publisher whose organisation has ended": (said(ended), "unapproved_software_statement", "statement-publisher"),
        "no audience": (said(aud=None), statement, "statement-audience"),
        "another node's": (said(aud="https://other.example"), statement, "statement-audience"),
        "several audiences": (said(aud=[ISSUER]), statement, "statement-audience"),
        "the endpoint as the audience": (said(aud=ISSUER + REGISTER), statement, "statement-audience"),
        "no end": (said(exp=None), statement, "statement-lifetime"),
        "no beginning": (said(iat=None), statement, "statement-lifetime"),
        "an end in words": (said(exp="never"), statement, "statement-lifetime"),
        "an end that is true": (said(exp=True), statement, "statement-lifetime"),
        "an end in fractions": (said(exp=seconds + 10.5), statement, "statement-lifetime"),
        "too long a life": (said(exp=seconds + 301), statement, "statement-lifetime"),
        "of the future": (said(iat=seconds + 11, exp=seconds + 60), statement, "statement-lifetime"),
        "not yet": (said(nbf=seconds + 11), statement, "statement-lifetime"),
        "expired": (said(iat=seconds - 60, exp=seconds), statement, "statement-expired"),
        "no identifier": (said(jti=None), statement, "statement-jti"),
        "a short identifier": (said(jti="1234567"), statement, "statement-jti"),
        "an identifier in numbers": (said(jti=12345678), statement, "statement-jti"),
        "used before": (metadata(party, software_statement=spent), statement, "statement-replayed"),
        "no software": (said(software_id=None), statement, "statement-claims"),
        "no version": (said(software_version=None), statement, "statement-claims"),
        "no organisation": (said(organisation_id=None), statement, "statement-claims"),
        "no scope": (said(scope=None), statement, "statement-claims"),
        "no name": (said(client_name=None), statement, "statement-claims"),
        "an organisation of another": (said(organisation_id=str(elsewhere.id)), statement, "statement-organisation"),
        "an organisation that is none": (said(organisation_id="elm"), statement, "statement-organisation"),
        "a name with a line in it": (said(client_name="a\nb"), statement, "registration-metadata"),
        "a secret's method": (said(token_endpoint_auth_method="client_secret_basic"), statement, "registration-metadata"),
        "a private key": (said(jwks={"keys": [apps.party.key.as_dict(private=True) | {"kid": "x"}]}), statement, "registration-metadata"),
        "more scope than the publisher's": (said(scope="records:read audit:search"), metadata_error, "registration-scope"),
        "a scope that is none": (said(scope="records:everything"), metadata_error, "registration-scope"),
        "more purposes than the publisher's": (said(purposes=["marketing"]), metadata_error, "registration-purpose"),
        "keys twice": (said(jwks={"keys": [party.jwk]}, jwks_uri="https://keys.elm.example/"), metadata_error, "registration-keys"),
        "no keys": (metadata(party, jwks=None, software_statement=apps.statement(now)), metadata_error, "registration-keys"),
        "two keys of one name": (said(jwks={"keys": [party.jwk, other.party.jwk]}), metadata_error, "registration-keys"),
        "keys by http": (said(jwks_uri="http://keys.elm.example/"), metadata_error, "registration-keys"),
        "keys of this machine": (said(jwks_uri="https://localhost:1/?a"), metadata_error, "registration-keys"),
        "a name that it chose": (
            {**metadata(party, software_statement=apps.statement(now)), "client_id": "admin"},
            metadata_error,
            "registration-malformed",
        ),
        "a token that it chose": (
            {**metadata(party, software_statement=apps.statement(now)), "registration_access_token": "x"},
            metadata_error,
            "registration-malformed",
        ),
    }
    clients = len(await house.hand.clients())
    for name, (body, error, reason) in cases.items():
        house.app.state.refusals.take(now, all_of_them=True)
        answer = await register(house, body)
        assert (answer.status, answer.code) == (400, error), (name, answer.body)
        told = [event.context.reason for event in house.app.state.refusals.take(now, all_of_them=True)]
        assert told == [reason], name
        assert answer.headers["cache-control"] == "no-store"
        assert "www-authenticate" not in answer.headers
        assert all(word not in answer.body.decode() for word in ("marketing", "audit:search", "evil", apps.party.jwk["x"])), name
    assert len(cases) >= 55
    assert len(await house.hand.clients()) == clients


async def test_each_of_what_is_wrong_with_an_initial_token_or_a_request_is_refused(house: House, clock: StandingClock) -> None:
    vendor, lea = await house.organisation("vendor"), await house.organisation("lea", parent_id=(await house.organisation("sea")).id)
    apps, party, now = await signer(house, organisation=vendor), Party("", ISSUER), house.now
    token, short = await initial_token(house, vendor.id), await initial_token(house, vendor.id, lasts_hours=1)
    ended = await initial_token(house, (await house.organisation("vendor", valid_until="2021-01-01")).id)
    statement = apps.statement(now)
    cases = {
        "no word": ({}, None, (401, "invalid_token"), "registration-no-authority"),
        "an unknown token": ({}, "A" * 43, (401, "invalid_token"), "initial-token-unknown"),
        "a token of another length": ({}, token[:-1], (401, "invalid_token"), "initial-token-unknown"),
        "a token of an organisation that has ended": ({}, ended, (401, "invalid_token"), "initial-token-organisation"),
        "two words": ({"software_statement": statement}, token, (400, "invalid_request"), "registration-two-authorities"),
        "another organisation": ({"organisation_id": str(lea.id)}, token, (400, "invalid_client_metadata"), "registration-organisation"),
        "more scope": ({"scope": "audit:search"}, token, (400, "invalid_client_metadata"), "registration-scope"),
        "a scope with a line": ({"scope": "records:read\n"}, token, (400, "invalid_client_metadata"), "registration-metadata"),
        "two blanks": ({"scope": "records:read  agreements:read"}, token, (400, "invalid_client_metadata"), "registration-metadata"),
        "more purposes": ({"purposes": ["marketing"]}, token, (400, "invalid_client_metadata"), "registration-purpose"),
        "a secret": ({"token_endpoint_auth_method": "none"}, token, (400, "invalid_client_metadata"), "registration-metadata"),
        "a grant": ({"grant_types": ["password"]}, token, (400, "invalid_client_metadata"), "registration-metadata"),
        "two grants": (
            {"grant_types": ["client_credentials", "client_credentials"]},
            token,
            (400, "invalid_client_metadata"),
            "registration-metadata",
        ),
        "a response": ({"response_types": ["token"]}, token, (400, "invalid_client_metadata"), "registration-metadata"),
        "a redirect": ({"redirect_uris": ["https://a.example/"]}, token, (400, "invalid_client_metadata"), "registration-metadata"),
        "an algorithm": ({"token_endpoint_auth_signing_alg": "none"}, token, (400, "invalid_client_metadata"), "registration-metadata"),
        "six contacts": ({"contacts": ["a@b.example"] * 6}, token, (400, "invalid_client_metadata"), "registration-metadata"),
        "no name": ({"client_name": None}, token, (400, "invalid_client_metadata"), "registration-metadata"),
        "no scope": ({"scope": None}, token, (400, "invalid_client_metadata"), "registration-metadata"),
    }
    for name, (about, with_token, expected, reason) in cases.items():
        house.app.state.refusals.take(now, all_of_them=True)
        answer = await register(house, metadata(party, **about), token=with_token)
        assert (answer.status, answer.code) == expected, (name, answer.body)
        assert [event.context.reason for event in house.app.state.refusals.take(now, all_of_them=True)] == [reason], name
        assert ("www-authenticate" in answer.headers) == (expected[0] == 401)
    whole = json.dumps(metadata(party))
    forms = {
        "an array": b"[]",
        "no JSON": b"{",
        "not a number": b'{"a": NaN}',
        "a member twice": (whole[:-1] + ', "scope": "agreements:read"}').encode(),
        "UTF-16": whole.encode("utf-16"),
        "deep": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    }
    for name, body in forms.items():
        answer = await register(house, body, token=token)
        before_it_is_read = (422, "invalid-request") if name == "a member twice" else (400, "invalid_client_metadata")
        assert (answer.status, answer.code) == before_it_is_read, name
    basic = await ask(
        house.app, "POST", REGISTER, headers=[("content-type", "application/json"), ("authorization", "Basic eDp5")], body=whole.encode()
    )
    assert (basic.status, basic.code) == (401, "invalid_token")
    form = await register(house, b"client_name=a", token=token, content_type="application/x-www-form-urlencoded")
    assert (form.status, form.code) == (415, "unsupported-media-type")
    assert (await register(house, b"{" + b" " * 65_536 + b"}", token=token)).status == 413
    clock.advance(hours=1)
    assert (await register(house, metadata(party), token=short)).code == "invalid_token"
    assert (await house.hand.clients()) == []
    assert (await register(house, metadata(party), token=token)).status == 201, "what was refused has not used the token up"


async def test_what_a_kind_of_organisation_may_not_have_its_clients_do_not_get_by_registering(house: House) -> None:
    """A publisher's bounds are of its own organisation; a school below a district may have less."""
    state = await house.organisation("sea")
    oak = await house.organisation("lea", parent_id=state.id)
    school = await house.organisation("school", parent_id=oak.id)
    apps = await signer(house, organisation=oak, scopes=("audit:search", "records:read"))
    for organisation, expected in ((oak, 201), (school, 400)):
        statement = apps.statement(house.now, organisation_id=str(organisation.id), scope="audit:search")
        answer = await register(house, metadata(Party("", ISSUER), software_statement=statement))
        assert answer.status == expected, organisation.kind
