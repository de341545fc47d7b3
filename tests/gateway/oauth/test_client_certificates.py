"""RFC 8705: clients that come by a certificate; what a proxy says of one is believed from a trusted one only."""

from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from safepassage.problems.requests import InvalidRequest
from safepassage.wire_clients import ClientJwk, JwkSet, NewClient, TlsSubject
from services.gateway.settings import GatewaySettings
from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer, Party, ask, ask_endpoint
from tests.gateway.certificates import Holder, holder
from tests.gateway.house import ISSUER, House, claims_of, open_house
from tests.gateway.oauth.test_whose_certificate import AUTHORITY, DN, OWN, as_rfc9440

PROXY = "10.0.0.1"


class Behind:
    """A client that comes through the agency's proxy."""

    def __init__(self, house: House, client_id: str, certificate: Holder | None) -> None:
        self.house, self.client_id, self.certificate = house, client_id, certificate

    def headers(self, *more: tuple[str, str]) -> list[tuple[str, str]]:
        own = [] if self.certificate is None else [("client-cert", as_rfc9440(self.certificate))]
        return [*own, *more]

    async def ask(self, path: str = "/oauth/token", address: str = PROXY, proofs: tuple[str, ...] = (), **form: str) -> Answer:
        said = {"client_id": self.client_id, **({"grant_type": "client_credentials"} if path == "/oauth/token" else {}), **form}
        headers = [("content-type", "application/x-www-form-urlencoded"), *self.headers(*(("dpop", one) for one in proofs))]
        body = "&".join(f"{name}={quote(value, safe='')}" for name, value in said.items()).encode()
        return await ask(self.house.app, "POST", path, headers=headers, body=body, address=address)

    async def get(self, token: str, path: str = "/v1/decisions", *, scheme: str = "Bearer", address: str = PROXY) -> Answer:
        return await ask(self.house.app, "GET", path, headers=self.headers(("authorization", f"{scheme} {token}")), address=address)


@pytest.fixture
async def proxied(tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path) -> Any:
    (tmp_path / "ca.pem").write_bytes(AUTHORITY.pem)
    settings: dict[str, Any] = {
        "client_certificate_authorities": tmp_path / "ca.pem",
        "client_certificate_header": "client-cert",
        "trusted_proxies": ["10.0.0.0/8"],
    }
    async with open_house(tmp_path, node_keys, clock, template=empty_store, **settings) as opened:
        yield opened


async def registered(house: House, certificate: Holder | None = OWN, **about: Any) -> Behind:
    sea = next(iter(await house.hand.organisations()), None) or await house.organisation("sea")
    new = {
        "organisation_id": sea.id,
        "name": "An information system",
        "kind": "information-system",
        "role": "registrar",
        "scopes": ("decisions:read",),
        "authentication": "tls_client_auth",
        "tls_subject": TlsSubject(kind="subject_dn", value=DN),
        **about,
    }
    made = await house.hand.register_client(NewClient.model_validate(new))
    await house.app.state.standing.refresh()
    return Behind(house, str(made.id), certificate)


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-certificate")
async def test_a_token_is_bound_to_the_certificate_and_to_nothing_else(proxied: House) -> None:
    sis = await registered(proxied)
    answer = await sis.ask()
    assert (answer.status, answer.json["token_type"], answer.json["scope"]) == (200, "Bearer", "decisions:read"), answer.body
    token = answer.json["access_token"]
    assert claims_of(token)["cnf"] == {"x5t#S256": OWN.seen.thumbprint}
    assert (await sis.get(token)).status == 200
    caller = proxied.heard("privacy").principal.caller
    assert caller is not None
    assert (caller.client_id, caller.key, caller.profile) == (sis.client_id, OWN.seen.thumbprint, None)
    other = Behind(proxied, sis.client_id, holder(DN, by=AUTHORITY))
    none = Behind(proxied, sis.client_id, None)
    for who, scheme, address in ((other, "Bearer", PROXY), (none, "Bearer", PROXY), (sis, "DPoP", PROXY), (sis, "Bearer", "192.0.2.7")):
        refused = await who.get(token, scheme=scheme, address=address)
        assert refused.status == 401, (scheme, address)
    [issued] = [event for event in await proxied.entries() if event.context.operation == "token-issued"]
    assert (issued.actor.client_id, issued.actor.key) == (sis.client_id, OWN.seen.thumbprint)


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-certificate")
async def test_what_anybody_but_a_trusted_proxy_says_of_a_certificate_is_nothing(proxied: House) -> None:
    sis = await registered(proxied)
    for proofs in ((), (Party("", ISSUER).proof(proxied.now, "POST", "/oauth/token"),)):
        refused = await sis.ask(address="192.0.2.7", proofs=proofs)
        assert (refused.status, refused.code) == (400, "invalid_request")
        assert refused.json["error_description"].endswith("are needed, or the certificate that the client is registered with")


