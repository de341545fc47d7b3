"""Both clients act for a person who signed in at the agency's provider; where that was too long ago for an export, they ask them anew."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from node.demo.processes import free_port
from shared.keys import write_secret
from tests.gateway.house import claims_of
from tests.gateway.people.openid_provider import CLIENT_KEY
from tests.npm.nodes import RunningNode, running_node
from tests.npm.scripts import running, script
from tests.npm.test_people import KEYS
from tests.npm.test_persons import REDIRECT_URI

pytestmark = [pytest.mark.anyio, pytest.mark.npm]

SCOPE = "audit:export audit:search"
STRONG = "urn:mfa"
PURPOSE = "audit-evaluation"
EXPORT = {"path": "/v1/log/exports", "body": {"search": {}, "format": "jsonl"}}
SECONDS_AGO = 400
"""More than an export lets a person have signed in ago."""


@pytest.fixture
def provider_port() -> int:
    return free_port()


@pytest.fixture
def of_people(tmp_path: Path, provider_port: int) -> Iterator[RunningNode]:
    """A node at which people sign in by a provider that does not run yet."""
    key = tmp_path / "client.json"
    write_secret(key, json.dumps(CLIENT_KEY.as_dict(private=True)).encode())
    settings = {
        "people_issuer": f"http://127.0.0.1:{provider_port}",
        "people_client_id": "the-node",
        "people_client_key_file": str(key),
        "people_signing_algorithm": "ES256",
        "people_roles": json.dumps({"sp-auditors": "auditor"}),
        "people_strong_acr": json.dumps([STRONG]),
    }
    with running_node(tmp_path / "alder", **settings) as running_one:
        yield running_one


@pytest.mark.requirement("DOOR-outside")
async def test_each_is_told_what_is_wanted_asks_the_person_anew_and_gets_through(of_people: RunningNode, provider_port: int) -> None:
    about: dict[str, Any] = {
        "port": provider_port,
        "node": of_people.issuer,
        "client_id": "the-node",
        "jwk": {**CLIENT_KEY.as_dict(private=False), "alg": "ES256"},
        "algorithm": "ES256",
        "keys": [{**KEYS["ES256"].as_dict(private=True), "use": "sig", "alg": "ES256", "kid": "ES256"}],
        "people": {"ada": {"name": "Ada Whitaker", "roles": ["sp-auditors"]}},
        "seated": {"who": "ada", "seconds_ago": SECONDS_AGO, "acr_values": [STRONG]},
    }
    grants = {"redirect_uris": ("http://127.0.0.1/callback",), "grant_types": ("client_credentials", "authorization_code")}
    asks = {"scope": SCOPE, "details": [{"type": "student_data_access", "purpose": PURPOSE}], "redirect_uri": REDIRECT_URI}
    application = await of_people.client(*SCOPE.split(), purposes=(PURPOSE,), **grants)
    async with running("people_provider.mjs", **about):
        for name in ("openid_client_step_up.mjs", "oauth4webapi_step_up.mjs"):
            told = await script(name, application=application, **asks, **EXPORT)
            assert told["refused"] == {
                "status": 401,
                "scheme": "dpop",
                "error": "insufficient_user_authentication",
                "max_age": "300",
                "acr_values": STRONG,
            }
            assert (told["confirmed"], told["through"], told["still"]) == ([0, 1], 200, 401)
            first, second = (claims_of(told[which]["access_token"]) for which in ("first", "second"))
            assert second["auth_time"] - first["auth_time"] >= SECONDS_AGO
            assert (first.get("acr"), second["acr"], first["sub"] == second["sub"]) == (None, STRONG, True)
