"""Clients with a secret: off by default, rosters alone, from registered addresses, short, and on the log as what they are."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from safepassage.canonical import to_base64url
from safepassage.problems.access import SecretsHeld
from safepassage.problems.requests import InvalidRequest
from safepassage.wire_clients import ClientGrants, ClientJwk, ClientKeys, JwkSet, NewClient
from services.gateway.oauth.client_secrets import Kept, new_secret, read_presented, verify_secret
from services.gateway.oauth.oauth_errors import ClientNotAuthenticated
from services.gateway.oauth.scopes import ROSTERING
from services.gateway.tables import ClientSecretRow
from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer, Party, ask, ask_endpoint, ask_token
from tests.gateway.house import ISSUER, House, claims_of, open_house
from tests.gateway.oauth.agreements import AGREEMENT, agreeing
from tests.gateway.oauth.test_whose_certificate import OWN, as_rfc9440
from tests.links import linked

pytestmark = pytest.mark.anyio

AT, ELSEWHERE = "192.0.2.7", "198.51.100.9"
CORE = f"{ROSTERING}roster-core.readonly"
STUDENTS = "/ims/oneroster/rostering/v1p2/students"


class Legacy:
    """A vendor's application with a key and a secret."""

    def __init__(self, house: House, client_id: str, secret: str, secret_id: UUID) -> None:
        self.house, self.client_id, self.secret, self.secret_id = house, client_id, secret, secret_id

    def basic(self, *, client_id: str | None = None, secret: str | None = None) -> tuple[str, str]:
        both = f"{quote_plus(client_id or self.client_id)}:{quote_plus(secret or self.secret)}"
        return ("authorization", "Basic " + base64.b64encode(both.encode()).decode())

    async def ask(self, form: Mapping[str, str] | None = None, *headers: tuple[str, str], address: str = AT, basic: bool = True) -> Answer:
        """A token request as stock clients make it."""
        sent = [("content-type", "application/x-www-form-urlencoded"), *([self.basic()] if basic else []), *headers]
        body = urlencode({"grant_type": "client_credentials", **(form or {})}).encode()
        return await ask(self.house.app, "POST", "/oauth/token", headers=sent, body=body, address=address)

    async def token(self, **form: str) -> str:
        answer = await self.ask(form)
        assert answer.status == 200, answer.body
        return str(answer.json["access_token"])

    async def get(self, token: str, path: str = STUDENTS, *, scheme: str = "Bearer", address: str = AT, **about: Any) -> Answer:
        headers = [("authorization", f"{scheme} {token}"), *about.pop("headers", [])]
        return await ask(self.house.app, about.pop("method", "GET"), path, headers=headers, address=address, **about)


@pytest.fixture
async def allowing(tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, node_keys, clock, template=empty_store, legacy_clients=True) as opened:
        yield opened


async def registered(house: House, *scopes: str, addresses: tuple[str, ...] = (AT,), **about: Any) -> Legacy:
    vendor = await house.organisation("vendor")
    new = NewClient(
        organisation_id=vendor.id,
        name="A roster application",
        kind="application",
        role="rostering",
        scopes=scopes or (CORE,),
        purposes=("assessment",),
        authentication="client_secret",
        addresses=addresses,
        **about,
    )
    client = await house.hand.register_client(new)
    made = await house.hand.add_client_secret(client.id)
    await house.app.state.standing.refresh()
    return Legacy(house, str(client.id), made.secret, made.id)


@pytest.fixture
async def legacy(allowing: House) -> Legacy:
    return await registered(allowing)


async def test_a_stock_client_reads_a_roster_by_basic_and_bearer(allowing: House, legacy: Legacy) -> None:
    answer = await legacy.ask({"scope": CORE})
    assert answer.status == 200, answer.body
    assert {name: answer.json[name] for name in ("token_type", "expires_in", "scope")} == {
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": CORE,
    }
    token = answer.json["access_token"]
    assert (await legacy.get(token)).status == 200
    caller = allowing.heard().principal.caller
    assert caller is not None
    assert (caller.client_id, caller.profile, caller.key, caller.address) == (legacy.client_id, "legacy", None, AT)
    assert caller.scopes == {CORE}
    claims = claims_of(token)
    assert "cnf" not in claims
    assert (claims["profile"], claims["addresses"]) == ("legacy", [AT])
    info = (await legacy.get(token, "/oauth/token_info")).json
    assert "key" not in info or info["key"] is None