@pytest.mark.anyio
async def test_with_a_proof_the_token_is_bound_to_its_key_instead(proxied: House) -> None:
    sis, party = await registered(proxied), Party("", ISSUER)
    answer = await sis.ask(proofs=(party.proof(proxied.now, "POST", "/oauth/token"),))
    assert (answer.status, answer.json["token_type"]) == (200, "DPoP")
    token = answer.json["access_token"]
    assert claims_of(token)["cnf"] == {"jkt": party.proof_key.thumbprint()}
    assert (await sis.get(token)).status == 401
    assert (await proxied.call(party, token, "GET", "/v1/decisions")).status == 200


@pytest.mark.anyio
async def test_a_client_has_one_method_whatever_else_it_could_prove(proxied: House) -> None:
    sis, party = await registered(proxied), await proxied.sea_party("decisions:read")
    own = Behind(proxied, party.client_id, OWN)
    assert (await own.ask()).code == "invalid_client"
    proof = party.proof(proxied.now, "POST", "/oauth/token")
    as_sis = Party(sis.client_id, ISSUER)
    assertion = as_sis.assertion(proxied.now)
    by_assertion = await sis.ask(
        proofs=(proof,), client_assertion=assertion, client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    )
    assert by_assertion.code == "invalid_client"
    assert (await sis.ask(client_secret="x")).code == "invalid_dpop_proof"
    stranger = Behind(proxied, str(uuid4()), OWN)
    wrong = Behind(proxied, sis.client_id, holder("CN=other", by=AUTHORITY))
    answers = [await who.ask() for who in (stranger, wrong, Behind(proxied, "x", OWN))]
    assert {(answer.status, answer.body) for answer in answers} == {(401, answers[0].body)}


@pytest.mark.anyio
async def test_it_takes_back_and_asks_about_its_tokens_by_its_certificate(proxied: House) -> None:
    sis = await registered(proxied)
    token = (await sis.ask()).json["access_token"]
    told = (await sis.ask("/oauth/introspect", token=token)).json
    assert (told["active"], told["token_type"], told["cnf"]) == (True, "Bearer", {"x5t#S256": OWN.seen.thumbprint})
    nobody = Behind(proxied, sis.client_id, holder("CN=other", by=AUTHORITY))
    assert (await nobody.ask("/oauth/revoke", token=token)).status == 401
    assert (await sis.ask("/oauth/revoke", token=token)).status == 200
    assert (await sis.get(token)).status == 401


