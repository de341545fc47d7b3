"""Sealed groups of an entry: AES-256-GCM under the key of the student and school year, bound to log, entry and group. Pure.

What is sealed is the salt of the group's commitment and its payload, so that who opens it can prove what the leaf committed to.
"""

from collections.abc import Sequence
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


def binding(origin: str, entry_id: str, group: Group) -> bytes:
    """What a sealed group is bound to. No part can hold a line feed."""
    return f"{origin}\n{entry_id}\n{group}".encode()


def seal(cipher: AESGCM, *, nonce: bytes, salt: bytes, payload: bytes, bound_to: bytes) -> bytes:
    """nonce ‖ ciphertext and tag of the salt and the canonical payload. `nonce` is random and never used twice with one key."""
    return nonce + cipher.encrypt(nonce, salt + payload + b" " * (-(SALT_BYTES + len(payload)) % BUCKET), bound_to)


def open_sealed(cipher: AESGCM, sealed: bytes, *, bound_to: bytes) -> Opened:
    """Open what `seal` made. Raises SealBroken."""
    try:
        plain = cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
        return Opened(plain[:SALT_BYTES], json_object(plain[SALT_BYTES:].rstrip(b" ")))
    except (InvalidTag, ValueError) as error:
        raise SealBroken from error


def join_groups(groups: Sequence[tuple[Group, bytes]]) -> bytes:
    """Sealed groups as they are stored together: for each one its number (1 byte), its length (3 bytes) and its bytes."""
    return b"".join([bytes((GROUPS.index(group),)) + len(sealed).to_bytes(3, "big") + sealed for group, sealed in groups])


def split_groups(data: bytes) -> dict[Group, bytes]:
    """The sealed groups that `join_groups` joined. Raises SealBroken."""
    groups: dict[Group, bytes] = {}
    position = 0
    while position < len(data):
        number, length = data[position], int.from_bytes(data[position + 1 : position + 4], "big")
        if number >= len(GROUPS) or position + 4 + length > len(data):
            raise SealBroken
        groups[GROUPS[number]] = data[position + 4 : position + 4 + length]
        position += 4 + length
    return groups
