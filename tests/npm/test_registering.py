"""Both clients register themselves: one waits for an administrator, the other is of a publisher that is trusted."""

import secrets

import pytest

from safepassage.wire_clients import ClientJwk, JwkSet
from safepassage.wire_registrations import NewInitialToken, NewPublisher
from shared.clock import system_clock
from tests.gateway.by_hand import Party, signed
from tests.npm.nodes import RunningNode
from tests.npm.scripts import script

pytestmark = [pytest.mark.anyio, pytest.mark.npm]

SCOPE = "agreements:read"


def statement(publisher: Party, node: RunningNode) -> str:
    """A publisher's word for a client of the state agency."""
    seconds = int(system_clock().timestamp())
    header = {"alg": "Ed25519", "kid": publisher.kid, "typ": "software-statement+jwt"}
    said = {
        "iss": publisher.client_id,
        "aud": node.issuer,
        "iat": seconds,
        "exp": seconds + 300,
        "jti": secrets.token_urlsafe(12),
        "software_id": "reader",
        "software_version": "1.2.0",
        "organisation_id": str(node.folder.file.organisation_id),
        "client_name": "Reader",
        "scope": SCOPE,
    }
    return signed(header, said, publisher.key, algorithm="Ed25519")


@pytest.mark.requirement("DOOR-outside")
async def test_they_register_and_one_of_them_comes_in_at_once(node: RunningNode) -> None:
    publisher = Party(f"https://apps-{secrets.token_hex(4)}.example", node.issuer)
    bounds = {"organisation_id": node.folder.file.organisation_id, "role": "reader", "scopes": (SCOPE,)}
    async with node.hand() as hand:
        keys = JwkSet(keys=(ClientJwk.model_validate(publisher.jwk),))
        await hand.add_publisher(NewPublisher(issuer=publisher.client_id, name="A publisher", jwks=keys, trusted=True, **bounds))
        token = (await hand.issue_initial_token(NewInitialToken(**bounds))).initial_access_token
    clients = {
        name: {"jwk": one.jwk, "key": {**one.key.as_dict(private=True), "kid": one.kid, "alg": "Ed25519"}}
        for name, one in (("first", Party("", "")), ("second", Party("", "")))
    }
    said = await script(
        "registering.mjs",
        issuer=node.issuer,
        scope=SCOPE,
        initial_access_token=token,
        software_statement=statement(publisher, node),
        **clients,
    )
    assert (said["first"]["registration_state"], said["waiting"]) == ("pending", "unauthorized_client")
    assert (said["second"]["registration_state"], said["second"]["client_name"]) == ("approved", "Reader")
    assert said["first"]["client_id"] != said["second"]["client_id"]
    assert said["token"]["scope"] == SCOPE
