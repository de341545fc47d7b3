"""A request for a resource: one access token, and one proof by the key that it is bound to (RFC 9449 section 7)."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from safepassage.problems.access import AccessTokenNotValid, ProofNonceRequired, ProofNotValid
from safepassage.problems.requests import NotAuthenticated
from services.gateway.door.headers import Incoming
from services.gateway.oauth.client_certificates import ClientCertificate
from services.gateway.oauth.codes.persons import Persons
from services.gateway.oauth.forged_proofs import ForgedProofs
from services.gateway.oauth.legacy import require_address
from services.gateway.oauth.nonces import ProofNonces
from services.gateway.oauth.proof_of_possession import Proof, Proofs
from services.gateway.oauth.replay import ProofStore
from services.gateway.oauth.standing import Standing
from services.gateway.oauth.tokens import AccessTokens, VerifiedToken


@dataclass(frozen=True)
class Authentication:
    """What is needed to know who calls."""

    issuer: str
    tokens: AccessTokens
    standing: Standing
    proofs: Proofs
    forged: ForgedProofs
    nonces: ProofNonces
    store: ProofStore
    require_nonce: bool
    legacy: bool
    """Whether clients with a secret are let in (services.gateway.oauth.legacy)."""
    persons: Persons

    async def authenticate(
        self,
        incoming: Incoming,
        *,
        method: str,
        url: str,
        now: datetime,
        address: str | None = None,
        bearer: bool = False,
        certificate: ClientCertificate | None = None,
    ) -> VerifiedToken:
        """The verified token of a request whose proof now counts as used.

        url          where the request came in, without its query
        address      whence the request comes
        bearer       whether the route takes tokens of the legacy profile
        certificate  with which the client made the connection

        Raises NotAuthenticated, AccessTokenNotValid, ProofNotValid, ProofUsedBefore, ProofNonceRequired, TemporarilyUnavailable.
        """
        scheme, token = _token(incoming)
        if scheme == b"bearer" and (certificate is not None or (self.legacy and bearer)):
            return await self._bearer(token, incoming, address=address, bearer=bearer, certificate=certificate, now=now)
        if scheme != b"dpop":
            raise AccessTokenNotValid("a token is sent as `Authorization: DPoP <token>`")
        if len(incoming.proofs) != 1:
            raise ProofNotValid("one DPoP proof is needed", field="DPoP")
        verified = self.tokens.verify(token, now)
        if verified.claims.key is None:
            raise AccessTokenNotValid("the token is bound to no key")
        await self.standing.require(verified.claims, now)
        read = self.proofs.read(
            incoming.proofs[0].decode("latin-1"),
            method=method,
            url=url,
            now=now,
            token=token,
            bound_to=verified.claims.key,
        )
        try:
            nonce_at = self._nonce_at(read.proof, now)
        except ProofNonceRequired:
            read.require_signature()
            raise
        require_signature = partial(self.forged.require_signature, read, now)
        if self.forged.doubts(read, now):
            require_signature()
            await self.store.spend(read.proof, now, nonce_at=nonce_at)
        else:
            await self.store.spend(read.proof, now, nonce_at=nonce_at, check=require_signature)
        await self.persons.name(verified)
        return verified

    def _nonce_at(self, proof: Proof, now: datetime) -> float | None:
        """When the nonce in a proof was given; None where it has none and needs none. Raises ProofNonceRequired."""
        if proof.nonce is not None:
            return self.nonces.verify(proof.nonce, now)
        if self.require_nonce:
            raise ProofNonceRequired
        return None

    async def _bearer(
        self,
        token: str,
        incoming: Incoming,
        *,
        address: str | None,
        bearer: bool,
        certificate: ClientCertificate | None,
        now: datetime,
    ) -> VerifiedToken:
        """INVARIANT: a token that is bound to a key is never let in without it.

        One that was made from a person's (RFC 8693) is theirs as much as the first, though it is bound to a certificate.
        """
        if incoming.proofs:
            raise ProofNotValid("a bearer token comes without a proof", field="DPoP")
        verified = self.tokens.verify(token, now)
        if verified.claims.certificate is not None:
            require_same(verified.claims.certificate, certificate)
        elif verified.claims.profile == "legacy" and self.legacy and bearer:
            require_address(verified.claims.addresses, address)
        else:
            raise AccessTokenNotValid("the token is bound to a key, and is sent as `Authorization: DPoP <token>`")
        await self.standing.require(verified.claims, now)
        await self.persons.name(verified)
        return verified


def require_same(thumbprint: str, certificate: ClientCertificate | None) -> None:
    """RFC 8705 section 3. Raises AccessTokenNotValid."""
    if certificate is None or not hmac.compare_digest(certificate.thumbprint, thumbprint):
        raise AccessTokenNotValid("the token is bound to another certificate than the connection's")


def _token(incoming: Incoming) -> tuple[bytes, str]:
    if not incoming.authorization:
        raise NotAuthenticated
    if len(incoming.authorization) > 1:
        raise AccessTokenNotValid("one Authorization is needed, not two")
    scheme, _, token = incoming.authorization[0].partition(b" ")
    if not token.isascii():
        raise AccessTokenNotValid("a token is sent as `Authorization: DPoP <token>`")
    return scheme.lower(), token.decode("ascii").strip()
