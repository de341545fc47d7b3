"""oauth4webapi, which nobody here wrote, takes every answer of the node: of a client, and of a resource server outside of the node."""

from typing import Any

import pytest

from tests.npm.nodes import RunningNode
from tests.npm.scripts import script

pytestmark = [pytest.mark.anyio, pytest.mark.npm]

ODS = "https://ods.alder.example/data/v3"
DETAILS = [{"type": "student_data_access", "purpose": "audit-evaluation", "datatypes": ["attendance", "identity.birth_date"]}]


@pytest.mark.requirement("DOOR-outside")
@pytest.mark.parametrize("proofs", ["ES256", "Ed25519"])
async def test_it_completes_what_machines_and_resource_servers_do(node: RunningNode, proofs: str) -> None:
    resource = f"{ODS}/{proofs.lower()}"
    machine = await node.client("decisions:read", "admin:organisations", purposes=("audit-evaluation",))
    server = await node.client("decisions:read", resource=resource)
    backend = await node.client("decisions:read", assertion_audience="token-url")
    clients = {"machine": machine, "server": server, "backend": backend}
    said: dict[str, Any] = await script(
        "oauth4webapi.mjs", **clients, scope="decisions:read", details=DETAILS, resource=resource, proofs=proofs
    )
    assert said["described"]["authorization_servers"] == [node.issuer]
    assert said["nonces"] == (1 if node.nonces_always else 0), "a nonce is kept for the next proof"
    assert (said["token"]["token_type"], said["token"]["scope"], said["token"]["authorization_details"]) == (
        "dpop",
        "decisions:read",
        DETAILS,
    )
    assert said["exchanged"]["issued_token_type"] == "urn:ietf:params:oauth:token-type:access_token"
    assert said["exchanged"]["authorization_details"] == DETAILS
    assert [one["scope"] for one in said["may"]["scopes"]] == ["decisions:read"]
    assert (said["claims"]["aud"], said["claims"]["client_id"]) == (resource, machine["client_id"])
    for told in (said["plain"], said["signed"]):
        assert (told["active"], told["aud"], told["client_id"]) == (True, resource, machine["client_id"])
    assert (said["smart"], said["notSmart"]) == ("decisions:read", "invalid_client")
    assert said["after"] == {"active": False}
