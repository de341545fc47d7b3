"""Both clients with a key and a secret, as Ed-Fi and OneRoster systems: let in where the operator said so, from their address alone."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from safepassage.client import Client, ClientFile
from safepassage.wire_policy import NewAgreement
from services.gateway.oauth.scopes import ROSTERING
from shared.clock import system_clock
from tests.npm.conftest import Secure
from tests.npm.nodes import RunningNode
from tests.npm.scripts import script

pytestmark = [pytest.mark.anyio, pytest.mark.npm]

SCOPE = f"{ROSTERING}roster-core.readonly"
PATHS = {"path": "/ims/oneroster/rostering/v1p2/students", "beyond": "/v1/roster-entries"}


async def agreement(node: RunningNode, recipient_id: UUID, authority_file: str) -> UUID:
    """One that is in force between a district and the vendor, recorded by the agency's own client."""
    today = system_clock().date()
    new = NewAgreement(
        kind="contractor",
        recipient_id=recipient_id,
        district_ids=(await node.organisation("lea"),),
        document="A" * 43,
        signed_on=today - timedelta(days=2),
        starts_on=today - timedelta(days=1),
        ends_on=today + timedelta(days=300),
        elements=("identity.name", "enrollment.enrollments"),
        purposes=("instruction",),
        institutional_service="section 2",
        direct_control="section 3",
        redisclosure_limits="section 4",
        legitimate_interest="annual notice",
        destruction="section 9",
        security="section 7",
        breach_notice="section 8",
    )
    own = await node.client("agreements:write")
    async with Client(ClientFile.model_validate({**own, "ca_file": authority_file})) as client:
        return (await client.record_agreement(new)).id


async def with_secret(node: RunningNode, organisation_id: UUID, *addresses: str, **about: Any) -> dict[str, Any]:
    """A client of the vendor's that comes from these addresses."""
    own = {"organisation_id": organisation_id, "kind": "application", "role": "rostering", "authentication": "client_secret"}
    client = await node.registered(SCOPE, addresses=addresses, purposes=("instruction",), **own, **about)
    return {"client_id": client["client_id"], "secret": await node.secret(client["client_id"])}


@pytest.mark.requirement("DOOR-outside")
async def test_each_reads_a_roster_from_its_own_address_and_nothing_else(secure: Secure) -> None:
    node, recipient_id = secure.node, await secure.node.organisation("vendor")
    agreed = await agreement(node, recipient_id, str(node.folder.path.parent / "authority.pem"))
    here = await with_secret(node, recipient_id, "127.0.0.1", agreement_id=agreed)
    elsewhere = await with_secret(node, recipient_id, "192.0.2.7", agreement_id=agreed)
    about = {"issuer": node.issuer, "authority": secure.authority.pem.decode(), "scope": SCOPE, **PATHS}

    said = await script("openid_client_secret.mjs", **about, clients=[here, elsewhere])
    assert {"client_secret_basic", "client_secret_post"} <= set(said["methods"])
    basic, post, *refused = said["said"]
    for one in (basic, post):
        assert (one["token"]["token_type"], one["token"]["expires_in"], one["token"]["scope"]) == ("bearer", 300, SCOPE)
        [detail] = one["token"]["authorization_details"]
        assert (detail["agreement_id"], detail["purpose"]) == (str(agreed), "instruction")
        assert (one["status"], one["body"], one["beyond"]) == (200, {"users": []}, 401)
    assert refused == [{"status": 401, "error": "basic"}, {"status": 401, "error": "invalid_client"}]

    said = await script("oauth4webapi_secret.mjs", **about, **here, wrong=elsewhere["secret"])
    assert (said["token"]["token_type"], said["token"]["expires_in"], said["inTheForm"]) == ("bearer", 300, SCOPE)
    assert (said["status"], said["body"], said["wrong"]) == (200, {"users": []}, {"status": 401, "scheme": "basic"})


@pytest.mark.requirement("DOOR-outside")
async def test_a_node_whose_operator_did_not_say_so_lets_neither_in(node: RunningNode) -> None:
    client = await with_secret(node, await node.organisation("vendor"), "127.0.0.1")
    said = await script("openid_client_secret.mjs", issuer=node.issuer, clients=[client], scope=SCOPE, **PATHS)
    assert said["methods"] == ["private_key_jwt"]
    assert said["said"] == [{"status": 400, "error": "invalid_dpop_proof"}] * 2
