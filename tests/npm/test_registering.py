"""Both clients register themselves, one to wait for an administrator, the other by a trusted publisher's word; each manages that."""

import secrets

import pytest

from safepassage.wire_clients import ClientJwk, JwkSet
from safepassage.wire_registrations import NewInitialToken, NewPublisher
from shared.clock import system_clock
from tests.gateway.by_hand import Party, signed
from tests.npm.nodes import RunningNode
from tests.npm.scripts import script

pytestmark = [pytest.mark.anyio, pytest.mark.npm]

SCOPES = ("agreements:read", "decisions:read")
SCOPE, NARROWER = " ".join(SCOPES), SCOPES[0]


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
async def test_they_register_one_comes_in_at_once_and_each_reads_narrows_and_ends_its_registration(node: RunningNode) -> None:
    publisher = Party(f"https://apps-{secrets.token_hex(4)}.example", node.issuer)
    bounds = {"organisation_id": node.folder.file.organisation_id, "role": "reader", "scopes": SCOPES}
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
        narrower=NARROWER,
        initial_access_token=token,
        software_statement=statement(publisher, node),
        **clients,
    )
    first, second = said["first"], said["second"]
    assert (first["said"]["registration_state"], first["waiting"]) == ("pending", "unauthorized_client")
    assert (second["said"]["registration_state"], second["said"]["client_name"]) == ("approved", "Reader")
    assert first["said"]["client_id"] != second["said"]["client_id"]
    assert second["token"]["scope"] == SCOPE
    for one, name in ((first, "Elm"), (second, "Reader")):
        managed = one["managed"]
        assert managed["read"] == one["said"], "what is read is what was said when it registered"
        assert (managed["changed"]["scope"], managed["changed"]["client_name"]) == (NARROWER, name), "a statement's word still counts"
        assert managed["changed"]["registration_access_token"] != managed["read"]["registration_access_token"]
        assert (managed["former"], managed["ended"], managed["gone"]) == ([401, "invalid_token"], 204, [401, "invalid_token"])
    assert (second["managed"]["then"], second["managed"]["after"]) == (NARROWER, "unauthorized_client")
