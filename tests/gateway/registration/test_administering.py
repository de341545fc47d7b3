"""Administrators: whose statements are taken, who gets an initial token, who is let in; nobody lets others give what they could not."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer, Party, ask_token
from tests.gateway.house import ISSUER, House
from tests.gateway.registration.registering import initial_token, metadata, register, signer

pytestmark = pytest.mark.anyio


def publisher_of(organisation_id: UUID, party: Party, **about: Any) -> dict[str, Any]:
    return {
        "organisation_id": str(organisation_id),
        "issuer": "https://apps.elm.example",
        "name": "Elm apps",
        "role": "registrar",
        "scopes": ["records:load"],
        "jwks": {"keys": [party.jwk]},
    } | about


class Admin:
    """An administrator's client with a token."""

    def __init__(self, house: House, party: Party, token: str) -> None:
        self.house, self.party, self.token = house, party, token

    async def ask(self, method: str, path: str, json: dict[str, Any] | None = None, *, key: str | None = None) -> Answer:
        headers = [("idempotency-key", key or str(uuid4()))]
        about: dict[str, Any] = {"headers": headers} | ({} if json is None else {"json": json})
        return await self.house.call(self.party, self.token, method, path, **about)


async def admin_of(house: House, party: Party) -> Admin:
    return Admin(house, party, await house.token(party))


async def test_a_publisher_is_added_changed_and_disabled_and_the_log_says_so(house: House) -> None:
    vendor, admin, keys = (
        await house.organisation("vendor"),
        await admin_of(house, await house.sea_party("admin:clients")),
        Party("", ISSUER),
    )
    new = publisher_of(vendor.id, keys, scopes=["records:read"], trusted=True)
    added, again = [await admin.ask("POST", "/v1/publishers", new, key="0123456789") for _ in range(2)]
    assert (added.status, added.json) == (again.status, again.json) == (201, again.json), added.body
    taken = await admin.ask("POST", "/v1/publishers", new)
    assert (taken.status, taken.code) == (409, "publisher-taken")
    path = f"/v1/publishers/{added.json['id']}"
    assert (await admin.ask("GET", path)).json == added.json
    assert (await admin.ask("GET", "/v1/publishers")).json == {"publishers": [added.json]}
    members = ("name", "role", "kind", "scopes", "jwks")
    change = {name: added.json[name] for name in members} | {"version": 1, "scopes": ["agreements:read"], "purposes": ["assessment"]}
    change["jwks"] = {"keys": [keys.jwk]}
    changed = await admin.ask("PUT", path, change)
    assert (changed.status, changed.json["scopes"], changed.json["trusted"], changed.json["version"]) == (
        200,
        ["agreements:read"],
        False,
        2,
    )
    assert (await admin.ask("PUT", path, change)).code == "version-conflict"
    for method, disabled in (("POST", True), ("POST", True), ("DELETE", False), ("DELETE", False)):
        answer = await admin.ask(method, f"{path}/disablement")
        assert (answer.status, answer.json["disabled_at"] is not None) == (200, disabled)
    about = f"publisher:{added.json['id']}"
    told = [event.context.operation for event in await house.entries() if event.context.about == about]
    assert told == ["publisher-added", "publisher-changed", "publisher-disabled", "publisher-enabled"]