@pytest.mark.anyio
async def test_it_pushes_what_it_asks_of_a_person_by_its_certificate(proxied: House) -> None:
    sis = await registered(proxied, redirect_uris=("https://app.example/back",), grant_types=("client_credentials", "authorization_code"))
    party = Party(sis.client_id, ISSUER)
    asked = {
        "response_type": "code",
        "redirect_uri": "https://app.example/back",
        "code_challenge": "A" * 43,
        "code_challenge_method": "S256",
        "state": "s" * 32,
        "scope": "decisions:read",
        "dpop_jkt": party.proof_key.thumbprint(),
    }
    answer = await sis.ask("/oauth/par", **asked)
    assert answer.status == 201, answer.body
    assert (await sis.ask("/oauth/par", address="192.0.2.7", **asked)).code == "invalid_request"
    refused = await sis.ask(grant_type="authorization_code", code="x", redirect_uri="https://app.example/back", code_verifier="A" * 43)
    assert (refused.status, refused.code) == (400, "invalid_dpop_proof"), "a person's token is bound to a key"


@pytest.mark.anyio
async def test_a_certificate_that_signed_itself_is_replaced_and_its_tokens_end(proxied: House) -> None:
    first, second = holder("CN=first"), holder("CN=second")
    about = {"authentication": "self_signed_tls_client_auth", "tls_subject": None, "tls_certificates": (first.seen.thumbprint,)}
    sis = await registered(proxied, first, **about)
    newer = Behind(proxied, sis.client_id, second)
    proxied.clock.advance(minutes=10)
    await proxied.app.state.standing.refresh()
    token = (await sis.ask()).json["access_token"]
    assert (await newer.ask()).status == 401
    admin = await proxied.sea_party("admin:clients")
    path, admins = f"/v1/clients/{sis.client_id}/keys", await proxied.token(admin)
    both = {"version": 1, "tls_certificates": [first.seen.thumbprint, second.seen.thumbprint]}
    assert (await proxied.call(admin, admins, "PUT", path, json=both)).status == 200
    assert [(await who.ask()).status for who in (sis, newer)] == [200, 200]
    assert (await sis.get(token)).status == 200
    alone = {"version": 2, "tls_certificates": [second.seen.thumbprint]}
    assert (await proxied.call(admin, admins, "PUT", path, json=alone)).status == 200
    assert (await sis.get(token)).status == 401
    assert [(await who.ask()).status for who in (sis, newer)] == [401, 200]
    await proxied.hand.disable_client(UUID(sis.client_id))
    assert (await newer.ask()).code == "unauthorized_client"


@pytest.mark.anyio
async def test_under_another_name_the_tokens_of_the_former_one_end(proxied: House) -> None:
    sis = await registered(proxied)
    renamed = Behind(proxied, sis.client_id, holder("CN=renamed", by=AUTHORITY))
    proxied.clock.advance(minutes=10)
    await proxied.app.state.standing.refresh()
    token = (await sis.ask()).json["access_token"]
    admin = await proxied.sea_party("admin:clients")
    path, admins = f"/v1/clients/{sis.client_id}/keys", await proxied.token(admin)
    wrong: list[dict[str, Any]] = [
        {"tls_certificates": [OWN.seen.thumbprint]},
        {"tls_subject": {"kind": "san_ip", "value": "elm"}},
        {"tls_subject": {"kind": "subject_dn", "value": DN}, "tls_certificates": [OWN.seen.thumbprint]},
        {},
    ]
    for keys in wrong:
        refused = await proxied.call(admin, admins, "PUT", path, json={"version": 1, **keys})
        assert (refused.status, refused.code) == (422, "invalid-request"), keys
    same = {"version": 1, "tls_subject": {"kind": "subject_dn", "value": DN}}
    assert (await proxied.call(admin, admins, "PUT", path, json=same)).status == 200
    assert (await sis.get(token)).status == 200
    other = {"version": 2, "tls_subject": {"kind": "subject_dn", "value": "CN=renamed"}}
    assert (await proxied.call(admin, admins, "PUT", path, json=other)).status == 200
    assert (await sis.get(token)).status == 401
    assert [(await who.ask()).status for who in (sis, renamed)] == [401, 200]


