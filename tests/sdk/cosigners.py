"""Witnesses of tests: real keys of both types, from one seed each."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from safepassage.cosignatures import cosignature_line
from safepassage.notes import ED25519, ED25519_COSIGNATURE, ML_DSA_44_COSIGNATURE, SignatureLine, VerifierKey

ORIGIN = "alder.example/log/2026"
T = 1_790_000_000


class Cosigner:
    """One key of a witness."""

    def __init__(self, name: str, seed: bytes, kind: int = ED25519_COSIGNATURE) -> None:
        self._private: Ed25519PrivateKey | MLDSA44PrivateKey
        if kind == ML_DSA_44_COSIGNATURE:
            self._private = MLDSA44PrivateKey.from_seed_bytes(seed)
        else:
            self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.key = VerifierKey(name, kind, self._private.public_key().public_bytes_raw())

    def line(self, text: bytes, timestamp: int = T) -> SignatureLine:
        """Its cosignature of a checkpoint's text."""
        return cosignature_line(self.key, text=text, timestamp=timestamp, sign=self._private.sign)

    def sign(self, data: bytes) -> bytes:
        """Its bare signature."""
        return self._private.sign(data)


def log_key(origin: str = ORIGIN, seed: bytes = b"\1" * 32) -> Cosigner:
    """A log's own key."""
    return Cosigner(origin, seed, ED25519)
