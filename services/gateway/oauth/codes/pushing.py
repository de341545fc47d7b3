"""`POST /oauth/par` (RFC 9126): a client that proves who it is leaves its authorization request here, and gets a name for it.

What a browser then carries is that name alone: nobody can read or change what was asked for on its way through the browser.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from safepassage.canonical import sha256
from safepassage.ids import uuid7
from services.gateway.oauth.agreed import Agreed
from services.gateway.oauth.authenticated import Authenticated, ClientAuthentication, refused_by_name
from services.gateway.oauth.client_certificates import ClientCertificate
from services.gateway.oauth.codes.pushed_request import AuthorizationRequest, read_request
from services.gateway.oauth.known_clients import KnownClients
from services.gateway.oauth.oauth_errors import AuthorizationRequestRefused, ProofRefused
from services.gateway.oauth.presented_proofs import PresentedProofs
from services.gateway.oauth.proof_of_possession import REMEMBERED_SECONDS, Proof
from services.gateway.registry.in_force import day_in
from services.gateway.tables import PushedRequestRow
from shared.contracts.audit import Context, Event
from shared.database import Database
from shared.outbox import Outbox

PATH: Final = "/oauth/par"
URN: Final = "urn:ietf:params:oauth:request_uri:"
LASTS_SECONDS: Final = 300
"""Below the 600 of FAPI 2.0 section 5.3.2.2, and time enough to sign in."""


@dataclass(frozen=True)
class Pushing:
    """What the endpoint needs."""

    database: Database
    outbox: Outbox
    clients: KnownClients
    authentication: ClientAuthentication
    proofs: PresentedProofs
    agreed: Agreed
    development: bool

    async def push(
        self,
        form: Mapping[str, str],
        *,
        authorization: bool,
        proofs: Sequence[str],
        address: str | None,
        now: datetime,
        certificate: ClientCertificate | None = None,
    ) -> dict[str, Any]:
        """The answer's document (section 2.2). Raises OAuth2Error."""
        proof = self.proofs.verify(proofs, path=PATH, now=now) if proofs else None
        authenticated = await self.authentication.authenticate(form, authorization=authorization, now=now, certificate=certificate)
        with refused_by_name(authenticated.client):
            return await self._push(authenticated, form, proof, address=address, now=now)

    async def _push(
        self, authenticated: Authenticated, form: Mapping[str, str], proof: Proof | None, *, address: str | None, now: datetime
    ) -> dict[str, Any]:
        proof_key = None if proof is None else proof.thumbprint
        client = authenticated.client
        audience = await self.clients.audience(form.get("resource"), now=now)
        today = day_in(client.zone, now)
        asked = read_request(form, client=client, proof_key=proof_key, audience=audience, development=self.development, today=today)
        if asked.details is not None:
            details = await self.agreed.granted(
                asked.details, organisation_id=client.organisation_id, organisation_kind=client.organisation_kind
            )
            asked = replace(asked, details=details)
        name = secrets.token_urlsafe(32)
        await self._store(authenticated, proof, asked, URN + name, audience, address, now)
        return {"request_uri": URN + name, "expires_in": LASTS_SECONDS}

    async def _store(
        self,
        authenticated: Authenticated,
        proof: Proof | None,
        asked: AuthorizationRequest,
        request_uri: str,
        audience: str,
        address: str | None,
        now: datetime,
    ) -> None:
        """INVARIANT: in one transaction assertion and proof are used up and the request is there to be answered, or it is not."""
        others = () if proof is None else ((proof.digest, now + timedelta(seconds=REMEMBERED_SECONDS + 1)),)
        details = asked.details
        row = PushedRequestRow(
            digest=digest_of_name(request_uri),
            client_id=UUID(authenticated.client.client_id),
            redirect_uri=asked.redirect_uri,
            state=asked.state,
            code_challenge=asked.code_challenge,
            jkt=asked.jkt,
            scope=" ".join(asked.scopes),
            authorization_details=None if details is None else details.model_dump_json(exclude_none=True),
            audience=audience,
            acr_values=asked.acr_values,
            max_age_seconds=asked.max_age_seconds,
            expires_at=now + timedelta(seconds=LASTS_SECONDS),
            used_at=None,
        )
        purpose = None if details is None else details.purpose
        context = Context(operation="authorization-requested", outcome="done", purpose=purpose)
        key = f"authorization-requested:{uuid7(now)}"
        async with self.database.transaction() as tx:
            new = await authenticated.spend(tx, *others)
            if proof is not None and proof.digest not in new:
                raise ProofRefused("the proof was used before: make a new one, with a new jti")
            tx.add(row)
            self.outbox.record(tx, Event(class_="authentication", key=key, actor=authenticated.actor(address), context=context))


def digest_of_name(request_uri: str) -> bytes:
    """What a `request_uri` is stored as."""
    return sha256(request_uri.encode())


def require_name(request_uri: str) -> None:
    """Raises AuthorizationRequestRefused for what no `request_uri` of this server looks like."""
    if not request_uri.startswith(URN) or len(request_uri) != len(URN) + 43:
        raise AuthorizationRequestRefused("request-uri", "request_uri is one that this server gave")
