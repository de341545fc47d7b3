"""`POST /oauth/token`: a client that proves who it is, with a key that it proves to have, gets a token for that key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from authlib.oauth2.rfc6749.errors import OAuth2Error
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from safepassage.wire import Digest
from services.gateway.door.refusals import Refusals
from services.gateway.oauth import token_exchange
from services.gateway.oauth.authenticated import Authenticated, ClientAuthentication, is_by_certificate, refused_by_name
from services.gateway.oauth.authorization_server import MachineServer, TokenRequest
from services.gateway.oauth.client_authentication import ENDPOINT
from services.gateway.oauth.client_certificates import ClientCertificate
from services.gateway.oauth.client_secrets import Presented, read_presented
from services.gateway.oauth.forms import parse_form
from services.gateway.oauth.known_clients import KnownClient, KnownClients
from services.gateway.oauth.legacy import LIFETIME_SECONDS, LegacyProfile
from services.gateway.oauth.oauth_errors import ProofRefused, ResourceNotServed, SecondMethod
from services.gateway.oauth.presented_proofs import PresentedProofs
from services.gateway.oauth.proof_of_possession import REMEMBERED_SECONDS, Proof
from services.gateway.oauth.replay import spending_or_none
from services.gateway.oauth.token_exchange import TokenExchange
from services.gateway.oauth.tokens import AccessClaims, AccessTokens
from services.gateway.registry.in_force import day_in
from services.gateway.settings import GatewaySettings
from shared.clock import Clock
from shared.contracts.audit import Actor, Context, Event
from shared.database import Database
from shared.outbox import Outbox

TOLD = frozenset({"Retry-After", "WWW-Authenticate"})
"""Header fields of OAuth's errors that are answered."""


class Grant(Protocol):
    """A way to get a token that does all of it in one transaction of its own, the log's entry included."""

    async def answer(
        self, authenticated: Authenticated, form: Mapping[str, str], proof: Proof, *, address: str | None, now: datetime
    ) -> dict[str, Any]:
        """The answer's document. Raises OAuth2Error."""
        ...