@pytest.mark.requirement("DOOR-registered")
async def test_a_district_lets_others_give_only_what_it_has_and_trusts_nobody_unseen(house: House) -> None:
    state = await house.organisation("sea")
    oak, elm = [await house.organisation("lea", parent_id=state.id, name=name) for name in ("Oak", "Elm")]
    oaks = await admin_of(house, await house.party(oak, "admin:clients", "records:load"))
    keys = Party("", ISSUER)
    cases = {
        "what it has": (publisher_of(oak.id, keys), (201, "")),
        "what it has not": (publisher_of(oak.id, keys, scopes=["records:read"], issuer="https://b.example"), (422, "scope-not-grantable")),
        "what the state gives": (publisher_of(oak.id, keys, scopes=["admin:clients"]), (422, "scope-not-grantable")),
        "for what no rule knows": (
            publisher_of(oak.id, keys, purposes=["instrucion"], issuer="https://f.example"),
            (422, "unknown-purpose"),
        ),
        "unseen": (publisher_of(oak.id, keys, trusted=True, issuer="https://c.example"), (403, "not-permitted")),
        "of another": (publisher_of(elm.id, keys, issuer="https://d.example"), (404, "not-found")),
        "a private key": (
            publisher_of(oak.id, keys, jwks={"keys": [keys.key.as_dict(private=True) | {"kid": "x"}]}, issuer="https://e.example"),
            (422, "invalid-request"),
        ),
        "an issuer by http": (publisher_of(oak.id, keys, issuer="http://e.example"), (422, "invalid-request")),
    }
    for name, (body, expected) in cases.items():
        answer = await oaks.ask("POST", "/v1/publishers", body)
        assert (answer.status, answer.json.get("code", "")) == expected, name
    for scopes, expected in ((["records:load"], 201), (["records:read"], 422), (["admin:clients"], 422)):
        answer = await oaks.ask(
            "POST", "/v1/initial-access-tokens", {"organisation_id": str(oak.id), "role": "registrar", "scopes": scopes}
        )
        assert answer.status == expected, scopes
    body = {"organisation_id": str(oak.id), "role": "registrar", "scopes": ["records:load"], "purposes": ["instrucion"]}
    assert (await oaks.ask("POST", "/v1/initial-access-tokens", body)).code == "unknown-purpose"
    foreign = await oaks.ask("POST", "/v1/initial-access-tokens", {"organisation_id": str(elm.id), "role": "r", "scopes": ["records:load"]})
    assert foreign.status == 404


@pytest.mark.requirement("BAD-foreign")
async def test_anothers_publisher_token_and_registration_look_absent(house: House) -> None:
    state = await house.organisation("sea")
    oak, elm = [await house.organisation("lea", parent_id=state.id, name=name) for name in ("Oak", "Elm")]
    oaks = await admin_of(house, await house.party(oak, "admin:clients", "records:load"))
    elms = await signer(house, organisation=elm, scopes=("records:load",))
    token = await initial_token(house, elm.id, scopes=("records:load",))
    answer = await register(house, metadata(Party("", ISSUER), scope="records:load"), token=token)
    waiting = await initial_token(house, elm.id, scopes=("records:load",))
    sea = await admin_of(house, await house.sea_party("admin:clients"))
    listed = (await sea.ask("GET", "/v1/initial-access-tokens")).json["initial_access_tokens"]
    assert sorted(one["used_at"] is not None for one in listed) == [False, True]
    assert waiting not in str(listed)
    for method, path in (
        ("GET", "/v1/publishers/{}"),
        ("POST", "/v1/publishers/{}/disablement"),
        ("DELETE", "/v1/publishers/{}/disablement"),
        ("POST", "/v1/registrations/{}/approval"),
        ("POST", "/v1/registrations/{}/refusal"),
        ("POST", "/v1/initial-access-tokens/{}/withdrawal"),
    ):
        real = elms.publisher.id if "publishers" in path else answer.json["client_id"] if "registrations" in path else listed[1]["id"]
        there, not_there = [await oaks.ask(method, path.format(one)) for one in (real, uuid4())]
        assert (there.status, there.code) == (not_there.status, not_there.code) == (404, "not-found"), path
    for path, member in (("publishers",) * 2, ("registrations",) * 2, ("initial-access-tokens", "initial_access_tokens")):
        assert (await oaks.ask("GET", f"/v1/{path}")).json == {member: []}


