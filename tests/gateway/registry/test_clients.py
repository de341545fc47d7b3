from typing import Any
from uuid import UUID, uuid4

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from sqlalchemy import update

from safepassage.canonical import to_base64url
from safepassage.problems.access import ScopeNotGrantable
from safepassage.wire_clients import NewClient
from services.gateway.oauth.scopes import SCOPES, require_grantable
from services.gateway.tables import ClientRow
from tests.gateway.by_hand import Answer, Party, ask_token, new_key
from tests.gateway.house import ISSUER, House
from tests.isolation.store_steps import store_steps


@pytest.fixture
async def admin(house: House) -> Party:
    return await house.sea_party("admin:clients")


def body_of(organisation_id: UUID, party: Party, *scopes: str, **about: Any) -> dict[str, Any]:
    return {
        "organisation_id": str(organisation_id),
        "name": "Elm SIS",
        "kind": "information-system",
        "role": "registrar",
        "scopes": list(scopes),
        "jwks": {"keys": [party.jwk]},
        **about,
    }


async def post(house: House, party: Party, body: dict[str, Any], *, key: str | None = None) -> Answer:
    token = await house.token(party)
    return await house.call(party, token, "POST", "/v1/clients", headers=[("idempotency-key", key or str(uuid4()))], json=body)


@pytest.mark.anyio
async def test_a_registered_client_can_come_at_once(house: House, admin: Party) -> None:
    vendor, newcomer = await house.organisation("vendor"), Party("", ISSUER, algorithm="ES256")
    answer = await post(house, admin, body_of(vendor.id, newcomer, "records:read", purposes=["assessment"]))
    assert answer.status == 201, answer.body
    newcomer.client_id = answer.json["id"]
    token = await ask_token(house.app, newcomer, house.now)
    assert (token.status, token.json["scope"]) == (200, "records:read")
    assert token.json["authorization_details"] == [{"type": "student_data_access", "purpose": "assessment"}]
    (act,) = [one for one in await house.entries() if one.context.about == f"client:{newcomer.client_id}"]
    assert (act.class_, act.context.operation, act.actor.client_id) == ("administration", "client-registered", admin.client_id)


@pytest.mark.anyio
async def test_the_same_registration_twice_is_one_client(house: House, admin: Party) -> None:
    vendor, newcomer = await house.organisation("vendor"), Party("", ISSUER)
    first, again = [await post(house, admin, body_of(vendor.id, newcomer, "records:read"), key="0123456789") for _ in range(2)]
    assert (first.status, first.json) == (again.status, again.json)
    assert len(await house.hand.clients()) == 2


def private(key: Any, **more: Any) -> dict[str, Any]:
    return {**key.as_dict(private=True), "kid": "one", **more}


def public(key: Any, **more: Any) -> dict[str, Any]:
    return {**key.as_dict(private=False), "kid": "one", **more}


