"""What the node says of itself (RFC 8414, RFC 9728) is what it does: each endpoint is there, and what FAPI 2.0 wants is promised."""

import pytest

from services.gateway.door.routing_table import ROUTES
from services.gateway.oauth.scopes import SCOPES
from services.gateway.well_known import metadata_of, resource_of
from tests.gateway.by_hand import ask
from tests.gateway.house import ISSUER, House

SERVER, RESOURCE = "/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource"


@pytest.mark.anyio
async def test_every_endpoint_that_is_named_is_a_route_and_every_route_of_oauths_is_named(house: House) -> None:
    said = (await ask(house.app, "GET", SERVER)).json
    assert said == metadata_of(ISSUER)
    named = {value.removeprefix(ISSUER) for name, value in said.items() if name.endswith(("_endpoint", "_uri"))}
    routes = {route.template for route in ROUTES if route.template.startswith("/oauth/") and "{" not in route.template}
    assert named == routes - {"/oauth/token_info"}, "the last is no standard's"
    assert (await ask(house.app, "GET", RESOURCE)).json == resource_of(ISSUER)


def test_what_fapi_wants_is_promised_and_nothing_beside_it() -> None:
    said = metadata_of(ISSUER)
    assert said["require_pushed_authorization_requests"] is True
    assert said["authorization_response_iss_parameter_supported"] is True
    only = {
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
    }
    assert {name: said[name] for name in only} == only
    for name in ("token_endpoint_auth", "revocation_endpoint_auth", "introspection_endpoint_auth"):
        assert said[f"{name}_signing_alg_values_supported"] == ["Ed25519", "EdDSA", "ES256", "PS256"]
    assert said["dpop_signing_alg_values_supported"] == ["Ed25519", "EdDSA", "ES256"]
    assert "implicit" not in said["grant_types_supported"]
    assert "password" not in said["grant_types_supported"]


@pytest.mark.parametrize(("legacy", "certificates"), [(False, False), (True, False), (False, True), (True, True)])
def test_what_a_setting_lets_in_is_said_where_it_is_set_alone(legacy: bool, certificates: bool) -> None:
    server, resource = (
        metadata_of(ISSUER, legacy=legacy, certificates=certificates),
        resource_of(ISSUER, legacy=legacy, certificates=certificates),
    )
    methods = set(server["token_endpoint_auth_methods_supported"])
    assert {"client_secret_basic", "client_secret_post"} <= methods if legacy else not any("secret" in one for one in methods)
    assert ({"tls_client_auth", "self_signed_tls_client_auth"} <= methods) == certificates
    assert (server["tls_client_certificate_bound_access_tokens"], resource["tls_client_certificate_bound_access_tokens"]) == (
        certificates,
    ) * 2
    assert resource["dpop_bound_access_tokens_required"] == (not legacy and not certificates)
    assert (resource["resource"], resource["authorization_servers"], resource["scopes_supported"]) == (ISSUER, [ISSUER], sorted(SCOPES))
