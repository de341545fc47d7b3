"""openid-client, which nobody here wrote, gets along with the node: what it would not take of an authorization server, it throws at."""

from typing import Any

import pytest

from tests.npm.nodes import RunningNode
from tests.npm.scripts import script

pytestmark = [pytest.mark.anyio, pytest.mark.npm]

ODS = "https://ods.alder.example/data/v3"
DETAILS = [{"type": "student_data_access", "purpose": "audit-evaluation", "actions": ["read"]}]


@pytest.mark.requirement("DOOR-outside")
async def test_it_completes_what_a_machine_does(node: RunningNode) -> None:
    machine = await node.client("decisions:read", "admin:organisations", purposes=("audit-evaluation",))
    server = await node.client("decisions:read", resource=ODS)
    actor = await node.client("decisions:read", purposes=("audit-evaluation",), may_exchange=(machine["client_id"],))
    backend = await node.client("decisions:read", assertion_audience="token-url")
    clients = {"machine": machine, "server": server, "actor": actor, "backend": backend}
    said: dict[str, Any] = await script("openid_client.mjs", **clients, scope="decisions:read", details=DETAILS, resource=ODS)
    assert said["server"]["issuer"] == node.issuer
    assert (said["token"]["token_type"], said["token"]["scope"]) == ("dpop", "decisions:read")
    assert said["token"]["authorization_details"] == DETAILS
    assert said["may"]["status"] == 200
    assert [one["scope"] for one in said["may"]["scopes"]] == ["decisions:read"]
    assert said["active"] is True
    assert (said["exchanged"]["scope"], said["exchanged"]["authorization_details"], said["itMay"]) == ("decisions:read", DETAILS, 200)
    assert said["smart"] == ["decisions:read", "invalid_client"]
    for told in (said["known"], said["signed"]):
        assert (told["active"], told["aud"], told["client_id"]) == (True, ODS, machine["client_id"])
    assert said["after"] == {"active": False}
    assert said["refused"]["status"] == 401
    assert said["refused"]["challenge"][0]["parameters"]["error"] == "invalid_token"
