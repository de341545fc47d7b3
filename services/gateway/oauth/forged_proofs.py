"""Keys in whose name somebody sent a proof that they had not made: whoever has a token without its key can try.

A store may keep a proof while its signature is verified (services.gateway.oauth.shared_proofs), so that a forged one leaves a row. One is
borne; for a while after it the key's proofs are verified first.
"""

from datetime import datetime
from typing import Final

from safepassage.problems.access import ProofNotValid
from services.gateway.oauth.proof_of_possession import REMEMBERED_SECONDS, UnverifiedProof

LASTS_SECONDS: Final = REMEMBERED_SECONDS + 1
"""As long as the row of a forged proof."""
MOST: Final = 10_000


class ForgedProofs:
    """Of one process.

    INVARIANT: no more than `most` keys have the row of a forged proof at a time: with so many known, all proofs are verified first.
    """

    def __init__(self, *, most: int = MOST) -> None:
        self._until: dict[str, float] = {}
        self._most = most

    def doubts(self, proof: UnverifiedProof, now: datetime) -> bool:
        """Whether nothing is to be kept of a proof before its signature is verified."""
        if not self._until:
            return False
        seconds = now.timestamp()
        if self._until.get(proof.proof.thumbprint, 0) > seconds:
            return True
        if len(self._until) >= self._most:
            self._until = {key: until for key, until in self._until.items() if until > seconds}
        return len(self._until) >= self._most

    def require_signature(self, proof: UnverifiedProof, now: datetime) -> None:
        """As the proof's own; a key in whose name it was forged is doubted from then on. Raises ProofNotValid."""
        try:
            proof.require_signature()
        except ProofNotValid:
            self._until[proof.proof.thumbprint] = now.timestamp() + LASTS_SECONDS
            raise
