"""Which client sent a request to an endpoint of the authorization server: authenticated in one way, before anything else is looked at."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from authlib.oauth2.rfc6749.errors import OAuth2Error
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from joserfc.jwk import ECKey, OKPKey, RSAKey
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncSession

from services.gateway.door.refusals import PROVEN, Proven
from services.gateway.oauth.client_authentication import SpentAssertion, read_assertion, verify_assertion
from services.gateway.oauth.client_certificates import Authorities, ClientCertificate, require_certificate
from services.gateway.oauth.client_keys import ClientKey
from services.gateway.oauth.known_clients import KnownClient, KnownClients
from services.gateway.oauth.oauth_errors import ClientNotAuthenticated, KeysNotHad
from services.gateway.oauth.replay import insert_spent_in, spending
from shared import prepared
from shared.contracts.audit import Actor
from shared.prepared import Change


@dataclass(frozen=True)
class Authenticated:
    """A client that proved who it is. Its assertion counts once it is spent, in the transaction of what it asks for."""

    client: KnownClient
    key: ClientKey
    """That it proved to have; of a certificate its thumbprint."""
    spent: SpentAssertion | None
    """None where the connection itself was the proof."""

    @property
    def own(self) -> tuple[tuple[bytes, datetime], ...]:
        """What has to be remembered of its assertion."""
        return () if self.spent is None else ((self.spent.digest, self.spent.expires_at),)

    def actor(self, address: str | None) -> Actor:
        """It, as the log has it."""
        client = self.client
        return Actor(
            kind="peer" if client.organisation_kind == "peer" else "client",
            client_id=client.client_id,
            organisation_id=client.organisation_id,
            role=client.role,
            address=address,
        )

    async def spend(self, tx: AsyncSession, *others: tuple[bytes, datetime]) -> set[bytes]:
        """Use the assertion up, with other digests. Gives those that were new. Raises ClientNotAuthenticated where it was used before."""
        return await tx.run_sync(lambda session: self.spend_in(session.connection(), *others))

    def spend_in(self, connection: Connection, *others: tuple[bytes, datetime]) -> set[bytes]:
        """As `spend`, in a transaction of `Database.write`."""
        new = insert_spent_in(connection, (*self.own, *others))
        self._require_new(new)
        return new

    def spend_with(self, connection: Connection, others: Sequence[tuple[bytes, datetime]], *changes: Change) -> set[bytes]:
        """As `spend_in`, with other changes: all of them go to the store at once, and none stays unless the assertion was new.

        INVARIANT: the caller raises where another digest had to be new and was not, so that the transaction leaves nothing.
        """
        spent = (*self.own, *others)
        counts = prepared.together(connection, [*(spending(connection, digest, at) for digest, at in spent), *changes])
        new = {digest for (digest, _), count in zip(spent, counts, strict=False) if count}
        self._require_new(new)
        return new

    def _require_new(self, new: set[bytes]) -> None:
        if self.spent is not None and self.spent.digest not in new:
            raise ClientNotAuthenticated("assertion-replayed", "the assertion was used before: make a new one, with a new jti")


class ClientAuthentication:
    """Of one authorization server."""

    def __init__(self, issuer: str, clients: KnownClients, authorities: Authorities | None = None) -> None:
        self._issuer, self._clients, self._stand_ins = issuer, clients, _stand_ins()
        self._authorities = authorities or Authorities()

    async def authenticate(
        self, form: Mapping[str, str], *, authorization: bool, now: datetime, certificate: ClientCertificate | None = None
    ) -> Authenticated:
        """The client that sent `form`.

        authorization  the request has an Authorization header
        certificate    of the connection: it authenticates who sends no assertion (RFC 8705 section 2)

        Raises SecondMethod, TokenRequestInvalid, ClientNotAuthenticated, KeysNotHad, PeerNotVerifiable. Not within a transaction.
        """
        if certificate is not None and is_by_certificate(form, authorization=authorization):
            return await self._by_certificate(form, certificate, now)
        assertion = read_assertion(form, authorization=authorization)
        client = await self._clients.find(assertion.client_id, kid=assertion.kid, now=now)
        key = None if client is None else client.keys.get(assertion.kid)
        spent = verify_assertion(
            assertion,
            key=key,
            stand_in=self._stand_ins.get(assertion.message.header["alg"]) or self._stand_ins["Ed25519"],
            issuer=self._issuer,
            audience="issuer" if client is None else client.assertion_audience,
            now=now,
        )
        if client is None or key is None:
            raise ClientNotAuthenticated("unknown-client")
        _require_keys_had(client)
        return Authenticated(client, key, spent)

    async def _by_certificate(self, form: Mapping[str, str], certificate: ClientCertificate, now: datetime) -> Authenticated:
        client = await self._clients.find(form["client_id"], kid="", now=now)
        if client is None:
            raise ClientNotAuthenticated("unknown-client")
        kid = require_certificate(certificate, client, self._authorities, now=now)
        _require_keys_had(client)
        return Authenticated(client, ClientKey(kid, "", certificate.thumbprint, None), None)


@contextmanager
def refused_by_name(client: KnownClient, *, profile: str | None = None) -> Iterator[None]:
    """What is refused in the block is counted for the log as this client's: it has authenticated.

    But where that was not enough: an assertion that was used before is nobody's.
    """
    try:
        yield
    except OAuth2Error as error:
        if not isinstance(error, ClientNotAuthenticated):
            kind = "peer" if client.organisation_kind == "peer" else "client"
            who = Proven(kind, client.client_id, client.organisation_id, client.role, None, None, profile)
            setattr(error, PROVEN, who)
        raise


def _require_keys_had(client: KnownClient) -> None:
    """INVARIANT: asked once the client has proven a key that it had: to anybody else it is as unknown as a client that is not there."""
    if not client.keys_had:
        raise KeysNotHad


def is_by_certificate(form: Mapping[str, str], *, authorization: bool) -> bool:
    """Whether a request says who it is and brings no other proof of it than its connection."""
    return "client_id" in form and not authorization and not {"client_assertion", "client_assertion_type", "client_secret"} & form.keys()


def _stand_ins() -> Mapping[str, ClientKey]:
    """Keys by algorithm that signed nothing, to be checked where a client has no such key: it takes as long."""
    modulus = RSAPublicNumbers(65537, secrets.randbits(2048) | 1 << 2047 | 1).public_key()
    okp, ec, rsa = OKPKey.generate_key("Ed25519"), ECKey.generate_key("P-256"), RSAKey(modulus, modulus)
    keys = {"Ed25519": okp, "EdDSA": okp, "ES256": ec, "PS256": rsa}
    return {name: ClientKey("", name, "", key) for name, key in keys.items()}