@pytest.mark.anyio
async def test_the_metadata_say_whether_certificates_are_taken(
    proxied: House, tmp_path: Path, node_keys: Path, clock: StandingClock
) -> None:
    path = "/.well-known/oauth-authorization-server"
    said = (await ask(proxied.app, "GET", path)).json
    methods = ["private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"]
    assert said["token_endpoint_auth_methods_supported"] == said["revocation_endpoint_auth_methods_supported"] == methods
    assert said["tls_client_certificate_bound_access_tokens"] is True
    about = ("tls_client_certificate_bound_access_tokens", "dpop_bound_access_tokens_required", "bearer_methods_supported")
    resource = (await ask(proxied.app, "GET", "/.well-known/oauth-protected-resource")).json
    assert [resource[one] for one in about] == [True, False, ["header"]]
    async with open_house(tmp_path, node_keys, clock) as plain:
        resource = (await ask(plain.app, "GET", "/.well-known/oauth-protected-resource")).json
        assert [resource[one] for one in about] == [False, True, []]
        said = (await ask(plain.app, "GET", path)).json
        assert said["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
        assert said["tls_client_certificate_bound_access_tokens"] is False


def test_a_field_that_nobody_is_trusted_to_write_is_refused(tmp_path: Path) -> None:
    """Every client with a certificate was refused, and nothing said why."""
    about: dict[str, Any] = {"entity_id": ISSUER, "database_url": "sqlite+aiosqlite://", "keys_directory": tmp_path}
    with pytest.raises(ValidationError, match="client_certificate_header needs trusted_proxies"):
        GatewaySettings(**about, client_certificate_header="client-cert")
    assert GatewaySettings(**about, client_certificate_header="client-cert", trusted_proxies=("10.0.0.1/32",)).takes_client_certificates


def test_a_client_is_registered_for_exactly_one_method() -> None:
    about: dict[str, Any] = {"organisation_id": uuid4(), "name": "x", "kind": "application", "role": "x", "scopes": ("decisions:read",)}
    jwks = JwkSet(keys=(ClientJwk.model_validate(Party("", ISSUER).jwk),))
    subject, thumbprints = TlsSubject(kind="subject_dn", value=DN), ("A" * 43,)
    NewClient(**about, authentication="tls_client_auth", tls_subject=subject)
    NewClient(**about, authentication="self_signed_tls_client_auth", tls_certificates=thumbprints)
    wrong: list[dict[str, Any]] = [
        {"authentication": "tls_client_auth"},
        {"authentication": "tls_client_auth", "tls_subject": subject, "jwks": jwks},
        {"authentication": "tls_client_auth", "tls_subject": subject, "tls_certificates": thumbprints},
        {"authentication": "self_signed_tls_client_auth"},
        {"authentication": "self_signed_tls_client_auth", "tls_certificates": thumbprints, "tls_subject": subject},
        {"authentication": "self_signed_tls_client_auth", "tls_certificates": thumbprints, "addresses": ("192.0.2.7",)},
        {"jwks": jwks, "tls_subject": subject},
        {"jwks": jwks, "tls_certificates": thumbprints},
    ]
    for one in wrong:
        with pytest.raises(ValidationError):
            NewClient(**about, **one)


@pytest.mark.anyio
async def test_a_name_that_is_none_is_not_registered(proxied: House) -> None:
    for kind, value in (("subject_dn", "no name"), ("san_ip", "999.1.1.1")):
        with pytest.raises(InvalidRequest) as refused:
            await registered(proxied, tls_subject=TlsSubject.model_validate({"kind": kind, "value": value}))
        assert refused.value.field == "tls_subject"


@pytest.mark.anyio
async def test_a_node_that_takes_no_certificates_lets_nobody_in_by_one(house: House) -> None:
    sis = await registered(house)
    assert (await sis.ask()).code == "invalid_request"
    answer = await ask_endpoint(house.app, "/oauth/introspect", {"client_id": sis.client_id, "token": "x"}, headers=sis.headers())
    assert (answer.status, answer.code) == (400, "invalid_request")
