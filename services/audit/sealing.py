"""Sealed groups of an entry: AES-256-GCM under the key of the student and school year, bound to log, entry and group. Pure.

What is sealed is the salt of the group's commitment and its payload, so that who opens it can prove what the leaf committed to.
"""

from typing import Any, Final, Literal, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from safepassage.canonical import json_object
from safepassage.leaf import SALT_BYTES

NONCE_BYTES: Final = 12
BUCKET: Final = 64
"""Plaintext is padded to a multiple of this, so that a sealed group's size tells little."""

Group = Literal["subject", "actor", "context"]
GROUPS: Final[tuple[Group, ...]] = ("subject", "actor", "context")


class SealBroken(Exception):
    """A sealed group does not open: altered, moved from another entry, or sealed under a key that was destroyed."""


class Opened(NamedTuple):
    """A group in clear."""

    salt: bytes
    """32 bytes: with `payload` it gives the leaf's commitment."""
    payload: dict[str, Any]


_PADDING: Final = tuple(b" " * (-(SALT_BYTES + length) % BUCKET) for length in range(BUCKET))
_HEADS: Final[dict[Group, tuple[bytes, bytes]]] = {group: (bytes((n,)), b"\n" + group.encode()) for n, group in enumerate(GROUPS)}


def entry_binding(origin: str, entry_id: str) -> bytes:
    """What the sealed groups of an entry are bound to, each with its own name behind it. No part can hold a line feed."""
    return f"{origin}\n{entry_id}".encode()


def seal(group: Group, cipher: AESGCM, salt_and_nonce: bytes, payload: bytes, bound_to: bytes) -> bytes:
    """A sealed group as it is stored: its number (1 byte), the length of the rest (3 bytes), nonce, ciphertext and tag.

    salt_and_nonce  32 and 12 random bytes, never used before
    payload         canonical JSON, an object
    bound_to        `entry_binding`
    """
    number, name = _HEADS[group]
    nonce = salt_and_nonce[SALT_BYTES:]
    plain = salt_and_nonce[:SALT_BYTES] + payload + _PADDING[len(payload) % BUCKET]
    sealed = nonce + cipher.encrypt(nonce, plain, bound_to + name)
    return number + len(sealed).to_bytes(3, "big") + sealed


def open_sealed(group: Group, cipher: AESGCM, sealed: bytes, *, bound_to: bytes) -> Opened:
    """Open one of `split_groups`. Raises SealBroken."""
    try:
        plain = cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to + _HEADS[group][1])
        return Opened(plain[:SALT_BYTES], json_object(plain[SALT_BYTES:].rstrip(b" ")))
    except (InvalidTag, ValueError) as error:
        raise SealBroken from error


def split_groups(data: bytes) -> dict[Group, bytes]:
    """The groups, each made by `seal`, that are stored one after the other. Raises SealBroken."""
    groups: dict[Group, bytes] = {}
    position = 0
    while position < len(data):
        number, length = data[position], int.from_bytes(data[position + 1 : position + 4], "big")
        if number >= len(GROUPS) or position + 4 + length > len(data):
            raise SealBroken
        groups[GROUPS[number]] = data[position + 4 : position + 4 + length]
        position += 4 + length
    return groups
