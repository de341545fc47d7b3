"""The leaf of a log entry, version 1: what is hashed into the tree. It holds nothing of a person.

The JCS form of {v, class, t, id, commitments {actor, context, subject}, digests {ct, decision, pt_commit}, policy_hash, key_epoch}.
A digest that an entry has not is `ABSENT`, so that the leaf's size tells nothing beyond its class. What a commitment stands for is
shown by its salt and content, group by group; once the salt is destroyed, by nothing.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field, ValidationError

from safepassage.canonical import canonical_json, from_base64url, json_object, sha256, to_base64url
from safepassage.claims import require_version_1
from safepassage.problems.messages import CommitmentNotOpened, LeafMalformed
from safepassage.proofs import leaf_hash, root_of
from safepassage.wire import Code, Digest, Wire

ABSENT: Final = "A" * 43
"""32 zero bytes: the entry has no such digest."""
SALT_BYTES: Final = 32
_DIGEST: Final = rb'"[A-Za-z0-9_-]{43}"'
_CANONICAL: Final = re.compile(
    rb'\{"class":"[a-z0-9._:-]{1,64}","commitments":\{"actor":D,"context":D,"subject":D\},"digests":\{"ct":D,"decision":D,"pt_commit":D\},'
    rb'"id":"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}","key_epoch":(?:0|[1-9][0-9]{0,3}),"policy_hash":D,'
    rb'"t":(?:0|[1-9][0-9]{0,12}),"v":1\}'.replace(b"D", _DIGEST)
)
"""Members in their order, each once, in the one way to write it: text that is this, and a leaf by the model, is its canonical form."""


class Commitments(Wire):
    """One for each group that is shown, or destroyed, by itself."""

    actor: Digest
    context: Digest
    subject: Digest
    """Root of a Merkle tree with a salted leaf for each student, so that one can be shown without the others."""


class LeafDigests(Wire):
    """What the entry pins. Which bytes: class `request` → ct is the digest of the signed request; `disclosure` and `received` → of the
    ciphertext; `decision` is that of the signed decision."""

    ct: Digest
    decision: Digest
    pt_commit: Digest


class Leaf(Wire):
    """A parsed leaf."""

    v: Literal[1] = 1
    class_: Annotated[Code, Field(alias="class", serialization_alias="class")]
    t: Annotated[int, Field(ge=0, lt=2**40)]
    """When it was logged, in whole seconds since the epoch."""
    id: UUID
    commitments: Commitments
    digests: LeafDigests
    policy_hash: Digest
    key_epoch: Annotated[int, Field(ge=0, le=9999)]
    """The year in which the school year of the entry's keys ends."""

    def canonical(self) -> bytes:
        """The entry's bytes, as they are hashed into the tree."""
        return canonical_json(self.model_dump(mode="json", by_alias=True))


def leaf_bytes(
    *,
    class_: str,
    t: int,
    id: UUID,  # noqa: A002 - the member's name
    actor: bytes,
    context: bytes,
    subject: bytes,
    ct: bytes | None = None,
    decision: bytes | None = None,
    pt_commit: bytes | None = None,
    policy_hash: bytes | None = None,
    key_epoch: int,
) -> bytes:
    """The bytes of the leaf with these members; hashes have 32 bytes. Raises ValueError (pydantic's) for what is no leaf."""
    digests = {"ct": _or_absent(ct), "decision": _or_absent(decision), "pt_commit": _or_absent(pt_commit)}
    commitments = {"actor": to_base64url(actor), "context": to_base64url(context), "subject": to_base64url(subject)}
    members = {
        "v": 1,
        "class": class_,
        "t": t,
        "id": id,
        "commitments": commitments,
        "digests": digests,
        "policy_hash": _or_absent(policy_hash),
        "key_epoch": key_epoch,
    }
    return Leaf.model_validate(members).canonical()


def parse_leaf(entry: bytes) -> Leaf:
    """Read an entry of the log. Raises LeafMalformed for anything but the one canonical form, UnsupportedVersion for another `v`."""
    if _CANONICAL.fullmatch(entry) is None:
        raise _refused(entry)
    try:
        return Leaf.model_validate_json(entry, strict=True)
    except ValidationError as error:
        raise LeafMalformed from error


def _refused(entry: bytes) -> LeafMalformed:
    """Why what has not the canonical form is no leaf. Raises UnsupportedVersion where it is of another version."""
    with suppress(ValueError):
        require_version_1(json_object(entry))
    return LeafMalformed()


def commitment(*, salt: bytes, payload: Any) -> bytes:
    """SHA-256(salt ‖ JCS(payload)), 32 bytes. The salt has 32 random bytes of its own; payloads have no null members."""
    return sha256(_salted(salt, payload))


def subject_leaf(*, salt: bytes, payload: Any) -> bytes:
    """The leaf hash of one student in the tree that the subject commitment is the root of."""
    return leaf_hash(_salted(salt, payload))


def subject_commitment(leaves: Sequence[bytes]) -> bytes:
    """The commitment over the `subject_leaf` of each student, in the event's order; 32 bytes."""
    return root_of(leaves)


def verify_commitment(*, committed: str, salt: bytes, payload: Any) -> None:
    """Check that `committed` was made of `salt` and `payload`. Raises CommitmentNotOpened."""
    if from_base64url(committed) != commitment(salt=salt, payload=payload):
        raise CommitmentNotOpened


def subject_commit(*, salt: bytes, person: Any) -> str:
    """What receipts say of the child: the commitment to the person as the request named them (JSON without null members)."""
    return to_base64url(commitment(salt=salt, payload=person))


def _or_absent(digest: bytes | None) -> str:
    return ABSENT if digest is None else to_base64url(digest)


def _salted(salt: bytes, payload: Any) -> bytes:
    if len(salt) != SALT_BYTES:
        raise ValueError("a salt has 32 bytes")
    return salt + canonical_json(payload)
