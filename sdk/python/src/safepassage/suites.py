"""The registered suites of algorithms: KEM, KDF, AEAD (RFC 9180) and signature under one name. There is no classical-only one."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from safepassage.problems.messages import SuiteNotSupported


@dataclass(frozen=True)
class Suite:
    """Algorithms that are used together. The name is signed, and bound into the encryption."""

    name: str
    kem_id: int
    kdf_id: int
    aead_id: int
    signature: str
    public_key_bytes: int
    encapsulated_bytes: int
    tag_bytes: int

    @property
    def overhead_bytes(self) -> int:
        """By how much a single-shot ciphertext (encapsulated key ‖ sealed bytes) is longer than its plaintext."""
        return self.encapsulated_bytes + self.tag_bytes


MLKEM768_X25519: Final = Suite(
    name="mlkem768-x25519.shake256.aes-256-gcm.ed25519",
    kem_id=0x647A,
    kdf_id=0x0011,
    aead_id=0x0002,
    signature="Ed25519",
    public_key_bytes=1216,
    encapsulated_bytes=1120,
    tag_bytes=16,
)
"""X-Wing (ML-KEM-768 with X25519), SHAKE256, AES-256-GCM, Ed25519. A public key is the ML-KEM-768 encapsulation key ‖ the X25519 key."""

MLKEM1024_P384: Final = Suite(
    name="mlkem1024-p384.hkdf-sha384.aes-256-gcm.es384",
    kem_id=0x0051,
    kdf_id=0x0002,
    aead_id=0x0002,
    signature="ES384",
    public_key_bytes=1665,
    encapsulated_bytes=1665,
    tag_bytes=16,
)
"""MLKEM1024-P384 (ML-KEM-1024 with ECDH on P-384), HKDF-SHA384, AES-256-GCM, ECDSA P-384: for agencies that are bound to FIPS algorithms.
A public key is the ML-KEM-1024 encapsulation key ‖ the uncompressed point, 97 bytes."""

SUITES: Final[dict[str, Suite]] = {suite.name: suite for suite in (MLKEM768_X25519, MLKEM1024_P384)}


def suite_named(name: str) -> Suite:
    """Raises SuiteNotSupported for a name that is not registered."""
    try:
        return SUITES[name]
    except KeyError:
        raise SuiteNotSupported from None


def first_supported(listed: Iterable[str], *, supported: Collection[str]) -> Suite:
    """The first of the recipient's signed list that the sender supports. Raises SuiteNotSupported."""
    for name in listed:
        if name in supported and name in SUITES:
            return SUITES[name]
    raise SuiteNotSupported