async def test_the_secret_may_be_in_the_body_instead(legacy: Legacy) -> None:
    answer = await legacy.ask({"client_id": legacy.client_id, "client_secret": legacy.secret}, basic=False)
    assert (answer.status, answer.json["scope"]) == (200, CORE)


async def test_a_token_is_for_the_agreement_that_the_client_is_registered_with(allowing: House) -> None:
    agreeing(allowing)
    legacy = await registered(allowing, agreement_id=UUID(AGREEMENT))
    answer = await legacy.ask()
    assert answer.json["authorization_details"][0]["agreement_id"] == AGREEMENT
    await legacy.get(answer.json["access_token"])
    caller = allowing.heard().principal.caller
    assert caller is not None
    assert (caller.details["agreement_id"], caller.details["purpose"]) == (AGREEMENT, "assessment")


@pytest.mark.requirement("DOOR-legacy")
async def test_without_the_setting_nobody_comes_in_by_a_secret(house: House) -> None:
    legacy = await registered(house)
    for basic, form in ((True, {}), (False, {"client_id": legacy.client_id, "client_secret": legacy.secret})):
        answer = await legacy.ask(form, ("dpop", Party("", ISSUER).proof(house.now, "POST", "/oauth/token")), basic=basic)
        assert (answer.status, answer.code) == (400, "invalid_request")
        assert (await legacy.ask(form, basic=basic)).code == "invalid_dpop_proof"
    metadata = (await ask(house.app, "GET", "/.well-known/oauth-authorization-server")).json
    assert metadata["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]


async def test_a_token_made_while_it_was_allowed_opens_nothing_once_it_is_not(
    allowing: House, legacy: Legacy, tmp_path: Path, node_keys: Path, clock: StandingClock
) -> None:
    token = await legacy.token()
    assert (await legacy.get(token)).status == 200
    async with open_house(tmp_path, node_keys, clock) as strict:
        refused = await ask(strict.app, "GET", STUDENTS, headers=[("authorization", f"Bearer {token}")], address=AT)
        assert (refused.status, "Bearer" in refused.headers["www-authenticate"]) == (401, False)
    wrong = (await legacy.get(f"{token}x")).headers["www-authenticate"]
    said = f'Bearer resource_metadata="{ISSUER}/.well-known/oauth-protected-resource"'
    assert (wrong.startswith("DPoP algs="), wrong.endswith(f'{said}, error="invalid_token"')) == (True, True)
    assert (await ask(allowing.app, "GET", STUDENTS, address=AT)).headers["www-authenticate"].endswith(said)
    metadata = (await ask(allowing.app, "GET", "/.well-known/oauth-authorization-server")).json
    assert metadata["token_endpoint_auth_methods_supported"] == ["private_key_jwt", "client_secret_basic", "client_secret_post"]


FORMS: dict[str, tuple[dict[str, str], list[tuple[str, str]], tuple[int, str]]] = {
    "an assertion as well": ({"client_assertion": "x"}, [], (400, "invalid_request")),
    "the secret twice": ({"client_secret": "x"}, [], (400, "invalid_request")),
    "another client in the form": ({"client_id": str(uuid4())}, [], (400, "invalid_request")),
    "another grant": ({"grant_type": "password"}, [], (400, "unsupported_grant_type")),
    "token exchange": ({"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange"}, [], (400, "unsupported_grant_type")),
    "a scope that it has not": ({"scope": f"{ROSTERING}roster.readonly"}, [], (400, "invalid_scope")),
    "a scope that no such client has": ({"scope": "records:read"}, [], (400, "invalid_scope")),
    "another purpose": (
        {"authorization_details": json.dumps([{"type": "student_data_access", "purpose": "study"}])},
        [],
        (400, "invalid_authorization_details"),
    ),
    "another server": ({"resource": "https://ods.alder.example"}, [], (400, "invalid_target")),
    "a proof": ({}, [("dpop", "x")], (400, "invalid_request")),
}


@pytest.mark.parametrize("name", FORMS)
async def test_a_client_with_a_secret_gets_nothing_else(allowing: House, legacy: Legacy, name: str) -> None:
    await allowing.sea_party("decisions:read", registered={"resource": "https://ods.alder.example"})
    form, headers, expected = FORMS[name]
    answer = await legacy.ask(form, *headers)
    assert (answer.status, answer.code) == expected, answer.body
    assert [event for event in await allowing.entries() if event.class_ == "authentication"] == []
    assert (await legacy.ask()).status == 200


async def test_whatever_is_wrong_with_who_it_is_is_answered_alike(allowing: House, legacy: Legacy) -> None:
    other = await registered(allowing)
    signer = await allowing.sea_party("decisions:read")
    disabled = await registered(allowing)
    await allowing.hand.disable_client(UUID(disabled.client_id))
    wrong = to_base64url(legacy.secret_id.bytes + bytes(32))
    cases: dict[str, tuple[str, str]] = {
        "no such client": legacy.basic(client_id=str(uuid4())),
        "no id of a client": legacy.basic(client_id="somebody"),
        "a client with keys": legacy.basic(client_id=signer.client_id),
        "another client's secret": legacy.basic(secret=other.secret),
        "a secret that was never made": legacy.basic(secret=new_secret(uuid4())[0]),
        "another secret under its id": legacy.basic(secret=wrong),
        "no secret of the form": legacy.basic(secret="secret"),
        "an upper-case id": legacy.basic(client_id=legacy.client_id.upper()),
    }
    answers = {name: await legacy.ask({}, header, basic=False) for name, header in cases.items()}
    answers["from elsewhere"] = await legacy.ask(address=ELSEWHERE)
    first = answers["no such client"]
    assert (first.status, first.code) == (401, "invalid_client")
    assert first.headers["www-authenticate"].startswith("Basic ")
    for name, answer in answers.items():
        assert (answer.status, answer.body) == (first.status, first.body), name
    gone = await disabled.ask(address="192.0.2.7")
    assert (gone.status, gone.code) == (400, "unauthorized_client")
    in_body = await legacy.ask({"client_id": legacy.client_id, "client_secret": wrong}, basic=False, address="192.0.2.200")
    assert (in_body.status, "www-authenticate" in in_body.headers) == (401, False)


MALFORMED = ("Basic", "Basic ", "Basic !!!", "Basic " + base64.b64encode(b"no-colon").decode(), "Bearer x", "Basic " + "A" * 1100)


@pytest.mark.parametrize("header", [*MALFORMED, "Basic " + base64.b64encode("é:x".encode()).decode()])
def test_a_header_that_is_no_basic_authenticates_nobody(header: str) -> None:
    with pytest.raises(ClientNotAuthenticated):
        read_presented({}, header)


@pytest.mark.requirement("DOOR-legacy")
async def test_a_token_counts_only_where_the_profile_reaches(allowing: House, legacy: Legacy) -> None:
    token = await legacy.token()
    refusals: dict[str, tuple[Answer, str]] = {
        "from elsewhere": (await legacy.get(token, address=ELSEWHERE), "401"),
        "with a proof": (await legacy.get(token, headers=[("dpop", "x")]), "401"),
        "as a token that is bound": (await legacy.get(token, scheme="DPoP"), "401"),
        "as a token that is bound, with a proof": (
            await legacy.get(token, scheme="DPoP", headers=[("dpop", Party("", ISSUER).proof(allowing.now, "GET", STUDENTS, token=token))]),
            "401",
        ),
        "at another operation": (await legacy.get(token, "/v1/roster-entries"), "401"),
        "at an administrator's": (await legacy.get(token, "/v1/clients"), "401"),
        "at a peer's": (await legacy.get(token, "/v1/peer/pins"), "401"),
        "for demographics": (await legacy.get(token, "/ims/oneroster/rostering/v1p2/demographics"), "403"),
    }
    for name, (answer, status) in refusals.items():
        assert str(answer.status) == status, (name, answer.body)
    assert [one.path for one in allowing.behind["records"].heard if not one.path.startswith("/internal/")] == []
    for path in ("/oauth/introspect", "/oauth/revoke"):
        answer = await ask_endpoint(allowing.app, path, {"token": token}, headers=[legacy.basic()])
        assert (answer.status, answer.code) == (400, "invalid_request")


async def test_a_token_that_is_bound_to_a_key_is_no_bearer_token_anywhere(allowing: House, legacy: Legacy) -> None:
    vendor = await allowing.party(await allowing.organisation("vendor"), CORE, purposes=["assessment"])
    bound = await allowing.token(vendor)
    refused = await legacy.get(bound)
    assert (refused.status, refused.json["imsx_codeMajor"]) == (401, "failure")
    assert (await legacy.get(await allowing.token(await allowing.sea_party("records:load")), "/v1/load-reports")).status == 401


async def test_a_certificate_of_the_connection_opens_no_more_to_it(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path
) -> None:
    proxied = {"client_certificate_header": "client-cert", "trusted_proxies": ["10.0.0.0/8"]}
    certificate = [("client-cert", as_rfc9440(OWN))]
    async with open_house(tmp_path, node_keys, clock, template=empty_store, legacy_clients=True, **proxied) as house:
        legacy = await registered(house, addresses=("10.0.0.1",))
        token = (await legacy.ask(address="10.0.0.1")).json["access_token"]
        assert (await legacy.get(token, address="10.0.0.1", headers=certificate)).status == 200
        assert (await legacy.get(token, "/v1/roster-entries", address="10.0.0.1", headers=certificate)).status == 401
        assert (await legacy.get(token, address="10.0.0.2", headers=certificate)).status == 401
    async with open_house(tmp_path, node_keys, clock, **proxied) as strict:
        refused = Legacy(strict, legacy.client_id, legacy.secret, legacy.secret_id)
        assert (await refused.get(token, address="10.0.0.1", headers=certificate)).status == 401


async def test_an_exchange_makes_nothing_of_it(allowing: House, legacy: Legacy) -> None:
    client = next(one for one in await allowing.hand.clients() if str(one.id) == legacy.client_id)
    organisation = next(one for one in await allowing.hand.organisations() if one.id == client.organisation_id)
    vendor = await allowing.party(organisation, CORE, purposes=["assessment"], registered={"may_exchange": [client.id]})
    form = vendor.proven(
        allowing.now,
        grant_type="urn:ietf:params:oauth:grant-type:token-exchange",
        subject_token=await legacy.token(),
        subject_token_type="urn:ietf:params:oauth:token-type:access_token",
    )
    assert (await ask_token(allowing.app, vendor, allowing.now, form=form)).code == "invalid_request"


async def test_secrets_are_rotated_two_at_once_and_a_removed_one_ends_its_tokens(allowing: House, legacy: Legacy) -> None:
    client_id = UUID(legacy.client_id)
    second = await allowing.hand.add_client_secret(client_id)
    with pytest.raises(SecretsHeld):
        await allowing.hand.add_client_secret(client_id)
    newer = Legacy(allowing, legacy.client_id, second.secret, second.id)
    old_token, new_token = await legacy.token(), await newer.token()
    admin = await allowing.sea_party("admin:clients")
    admins = await allowing.token(admin)
    path = f"/v1/clients/{client_id}/secrets"
    listed = (await allowing.call(admin, admins, "GET", path)).json["secrets"]
    assert {one["id"] for one in listed} == {str(legacy.secret_id), str(second.id)}
    assert set(listed[0]) == {"id", "created_at"}
    assert (await allowing.call(admin, admins, "DELETE", f"{path}/{legacy.secret_id}")).status == 200
    assert (await allowing.call(admin, admins, "DELETE", f"{path}/{legacy.secret_id}")).status == 404
    assert (await legacy.ask()).status == 401
    assert (await legacy.get(old_token)).status == 401
    assert (await newer.get(new_token)).status == 200
    leads = linked("gateway.register_client", "gateway.make_client_secret", await allowing.hand.client(client_id))
    made = await allowing.call(admin, admins, "POST", leads)
    assert (made.status, len(made.json["secret"])) == (201, 64)
    administered = [event.context.operation for event in await allowing.entries() if event.class_ == "administration"]
    assert administered.count("client-secret-made") == 3
    assert administered.count("client-secret-removed") == 1


async def test_what_is_kept_of_a_secret_is_not_the_secret(allowing: House, legacy: Legacy) -> None:
    async with allowing.app.state.database.reading() as tx:
        [row] = (await tx.execute(select(ClientSecretRow))).scalars().all()
    assert (row.cost, row.block_size, row.parallelism, len(row.salt), len(row.digest)) == (2**14, 8, 1, 16, 32)
    assert legacy.secret.encode() not in row.digest + row.salt
    kept = Kept(row.salt, row.digest, row.cost, row.block_size, row.parallelism)
    await verify_secret(legacy.secret, kept)
    for wrong in (legacy.secret[:-1] + ("A" if legacy.secret[-1] != "A" else "B"), legacy.secret + "A", "", legacy.secret.lower()):
        with pytest.raises(ClientNotAuthenticated):
            await verify_secret(wrong, kept)
    with pytest.raises(ClientNotAuthenticated):
        await verify_secret(legacy.secret, None)


async def test_who_fails_five_times_waits_and_who_has_the_secret_elsewhere_does_not(
    allowing: House, legacy: Legacy, clock: StandingClock
) -> None:
    other = await registered(allowing, addresses=(ELSEWHERE,))
    for _ in range(5):
        assert (await legacy.ask({}, legacy.basic(secret=new_secret(uuid4())[0]), basic=False)).status == 401
    waits = await legacy.ask()
    assert (waits.status, waits.code, int(waits.headers["retry-after"])) == (429, "temporarily_unavailable", 901)
    assert (await other.ask(address=ELSEWHERE)).status == 200
    clock.advance(minutes=15)
    assert (await legacy.ask()).status == 200


async def test_who_tries_many_clients_from_one_address_waits_too(allowing: House, legacy: Legacy) -> None:
    for _ in range(20):
        assert (await legacy.ask({}, legacy.basic(client_id=str(uuid4())), basic=False)).status == 401
    assert (await legacy.ask({}, legacy.basic(client_id=str(uuid4())), basic=False)).status == 429


async def test_no_more_than_a_few_comparisons_wait(allowing: House, legacy: Legacy) -> None:
    answers = await asyncio.gather(*(legacy.ask(address=f"192.0.2.{number}") for number in range(40)))
    assert {answer.status for answer in answers} <= {200, 401, 429}
    assert [answer.status for answer in answers].count(429) == 8


@pytest.mark.requirement("DOOR-legacy")
async def test_every_use_is_on_the_log_as_legacy(allowing: House, legacy: Legacy) -> None:
    await legacy.ask()
    await legacy.ask(address=ELSEWHERE)
    [issued] = [event for event in await allowing.entries() if event.class_ == "authentication"]
    assert (issued.actor.client_id, issued.actor.profile, issued.actor.key, issued.actor.address) == (legacy.client_id, "legacy", None, AT)
    refused = [event.context.reason for event in await allowing.entries() if event.class_ == "refusal"]
    assert refused == ["address"]


WRONG: dict[str, dict[str, Any]] = {
    "a scope beyond rosters": {"scopes": ("records:read",)},
    "a resource server": {"resource": "https://ods.alder.example"},
    "who exchanges": {"may_exchange": (uuid4(),)},
    "who acts for people": {"redirect_uris": ("https://app.example/back",), "grant_types": ("client_credentials", "authorization_code")},
    "an open network": {"addresses": ("0.0.0.0/0",)},
    "a network with host bits": {"addresses": ("192.0.2.7/24",)},
    "an open IPv6 network": {"addresses": ("2001:db8::/32",)},
    "no network": {"addresses": ("999.0.2.7",)},
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_client_with_a_secret_is_registered_for_rosters_and_addresses_alone(allowing: House, name: str) -> None:
    with pytest.raises(InvalidRequest):
        await registered(allowing, *WRONG[name].get("scopes", ()), **{key: one for key, one in WRONG[name].items() if key != "scopes"})


async def test_neither_keys_nor_scopes_beyond_rosters_are_given_later(allowing: House, legacy: Legacy) -> None:
    client_id, keys = UUID(legacy.client_id), JwkSet(keys=(ClientJwk.model_validate(Party("", ISSUER).jwk),))
    with pytest.raises(InvalidRequest):
        await allowing.hand.replace_client_keys(client_id, ClientKeys(version=2, jwks=keys))
    with pytest.raises(InvalidRequest):
        await allowing.hand.change_client_grants(client_id, ClientGrants(version=2, scopes=("records:read",)))
    signer = await allowing.sea_party("decisions:read")
    with pytest.raises(InvalidRequest):
        await allowing.hand.add_client_secret(UUID(signer.client_id))