async def test_a_registration_is_decided_once(house: House) -> None:
    sea = await admin_of(house, await house.sea_party("admin:clients"))
    vendor = await house.organisation("vendor")
    parties = [Party("", ISSUER) for _ in range(3)]
    for party in parties:
        party.client_id = (await register(house, metadata(party), token=await initial_token(house, vendor.id))).json["client_id"]
    page = await sea.ask("GET", "/v1/registrations?state=pending&limit=2")
    rest = await sea.ask("GET", page.headers["link"].partition(">")[0].removeprefix("<"))
    listed = [one["client"]["id"] for answer in (page, rest) for one in answer.json["registrations"]]
    assert (len(page.json["registrations"]), listed) == (2, sorted(party.client_id for party in parties))
    for party, verdict in zip(parties, ("approval", "refusal", "approval"), strict=True):
        assert (await sea.ask("POST", f"/v1/registrations/{party.client_id}/{verdict}")).status == 200
        for other in ("approval", "refusal"):
            again = await sea.ask("POST", f"/v1/registrations/{party.client_id}/{other}")
            assert (again.status, again.code) == (409, "registration-not-pending")
    assert [(await ask_token(house.app, party, house.now)).status for party in parties] == [200, 400, 200]
    enabled = await sea.ask("DELETE", f"/v1/clients/{parties[1].client_id}/disablement")
    assert (enabled.status, enabled.code) == (409, "registration-not-approved")
    assert (await sea.ask("GET", "/v1/registrations?state=refused")).json["registrations"][0]["client"]["id"] == parties[1].client_id


async def test_a_pending_client_is_not_let_in_by_another_way(house: House) -> None:
    sea = await admin_of(house, await house.sea_party("admin:clients"))
    vendor, party = await house.organisation("vendor"), Party("", ISSUER)
    party.client_id = (await register(house, metadata(party), token=await initial_token(house, vendor.id))).json["client_id"]
    enabled = await sea.ask("DELETE", f"/v1/clients/{party.client_id}/disablement")
    assert (enabled.status, enabled.code) == (409, "registration-not-approved")
    assert (await ask_token(house.app, party, house.now)).code == "unauthorized_client"


async def test_who_approves_must_be_able_to_grant_it(house: House) -> None:
    state = await house.organisation("sea")
    oak = await house.organisation("lea", parent_id=state.id)
    oaks = await admin_of(house, await house.party(oak, "admin:clients", "records:load"))
    token = await initial_token(house, oak.id, scopes=("records:load", "records:read"))
    answer = await register(house, metadata(Party("", ISSUER), scope="records:load records:read"), token=token)
    refused = await oaks.ask("POST", f"/v1/registrations/{answer.json['client_id']}/approval")
    assert (refused.status, refused.code) == (422, "scope-not-grantable")


async def test_an_initial_token_that_was_withdrawn_registers_nobody(house: House, clock: StandingClock) -> None:
    sea = await admin_of(house, await house.sea_party("admin:clients"))
    vendor = await house.organisation("vendor")
    new = {"organisation_id": str(vendor.id), "role": "registrar", "scopes": ["records:read"], "lasts_hours": 2}
    issued = (await sea.ask("POST", "/v1/initial-access-tokens", new)).json
    path = f"/v1/initial-access-tokens/{issued['id']}/withdrawal"
    for _ in range(2):
        assert (await sea.ask("POST", path)).json["withdrawn_at"] is not None
    answer = await register(house, metadata(Party("", ISSUER)), token=issued["initial_access_token"])
    assert (answer.status, answer.code) == (401, "invalid_token")
    used = (await sea.ask("POST", "/v1/initial-access-tokens", new)).json
    assert (await register(house, metadata(Party("", ISSUER)), token=used["initial_access_token"])).status == 201
    spent = await sea.ask("POST", f"/v1/initial-access-tokens/{used['id']}/withdrawal")
    assert (spent.status, spent.code) == (409, "initial-token-spent")
    about = f"initial-token:{issued['id']}"
    told = [event.context.operation for event in await house.entries() if event.context.about == about]
    assert told == ["initial-token-issued", "initial-token-withdrawn"]
