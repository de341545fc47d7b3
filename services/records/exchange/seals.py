"""Sealing to another node, and opening what was sealed to this one: HPKE (RFC 9180, draft-ietf-hpke-pq), base mode, single shot.

A private key is kept as its 32-byte seed (X-Wing, draft-connolly-cfrg-xwing-kem section 5.2); vectors in tests/vectors/xwing.json.
"""

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey, Suite

from safepassage.problems.exchanges import CiphertextUnopened
from safepassage.problems.messages import EncryptionKeyUnknown
from safepassage.suites import MLKEM768_X25519
from safepassage.suites import Suite as SuiteName

SEED_BYTES = 32
_MLKEM_BYTES = 1184

_SUITES = {MLKEM768_X25519.name: Suite(KEM.MLKEM768_X25519, KDF.SHAKE256, AEAD.AES_256_GCM)}
SUPPORTED: tuple[str, ...] = tuple(_SUITES)
"""Names of the suites that this node lists, the first preferred."""


class PrivateKey:
    """An X-Wing private key. It opens; it does not tell itself."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise ValueError("an X-Wing seed has 32 bytes")
        expanded = hashlib.shake_256(seed).digest(96)
        self._mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
        self._x25519 = X25519PrivateKey.from_private_bytes(expanded[64:])
        self._key = MLKEM768X25519PrivateKey(self._mlkem, self._x25519)

    def __repr__(self) -> str:
        return "PrivateKey()"

    @property
    def public_bytes(self) -> bytes:
        """ML-KEM-768 encapsulation key ‖ X25519 public key, 1,216 bytes."""
        return self._mlkem.public_key().public_bytes_raw() + self._x25519.public_key().public_bytes_raw()

    def open(self, sealed: bytes, *, suite: str, info: bytes) -> bytes:
        """The plaintext of `sealed` (encapsulated key ‖ ciphertext and tag). Raises CiphertextUnopened."""
        try:
            return _SUITES[suite].decrypt(sealed, self._key, info)
        except (KeyError, InvalidTag, ValueError) as error:
            raise CiphertextUnopened from error


def seal(plaintext: bytes, *, public_key: bytes, suite: SuiteName, info: bytes) -> bytes:
    """`plaintext` sealed to `public_key`: encapsulated key ‖ ciphertext and tag. Raises EncryptionKeyUnknown for what is no key."""
    if len(public_key) != suite.public_key_bytes:
        raise EncryptionKeyUnknown("the recipient's key has not the length of its suite")
    try:
        mlkem = MLKEM768PublicKey.from_public_bytes(public_key[:_MLKEM_BYTES])
        x25519 = X25519PublicKey.from_public_bytes(public_key[_MLKEM_BYTES:])
        return _SUITES[suite.name].encrypt(plaintext, MLKEM768X25519PublicKey(mlkem, x25519), info)
    except (KeyError, ValueError) as error:
        raise EncryptionKeyUnknown("the recipient's key is not one of its suite") from error
