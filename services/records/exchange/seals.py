"""Sealing to another node, and opening what was sealed to this one: HPKE (RFC 9180, draft-ietf-hpke-pq), base mode, single shot.

A private key is kept as its 32-byte seed, of which SHAKE256 makes the seeds of both halves: draft-connolly-cfrg-xwing-kem section 5.2,
draft-irtf-cfrg-concrete-hybrid-kems for P-384. Vectors in tests/vectors/xwing.json and mlkem1024_p384.json.
"""

import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePublicKey, derive_private_key
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey, MLKEM1024PrivateKey, MLKEM1024PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    MLKEM1024P384PrivateKey,
    MLKEM1024P384PublicKey,
    Suite,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from safepassage.problems.exchanges import CiphertextUnopened
from safepassage.problems.messages import EncryptionKeyUnknown
from safepassage.suites import MLKEM768_X25519, MLKEM1024_P384
from safepassage.suites import Suite as SuiteName

SEED_BYTES = 32
MLKEM_SEED_BYTES: Final = 64
_MLKEM768_BYTES: Final = 1184
_MLKEM1024_BYTES: Final = 1568
_P384_BYTES: Final = 48


class _Halves(NamedTuple):
    """A private key as the library takes it, and its public half as it is published."""

    private: Any
    public_bytes: bytes


class _Means(NamedTuple):
    """How a registered suite is done."""

    hpke: Suite
    expanded: Callable[[bytes], _Halves]
    """Of a seed. Raises ValueError for the one in 2^190 that makes no key."""
    public_key: Callable[[bytes], Any]
    """Of published bytes of the suite's length. Raises ValueError."""


def _x_wing(seed: bytes) -> _Halves:
    stream = hashlib.shake_256(seed).digest(MLKEM_SEED_BYTES + 32)
    mlkem = MLKEM768PrivateKey.from_seed_bytes(stream[:MLKEM_SEED_BYTES])
    x25519 = X25519PrivateKey.from_private_bytes(stream[MLKEM_SEED_BYTES:])
    public = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
    return _Halves(MLKEM768X25519PrivateKey(mlkem, x25519), public)


def _x_wing_public(data: bytes) -> MLKEM768X25519PublicKey:
    mlkem = MLKEM768PublicKey.from_public_bytes(data[:_MLKEM768_BYTES])
    return MLKEM768X25519PublicKey(mlkem, X25519PublicKey.from_public_bytes(data[_MLKEM768_BYTES:]))


def _with_p384(seed: bytes) -> _Halves:
    stream = hashlib.shake_256(seed).digest(MLKEM_SEED_BYTES + _P384_BYTES)
    mlkem = MLKEM1024PrivateKey.from_seed_bytes(stream[:MLKEM_SEED_BYTES])
    p384 = derive_private_key(int.from_bytes(stream[MLKEM_SEED_BYTES:], "big"), SECP384R1())
    point = p384.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return _Halves(MLKEM1024P384PrivateKey(mlkem, p384), mlkem.public_key().public_bytes_raw() + point)


def _with_p384_public(data: bytes) -> MLKEM1024P384PublicKey:
    point = EllipticCurvePublicKey.from_encoded_point(SECP384R1(), data[_MLKEM1024_BYTES:])
    return MLKEM1024P384PublicKey(MLKEM1024PublicKey.from_public_bytes(data[:_MLKEM1024_BYTES]), point)


_MEANS: Final[Mapping[str, _Means]] = {
    MLKEM768_X25519.name: _Means(Suite(KEM.MLKEM768_X25519, KDF.SHAKE256, AEAD.AES_256_GCM), _x_wing, _x_wing_public),
    MLKEM1024_P384.name: _Means(Suite(KEM.MLKEM1024_P384, KDF.HKDF_SHA384, AEAD.AES_256_GCM), _with_p384, _with_p384_public),
}
SUPPORTED: Final[tuple[str, ...]] = tuple(_MEANS)
"""Names of the suites that this version can do, the first preferred. Which of them a node lists is its setting."""


class PrivateKey:
    """A private key of one suite. It opens; it does not tell itself."""

    def __init__(self, seed: bytes, *, suite: str = MLKEM768_X25519.name) -> None:
        """Raises ValueError for what is no seed, and KeyError for a suite that is not registered."""
        if len(seed) != SEED_BYTES:
            raise ValueError("a seed has 32 bytes")
        self._suite, means = suite, _MEANS[suite]
        self._key, self.public_bytes = means.expanded(seed)
        """`public_bytes`: ML-KEM encapsulation key ‖ the public key of the curve."""

    def __repr__(self) -> str:
        return "PrivateKey()"

    def open(self, sealed: bytes, *, suite: str, info: bytes) -> bytes:
        """The plaintext of `sealed` (encapsulated key ‖ ciphertext and tag). Raises CiphertextUnopened, for another suite too."""
        if suite != self._suite:
            raise CiphertextUnopened
        try:
            return _MEANS[suite].hpke.decrypt(sealed, self._key, info)
        except (InvalidTag, ValueError) as error:
            raise CiphertextUnopened from error


def require_public_key(public_key: bytes, *, suite: SuiteName) -> None:
    """Raises EncryptionKeyUnknown for what is no key of that suite."""
    _public_key(public_key, suite)


@lru_cache(maxsize=256)
def _public_key(public_key: bytes, suite: SuiteName) -> Any:
    if len(public_key) != suite.public_key_bytes:
        raise EncryptionKeyUnknown("the recipient's key has not the length of its suite")
    try:
        return _MEANS[suite.name].public_key(public_key)
    except (KeyError, ValueError) as error:
        raise EncryptionKeyUnknown("the recipient's key is not one of its suite") from error


def seal(plaintext: bytes, *, public_key: bytes, suite: SuiteName, info: bytes) -> bytes:
    """`plaintext` sealed to `public_key`: encapsulated key ‖ ciphertext and tag. Raises EncryptionKeyUnknown for what is no key."""
    key = _public_key(public_key, suite)
    try:
        return _MEANS[suite.name].hpke.encrypt(plaintext, key, info)
    except ValueError as error:  # a point of low order, which says nothing before it is used
        raise EncryptionKeyUnknown("the recipient's key is not one of its suite") from error
