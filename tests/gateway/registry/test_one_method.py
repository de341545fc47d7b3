"""A client has one way of proving who it is; one with a secret opens rosters."""

from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from safepassage.wire_clients import ClientJwk, JwkSet, NewClient
from services.gateway.door.routing_table import ROUTES
from services.gateway.oauth.scopes import LEGACY_SCOPES, ROSTERING
from tests.gateway.by_hand import Party
from tests.gateway.house import ISSUER

AT = "192.0.2.7"
CORE = f"{ROSTERING}roster-core.readonly"


def test_a_client_has_exactly_one_method() -> None:
    about: dict[str, Any] = {"organisation_id": uuid4(), "name": "x", "kind": "application", "role": "x", "scopes": (CORE,)}
    jwks = JwkSet(keys=(ClientJwk.model_validate(Party("", ISSUER).jwk),))
    NewClient(**about, jwks=jwks)
    NewClient(**about, authentication="client_secret", addresses=(AT,))
    for wrong in (
        {},
        {"authentication": "client_secret"},
        {"authentication": "client_secret", "addresses": (AT,), "jwks": jwks},
        {"jwks": jwks, "addresses": (AT,)},
        {"authentication": "none", "jwks": jwks},
    ):
        with pytest.raises(ValidationError):
            NewClient(**about, **wrong)


def test_bearer_tokens_open_rosters_and_nothing_else() -> None:
    opened = {route.template for route in ROUTES if route.bearer}
    assert all(one.startswith(("/ims/oneroster/", "/v1/roster", "/v1/load-reports", "/oauth/token_info")) for one in opened)
    assert "/v1/roster-entries" not in opened
    assert all(route.accepts == "clients" and not route.scopes.isdisjoint(LEGACY_SCOPES) for route in ROUTES if route.bearer)
