"""Publishers and clients that register themselves, made by hand, so that each can be wrong in exactly one way."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from safepassage.wire_clients import ClientJwk, JwkSet
from safepassage.wire_organisations import Organisation
from safepassage.wire_registrations import NewInitialToken, NewPublisher, Publisher
from tests.gateway.by_hand import Answer, Party, ask, signed
from tests.gateway.house import ISSUER, House

REGISTER = "/oauth/register"
TYPE = "software-statement+jwt"
SCOPES = ("agreements:read", "records:read")
PURPOSES = ("assessment", "audit-evaluation")


@dataclass
class Signer:
    """A publisher with its key."""

    publisher: Publisher
    party: Party
    organisation: Organisation

    def claims(self, now: datetime, **claims: Any) -> dict[str, Any]:
        """What a good statement says; `claims` replace or (None) remove."""
        seconds = int(now.timestamp())
        said = {
            "iss": self.publisher.issuer,
            "aud": ISSUER,
            "iat": seconds,
            "exp": seconds + 300,
            "jti": secrets.token_urlsafe(12),
            "software_id": "reader",
            "software_version": "1.2.0",
            "organisation_id": str(self.organisation.id),
            "client_name": "Reader",
            "scope": "records:read",
        } | claims
        return {name: value for name, value in said.items() if value is not None}

    def statement(self, now: datetime, *, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
        """A software statement."""
        own = {"alg": self.party.algorithm, "kid": self.party.kid, "typ": TYPE} | dict(header or {})
        own = {name: value for name, value in own.items() if value is not None}
        return signed(own, self.claims(now, **claims), self.party.key, algorithm=self.party.algorithm)


async def signer(house: House, *, organisation: Organisation | None = None, algorithm: str = "Ed25519", **about: Any) -> Signer:
    """Register a publisher of a vendor."""
    vendor = organisation or await house.organisation("vendor")
    party = Party("", ISSUER, algorithm=algorithm)
    new = {
        "organisation_id": vendor.id,
        "issuer": "https://apps.vendor.example",
        "name": "A publisher",
        "jwks": JwkSet(keys=(ClientJwk.model_validate(party.jwk),)),
        "role": "assessment-provider",
        "scopes": SCOPES,
        "purposes": PURPOSES,
    } | about
    return Signer(await house.hand.add_publisher(NewPublisher.model_validate(new)), party, vendor)


async def initial_token(house: House, organisation_id: UUID, **about: Any) -> str:
    """An administrator's token for one client."""
    new = {"organisation_id": organisation_id, "role": "registrar", "scopes": SCOPES, "purposes": PURPOSES} | about
    return (await house.hand.issue_initial_token(NewInitialToken.model_validate(new))).initial_access_token


def metadata(party: Party, **about: Any) -> dict[str, Any]:
    """What a client says of itself; None removes."""
    said = {"client_name": "Elm SIS", "scope": "records:read", "jwks": {"keys": [party.jwk]}} | about
    return {name: value for name, value in said.items() if value is not None}


async def register(house: House, body: Mapping[str, Any] | bytes, *, token: str | None = None, **about: Any) -> Answer:
    """A registration request; `about`: method, target, content_type, headers."""
    headers = [("content-type", about.get("content_type", "application/json")), *about.get("headers", [])]
    if token is not None:
        headers.append(("authorization", f"Bearer {token}"))
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await ask(house.app, about.get("method", "POST"), about.get("target", REGISTER), headers=headers, body=content)


async def manage(house: House, method: str, client_id: str, token: str | None, body: Mapping[str, Any] | None = None) -> Answer:
    """A request about one's own registration."""
    headers = [] if token is None else [("authorization", f"Bearer {token}")]
    if body is not None:
        headers.append(("content-type", "application/json"))
    content = b"" if body is None else json.dumps(body).encode()
    return await ask(house.app, method, f"{REGISTER}/{client_id}", headers=headers, body=content)