@dataclass
class TokenEndpoint:
    """What the endpoint needs, put together when the process opens."""

    settings: GatewaySettings
    clock: Clock
    database: Database
    outbox: Outbox
    clients: KnownClients
    authentication: ClientAuthentication
    tokens: AccessTokens
    proofs: PresentedProofs
    refusals: Refusals
    server: MachineServer
    exchange: TokenExchange
    legacy: LegacyProfile
    others: Mapping[str, Grant]
    """By `grant_type`: those that are not the client's own."""

    async def answer(
        self,
        body: bytes,
        *,
        content_type: str,
        query: bytes,
        authorization: str | None,
        proofs: Sequence[str],
        address: str | None,
        certificate: ClientCertificate | None = None,
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Status, JSON document and headers of the answer to one token request."""
        headers = {"cache-control": "no-store", "pragma": "no-cache"}
        now = self.clock()
        try:
            form = parse_form(body, content_type=content_type, query=query)
            presented = read_presented(form, authorization) if self.settings.legacy_clients else None
            if presented is not None:
                document = await self._legacy_token(form, presented, proofs=proofs, address=address, now=now)
            else:
                by_certificate = is_by_certificate(form, authorization=authorization is not None)
                proof = None if by_certificate and not proofs else self.proofs.verify(proofs, path=ENDPOINT, now=now)
                about: dict[str, Any] = {"authorization": authorization is not None, "address": address, "certificate": certificate}
                document = await self._token(form, proof, now=now, **about)
            return 200, document, headers | self.proofs.headers(None, now)
        except OAuth2Error as error:
            self.refusals.count_error(error, now)
            status, document, own = error()
            return (
                status,
                document,
                headers | self.proofs.headers(error, now) | {name.lower(): value for name, value in own if name in TOLD},
            )

    async def _token(
        self,
        form: Mapping[str, str],
        proof: Proof | None,
        *,
        authorization: bool,
        address: str | None,
        certificate: ClientCertificate | None,
        now: datetime,
    ) -> dict[str, Any]:
        """Bound to the key of the proof; without one, which only a client with a certificate may do, to that."""
        authenticated = await self.authentication.authenticate(form, authorization=authorization, now=now, certificate=certificate)
        with refused_by_name(authenticated.client):
            return await self._token_of(authenticated, form, proof, address=address, now=now)

    async def _token_of(
        self, authenticated: Authenticated, form: Mapping[str, str], proof: Proof | None, *, address: str | None, now: datetime
    ) -> dict[str, Any]:
        other = self.others.get(form.get("grant_type", ""))
        if other is not None:
            if proof is None:
                raise ProofRefused("one DPoP proof is needed")
            return await other.answer(authenticated, form, proof, address=address, now=now)
        client, key = authenticated.client, authenticated.key
        own: dict[str, Any] = {"client_id": client.client_id, "client_kid": key.kid, "client_key": key.thumbprint}
        exchanges, person = form.get("grant_type") == token_exchange.GRANT_TYPE, None
        if exchanges:
            exchanged = await self.exchange.exchanged(form, client=client, now=now)
            made, person = exchanged.claims, exchanged.person
        else:
            made = await self._granted(form, client, "" if proof is None else proof.thumbprint, now)
        bound = {"jkt": None, "certificate": key.thumbprint} if proof is None else {"jkt": proof.thumbprint}
        token, claims = self.tokens.issue(now=now, **bound, **own, **made)
        await self._store(authenticated, proof, _issued(claims, address, person=person), now)
        return _answer(token, claims) | ({"issued_token_type": token_exchange.ACCESS_TOKEN} if exchanges else {})

    async def _legacy_token(
        self, form: Mapping[str, str], presented: Presented, *, proofs: Sequence[str], address: str | None, now: datetime
    ) -> dict[str, Any]:
        """For a client with a secret: bound to its addresses instead of a key, for this node alone, and short."""
        if proofs:
            raise SecondMethod("a client with a secret brings no proof")
        legacy = await self.legacy.authenticate(presented, address=address, now=now)
        with refused_by_name(legacy.client, profile="legacy"):
            made = await self._granted(form, legacy.client, "", now)
            if made["aud"] != self.settings.entity_id:
                raise ResourceNotServed
        latest = int(now.timestamp()) + LIFETIME_SECONDS
        token, claims = self.tokens.issue(now=now, **made | legacy.claims() | {"until": min(latest, made["until"] or latest)})
        async with self.database.transaction() as tx:
            self.outbox.record(tx, _issued(claims, address))
        return _answer(token, claims)

    async def _granted(self, form: Mapping[str, str], client: KnownClient, jkt: str, now: datetime) -> dict[str, Any]:
        """The claims that client_credentials give."""
        audience = await self.clients.audience(form.get("resource"), now=now)
        request = TokenRequest(self.settings.entity_id, form, client=client, jkt=jkt, audience=audience, today=day_in(client.zone, now))
        granted, details = self.server.grant(request), None
        if granted.details is not None:
            details = await self.exchange.agreed.granted(
                granted.details, organisation_id=client.organisation_id, organisation_kind=client.organisation_kind
            )
        return {
            "aud": audience,
            "sub": client.client_id,
            "scope": granted.granted_scope,
            "organisation_id": client.organisation_id,
            "organisation_kind": client.organisation_kind,
            "role": client.role,
            "authorization_details": () if details is None else (details,),
            "until": None if details is None else details.ends_at(client.zone),
        }

    async def _store(self, authenticated: Authenticated, proof: Proof | None, issued: Event, now: datetime) -> None:
        """INVARIANT: in one transaction assertion and proof are used up and the token is on its way to the log, or there is none."""
        until, told = now + timedelta(seconds=REMEMBERED_SECONDS + 1), self.outbox.adding(self.outbox.row_of(issued))
        own = () if proof is None else ((proof.digest, until),)

        def store(connection: Connection) -> None:
            new = authenticated.spend_with(connection, own, told)
            if proof is not None and proof.digest not in new:
                raise ProofRefused("the proof was used before: make a new one, with a new jti")

        try:
            await self.database.write_together(
                [*(spending_or_none(self.database.dialect, one) for one in (*authenticated.own, *own)), told]
            )
        except IntegrityError:  # something was used before; nothing of it stays
            await self.database.write(store)
        self.outbox.wake()


def _answer(token: str, claims: AccessClaims) -> dict[str, Any]:
    """RFC 6749 section 5.1."""
    kind = "Bearer" if claims.key is None else "DPoP"
    answer = {"access_token": token, "token_type": kind, "expires_in": claims.exp - claims.iat, "scope": claims.scope}
    if claims.authorization_details:
        answer["authorization_details"] = [one.claims() for one in claims.authorization_details]
    return answer


def _issued(claims: AccessClaims, address: str | None, *, person: Digest | None = None) -> Event:
    kind = "peer" if claims.organisation_kind == "peer" else "client"
    purpose = claims.authorization_details[0].purpose if claims.authorization_details else None
    return Event(
        class_="authentication",
        key=f"token:{claims.jti}",
        actor=Actor(
            kind=kind,
            client_id=claims.client_id,
            organisation_id=claims.organisation_id,
            role=claims.role,
            for_client=claims.for_client,
            key=claims.key or claims.certificate,
            profile=claims.profile,
            address=address,
            person=person,
        ),
        context=Context(
            operation="token-exchanged" if claims.made_from else "token-issued",
            outcome="issued",
            purpose=purpose,
            about=f"token:{claims.made_from[-1].jti}" if claims.made_from else None,
        ),
    )
