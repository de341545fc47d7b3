"""Ed25519 keys and signatures as Data Integrity writes them: multibase base58btc (W3C Controlled Identifiers 1.0, 2.2.2 and 2.4)."""

from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE58: Final = "z"
_ED25519: Final = b"\xed\x01"
_LONGEST: Final = 128


def to_multibase(data: bytes) -> str:
    """`z` and the base58btc of `data`: a zero byte in front is a `1`."""
    number, digits = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        digits = _ALPHABET[digit] + digits
    zeros = len(data) - len(data.lstrip(b"\0"))
    return _BASE58 + _ALPHABET[0] * zeros + digits


def from_multibase(text: str) -> bytes:
    """The bytes of `to_multibase`. Raises ValueError for another base, another alphabet, or more than 128 characters."""
    if not text.startswith(_BASE58) or len(text) > _LONGEST:
        raise ValueError("not base58btc in multibase")
    digits, number = text[1:], 0
    for digit in digits:
        number = number * 58 + _ALPHABET.index(digit)
    zeros = len(digits) - len(digits.lstrip(_ALPHABET[0]))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def multikey(key: Ed25519PublicKey) -> str:
    """A public key as `publicKeyMultibase`: 48 characters, the first `z6Mk`."""
    return to_multibase(_ED25519 + key.public_bytes_raw())


def from_multikey(text: str) -> Ed25519PublicKey | None:
    """The key of a `publicKeyMultibase`; None for one of another kind. Raises ValueError."""
    data = from_multibase(text)
    return Ed25519PublicKey.from_public_bytes(data[len(_ED25519) :]) if data.startswith(_ED25519) else None
