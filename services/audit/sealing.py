"""What is sealed of an entry: AES-256-GCM under the key of the student and school year, bound to log and entry. Pure.

What one key seals of an entry is sealed at once: of each group the salt of its commitment and its payload, so that who opens it can prove
what the leaf committed to.
"""

from typing import Any, Final, Literal, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic_core import from_json

from safepassage.leaf import SALT_BYTES

NONCE_BYTES: Final = 12
BUCKET: Final = 64
"""Plaintext is padded to a multiple of this, so that its size tells little."""

Group = Literal["subject", "actor", "context"]
GROUPS: Final[tuple[Group, ...]] = ("subject", "actor", "context")

_HEAD_BYTES: Final = 4
_NUMBERS: Final[dict[Group, bytes]] = {group: bytes((number,)) for number, group in enumerate(GROUPS, 1)}
_PADDING: Final = tuple(bytes(-length % BUCKET) for length in range(BUCKET))


class SealBroken(Exception):
    """What was sealed does not open: altered, moved from another entry, or sealed under a key that was destroyed."""


class Opened(NamedTuple):
    """A group in clear."""

    salt: bytes
    """32 bytes: with `payload` it gives the leaf's commitment."""
    payload: dict[str, Any]


def entry_binding(origin: str, entry_id: str) -> bytes:
    """What is sealed of an entry is bound to it by this. Neither part can hold a line feed."""
    return f"{origin}\n{entry_id}".encode()


def group_bytes(group: Group, salted: bytes) -> bytes:
    """A group inside a seal: its number (1 byte), the length of the rest (3 bytes), salt and payload.

    salted  the 32 bytes of salt, then canonical JSON, an object: what is hashed for the commitment
    """
    return _NUMBERS[group] + len(salted).to_bytes(3, "big") + salted


def seal(cipher: AESGCM, nonce: bytes, groups: bytes, bound_to: bytes) -> bytes:
    """What is stored: nonce, ciphertext and tag.

    nonce     12 random bytes, never used before
    groups    each made by `group_bytes`, one after the other
    bound_to  `entry_binding`
    """
    return nonce + cipher.encrypt(nonce, groups + _PADDING[len(groups) % BUCKET], bound_to)


def open_sealed(cipher: AESGCM, sealed: bytes, *, bound_to: bytes) -> dict[Group, Opened]:
    """The groups that `seal` was given. Raises SealBroken."""
    try:
        return {
            group: Opened(salted[:SALT_BYTES], _members(salted[SALT_BYTES:]))
            for group, salted in open_salted(cipher, sealed, bound_to=bound_to).items()
        }
    except ValueError as error:
        raise SealBroken from error


def _members(payload: bytes) -> dict[str, Any]:
    """A JSON object that we wrote and sealed: nothing of it is to be told from what others send."""
    members = from_json(payload)
    if not isinstance(members, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - what was sealed is wrong, not its caller
    return members


def open_salted(cipher: AESGCM, sealed: bytes, *, bound_to: bytes) -> dict[Group, bytes]:
    """The same, each group as the bytes that were hashed: its salt, then JSON. Raises SealBroken."""
    try:
        plain = cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
        groups: dict[Group, bytes] = {}
        at = 0
        while at < len(plain) and plain[at]:
            end = at + _HEAD_BYTES + int.from_bytes(plain[at + 1 : at + _HEAD_BYTES], "big")
            groups[GROUPS[plain[at] - 1]] = plain[at + _HEAD_BYTES : end]
            at = end
    except (InvalidTag, ValueError, IndexError) as error:
        raise SealBroken from error
    return groups