KEYS: dict[str, Any] = {
    "a private key": [private(OKPKey.generate_key("Ed25519"))],
    "a shared secret": [private(OctKey.generate_key(256))],
    "another curve": [public(ECKey.generate_key("P-384"))],
    "a key for agreement": [public(OKPKey.generate_key("X25519"))],
    "a short RSA key": [{"kty": "RSA", "n": to_base64url(bytes([0x80] + [1] * 127)), "e": "AQAB", "kid": "one"}],
    "an RSA key of exponent 3": [{"kty": "RSA", "n": to_base64url(bytes([0x80] + [1] * 255)), "e": "Aw", "kid": "one"}],
    "an algorithm of another type": [public(OKPKey.generate_key("Ed25519"), alg="ES256")],
    "an algorithm that is not taken": [public(RSAKey.generate_key(2048), alg="RS256")],
    "a key for encryption": [public(OKPKey.generate_key("Ed25519"), use="enc")],
    "a URL": [public(OKPKey.generate_key("Ed25519"), x5u="https://evil.example")],
    "members of two types": [public(OKPKey.generate_key("Ed25519"), n="AAAA", e="AQAB")],
    "a point that is not on the curve": [{"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43, "kid": "one"}],
    "too short a point": [{"kty": "OKP", "crv": "Ed25519", "x": "AAAA", "kid": "one"}],
    "one kid twice": [public(OKPKey.generate_key("Ed25519")), public(OKPKey.generate_key("Ed25519"))],
    "no key": [],
    "nine keys": [public(OKPKey.generate_key("Ed25519"), kid=str(number)) for number in range(9)],
}


@pytest.mark.anyio
async def test_only_usable_public_keys_are_registered(house: House, admin: Party) -> None:
    vendor = await house.organisation("vendor")
    for name, keys in KEYS.items():
        answer = await post(house, admin, body_of(vendor.id, Party("", ISSUER), "records:read", jwks={"keys": keys}))
        assert answer.status == 422, name
        assert answer.code in ("client-key-not-usable", "invalid-request"), name
        assert all(
            str(value) not in answer.body.decode() for key in keys for value in (key.get("d"), key.get("k"), key.get("x")) if value
        ), name
    one = public(OKPKey.generate_key("Ed25519"))
    answer = await post(house, admin, body_of(vendor.id, Party("", ISSUER), "records:read", jwks={"keys": [one, one | {"kid": "two"}]}))
    assert (answer.status, answer.code) == (422, "client-key-not-usable")
    by_url = body_of(vendor.id, Party("", ISSUER), "records:read") | {"jwks_uri": "https://evil.example"}
    assert (await post(house, admin, by_url)).status == 422
    assert len(await house.hand.clients()) == 1


@pytest.mark.anyio
async def test_a_client_has_what_its_kind_of_organisation_may_have(house: House, admin: Party) -> None:
    vendor = await house.organisation("vendor")
    for scopes in (
        ["audit:search"],
        ["records:read", "rights:act"],
        ["exchange:peer"],
        ["unknown:scope"],
        ["records:read", "records:read"],
    ):
        answer = await post(house, admin, body_of(vendor.id, Party("", ISSUER), *scopes))
        assert (answer.status, answer.code, answer.json.get("field")) == (422, "scope-not-grantable", "scopes"), scopes
    peer = await house.organisation("peer", entity_id="https://birch.example")
    answer = await post(house, admin, body_of(peer.id, Party("", ISSUER), "exchange:peer"))
    assert (answer.status, answer.code) == (422, "invalid-request")
    answer = await post(house, admin, body_of(uuid4(), Party("", ISSUER), "records:read"))
    assert (answer.status, answer.code) == (404, "not-found")


@pytest.mark.anyio
@pytest.mark.requirement("BAD-foreign")
async def test_how_long_it_takes_tells_a_large_district_of_no_others_clients(house: House) -> None:
    state = await house.organisation("sea")
    oak, elm = [await house.organisation("lea", parent_id=state.id, name=name) for name in ("Oak", "Elm")]
    for _ in range(50):
        await house.organisation("school", parent_id=oak.id)
    party, others = await house.party(oak, "admin:clients", "admin:organisations"), await house.party(elm, "records:read")
    token, steps = await house.token(party), []
    for path in (
        f"/v1/clients/{others.client_id}",
        f"/v1/clients/{uuid4()}",
        f"/v1/organisations/{elm.id}",
        f"/v1/organisations/{uuid4()}",
    ):
        with store_steps() as asked:
            assert (await house.call(party, token, "GET", path)).status == 404
        steps.append(asked.count)
    assert abs(steps[0] - steps[1]) < 300, steps
    assert abs(steps[2] - steps[3]) < 300, steps


@pytest.mark.anyio
async def test_a_district_grants_only_what_it_has_and_only_below_itself(house: House) -> None:
    state = await house.organisation("sea")
    oak, elm = [await house.organisation("lea", parent_id=state.id, name=name) for name in ("Oak", "Elm")]
    school = await house.organisation("school", parent_id=oak.id)
    party = await house.party(oak, "admin:clients", "records:load")
    assert (await post(house, party, body_of(school.id, Party("", ISSUER), "records:load"))).status == 201
    for organisation, scope in ((school, "records:read"), (oak, "admin:clients"), (oak, "admin:organisations")):
        answer = await post(house, party, body_of(organisation.id, Party("", ISSUER), scope))
        assert (answer.status, answer.code) == (422, "scope-not-grantable"), scope
    foreign = await post(house, party, body_of(elm.id, Party("", ISSUER), "records:load"))
    assert (foreign.status, foreign.code) == (404, "not-found")
    others = await house.party(elm, "records:read")
    token = await house.token(party)
    for method, path in (("GET", ""), ("POST", "/disablement"), ("DELETE", "/disablement")):
        there = await house.call(party, token, method, f"/v1/clients/{others.client_id}{path}")
        not_there = await house.call(party, token, method, f"/v1/clients/{uuid4()}{path}")
        assert (there.status, there.code) == (not_there.status, not_there.code) == (404, "not-found")
    listed = await house.call(party, token, "GET", "/v1/clients")
    assert {one["organisation_id"] for one in listed.json["clients"]} == {str(oak.id), str(school.id)}


@pytest.mark.anyio
async def test_who_could_not_give_a_client_what_it_has_says_by_no_key_or_secret_who_it_is_and_lets_it_in_by_none(house: House) -> None:
    state = await house.organisation("sea")
    oak = await house.organisation("lea", parent_id=state.id)
    legacy = {"authentication": "client_secret", "addresses": ("192.0.2.7/32",), "scopes": ("records:load",)}
    legacy |= {"organisation_id": oak.id, "name": "A roster", "kind": "information-system", "role": "registrar"}
    for has, scope, given in (("records:load", "records:load", True), ("duties:read", "records:load", False), ("", "admin:clients", False)):
        admin = await house.party(oak, "admin:clients", *filter(None, (has,)))
        token, more, thief = await house.token(admin), await house.party(oak, scope), Party("", ISSUER)
        path, keys = f"/v1/clients/{more.client_id}", {"version": 1, "jwks": {"keys": [thief.jwk]}}
        answers = [await house.call(admin, token, "PUT", f"{path}/keys", json=keys)]
        await house.hand.disable_client(UUID(more.client_id))
        answers.append(await house.call(admin, token, "DELETE", f"{path}/disablement"))
        with_secret = await house.hand.register_client(NewClient.model_validate(legacy))
        if scope == "records:load":
            answers.append(await house.call(admin, token, "POST", f"/v1/clients/{with_secret.id}/secrets"))
        found = {(one.status < 300, one.json.get("code")) for one in answers}
        assert found == {(True, None) if given else (False, "scope-not-grantable")}, has
        await house.hand.enable_client(UUID(more.client_id))
        thief.client_id = more.client_id
        assert (await ask_token(house.app, thief, house.now)).status == (200 if given else 401), has
        own = {"version": 1, "jwks": {"keys": [Party("", ISSUER).jwk]}}
        assert (await house.call(admin, token, "PUT", f"/v1/clients/{admin.client_id}/keys", json=own)).status == 200, "its own it replaces"


@pytest.mark.anyio
async def test_grants_change_for_tokens_to_come(house: House, admin: Party) -> None:
    party = await house.sea_party("decisions:read")
    token = await house.token(admin)
    path = f"/v1/clients/{party.client_id}/grants"
    grants = {"version": 1, "scopes": ["audit:search", "decisions:read"], "purposes": ["audit-evaluation"]}
    changed = await house.call(admin, token, "PUT", path, json=grants)
    assert (changed.status, changed.json["version"], changed.json["scopes"]) == (200, 2, ["audit:search", "decisions:read"])
    assert (await ask_token(house.app, party, house.now)).json["scope"] == "audit:search decisions:read"
    overtaken = await house.call(admin, token, "PUT", path, json=grants)
    assert (overtaken.status, overtaken.code) == (409, "version-conflict")


@pytest.mark.anyio
async def test_a_purpose_that_no_rule_knows_is_given_to_nobody_new_and_left_to_whom_it_was_given_before(house: House, admin: Party) -> None:
    state, mistyped = (await house.hand.organisations())[0], ["assesment"]
    answer = await post(house, admin, body_of(state.id, Party("", ISSUER), "records:read", purposes=mistyped))
    assert (answer.status, answer.code, answer.json["field"]) == (422, "unknown-purpose", "purposes")
    assert "assessment" in answer.json["detail"]
    assert "assesment" not in answer.body.decode()
    token, party = await house.token(admin), await house.sea_party("decisions:read", purposes=["assessment"])
    path = f"/v1/clients/{party.client_id}/grants"
    grants = {"version": 1, "scopes": ["decisions:read"], "purposes": mistyped}
    assert (await house.call(admin, token, "PUT", path, json=grants)).code == "unknown-purpose"
    async with house.app.state.database.transaction() as tx:  # of a client from before there was this check
        await tx.execute(update(ClientRow).where(ClientRow.id == UUID(party.client_id)).values(purposes="assesment"))
    kept = await house.call(admin, token, "PUT", path, json=grants)
    assert (kept.status, kept.json["purposes"]) == (200, mistyped)
    more = grants | {"version": 2, "purposes": [*mistyped, "instrucion"]}
    assert (await house.call(admin, token, "PUT", path, json=more)).code == "unknown-purpose"


@pytest.mark.anyio
async def test_a_clients_keys_change_without_a_gap(house: House, admin: Party) -> None:
    party = await house.sea_party("decisions:read")
    old_key, path = party.jwk, f"/v1/clients/{party.client_id}/keys"
    newer = Party(party.client_id, ISSUER, algorithm="ES256", kid="two", key=new_key("ES256"))
    token = await house.token(admin)
    both = await house.call(admin, token, "PUT", path, json={"version": 1, "jwks": {"keys": [old_key, newer.jwk]}})
    assert both.status == 200, both.body
    assert [(await ask_token(house.app, one, house.now)).status for one in (party, newer)] == [200, 200]
    alone = await house.call(admin, token, "PUT", path, json={"version": 2, "jwks": {"keys": [newer.jwk]}})
    assert alone.status == 200
    assert [(await ask_token(house.app, one, house.now)).status for one in (party, newer)] == [401, 200]


def test_outside_the_state_agency_nobody_gives_what_they_do_not_have() -> None:
    for scope in SCOPES:
        for to in ("sea", "lea", "school", "vendor", "agency", "peer"):
            allowed = to in SCOPES[scope].kinds
            for by, has, expected in ((None, (), allowed), ("sea", (), allowed), ("lea", (), False)):
                if expected:
                    require_grantable([scope], to=to, by=by, granter_scopes=has)  # type: ignore[arg-type]  # literals
                else:
                    with pytest.raises(ScopeNotGrantable):
                        require_grantable([scope], to=to, by=by, granter_scopes=has)  # type: ignore[arg-type]  # literals
