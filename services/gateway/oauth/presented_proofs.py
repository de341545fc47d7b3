"""The DPoP proof that comes with a request to an endpoint of the authorization server (RFC 9449 sections 5, 8 and 10.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from safepassage.problems.access import ProofNonceRequired, ProofNotValid
from services.gateway.oauth.nonces import ProofNonces
from services.gateway.oauth.oauth_errors import ProofNeedsNonce, ProofRefused
from services.gateway.oauth.proof_of_possession import Proof, Proofs


@dataclass(frozen=True)
class PresentedProofs:
    """Of one authorization server."""

    issuer: str
    proofs: Proofs
    nonces: ProofNonces
    require_nonce: bool

    def verify(self, presented: Sequence[str], *, path: str, now: datetime) -> Proof:
        """The one proof of a POST to `path`; it counts once it is spent. Raises ProofRefused, ProofNeedsNonce."""
        if len(presented) != 1:
            raise ProofRefused("one DPoP proof is needed")
        try:
            proof = self.proofs.verify(presented[0], method="POST", url=self.issuer + path, now=now, token=None, bound_to=None)
        except ProofNotValid as error:
            raise ProofRefused(error.detail) from error
        if proof.nonce is not None or self.require_nonce:
            try:
                self.nonces.verify(proof.nonce or "", now)
            except ProofNonceRequired as error:
                raise ProofNeedsNonce from error
        return proof

    def headers(self, error: Exception | None, now: datetime) -> dict[str, str]:
        """A nonce for the next proof, where this server asks for nonces or the request was refused for want of one."""
        return {"dpop-nonce": self.nonces.give(now)} if self.require_nonce or isinstance(error, ProofNeedsNonce) else {}
