"""From drafts to entries: salts, commitments, sealed groups, and the leaf that goes into the tree (decisions 7). Pure but for randomness.

The leaf is `safepassage.leaf.leaf_bytes`, whose shape is fixed, written directly: a test compares them. What one key seals is stored
together: of an entry about one student everything; of a page of many, each student's part under their own key, and who did what under the
node's key of the school year.
"""

import hashlib
import os
from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from safepassage.leaf import SALT_BYTES
from services.audit.drafts import KINDS, Draft
from services.audit.sealing import NONCE_BYTES, entry_binding, seal
from services.audit.tree import Frontier

_SALT_AND_NONCE: Final = SALT_BYTES + NONCE_BYTES
_ID_BYTES: Final = 10
_VARIANT: Final = "89ab"
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")


class SealingKey(NamedTuple):
    """A data key of one student for one school year (or the node's own), by the id under which it is kept."""

    key_id: bytes
    cipher: AESGCM


class Sealed(NamedTuple):
    """What one key seals of an entry."""

    key_id: bytes
    groups: bytes


class Entry(NamedTuple):
    """An entry that has its leaf, and no index yet."""

    draft: Draft
    leaf: bytes
    sealed: tuple[Sealed, ...]

    @property
    def kind(self) -> int:
        """The class, as the index stores it."""
        return KINDS[self.draft.class_]


def entries_of(
    drafts: Sequence[Draft], *, origin: str, t: int, epoch: int, node_key: SealingKey, keys: Mapping[str, SealingKey]
) -> list[Entry]:
    """The entries of `drafts`, in their order.

    t      when they are logged, whole seconds
    epoch  the year in which the school year of `t` ends
    keys   the key of each subject in that year
    """
    ids, commitments, sealed = _commit(drafts, origin=origin, t=t, node_key=node_key, keys=keys)
    # 32 bytes and a zero byte are 44 characters, of which the first 43 are the digest's own: one call encodes all of them
    text = b2a_base64(b"\0".join(commitments) + b"\0", newline=False).translate(_TO_URL).decode("ascii")
    entries = []
    at = 0
    for draft, entry_id, parts in zip(drafts, ids, sealed, strict=True):
        leaf = (
            f'{{"class":"{draft.class_}","commitments":{{"actor":"{text[at : at + 43]}","context":"{text[at + 44 : at + 87]}",'
            f'"subject":"{text[at + 88 : at + 131]}"}},"digests":{{"ct":"{draft.ct}","decision":"{draft.decision}",'
            f'"pt_commit":"{draft.pt_commit}"}},"id":"{entry_id}","key_epoch":{epoch},"policy_hash":"{draft.policy_hash}","t":{t},"v":1}}'
        )
        entries.append(Entry(draft, leaf.encode("ascii"), parts))
        at += 132
    return entries


def _commit(
    drafts: Sequence[Draft], *, origin: str, t: int, node_key: SealingKey, keys: Mapping[str, SealingKey]
) -> tuple[list[str], list[bytes], list[tuple[Sealed, ...]]]:
    """Of each entry its id, its three commitments (actor, context, subject), and what is sealed."""
    random = os.urandom(sum(_ID_BYTES + _SALT_AND_NONCE * (2 + max(len(draft.subjects), 1)) for draft in drafts))
    milliseconds = f"{t * 1000:012x}"
    id_start = f"{milliseconds[:8]}-{milliseconds[8:]}-7"
    at = 0
    ids: list[str] = []
    commitments: list[bytes] = []
    sealed: list[tuple[Sealed, ...]] = []
    for draft in drafts:
        bits = random[at : at + _ID_BYTES].hex()
        # of whole seconds, so that the id tells no more of the time than `t` does (RFC 9562 section 5.7)
        entry_id = f"{id_start}{bits[:3]}-{_VARIANT[random[at] & 3]}{bits[4:7]}-{bits[7:19]}"
        bound = entry_binding(origin, entry_id)
        at += _ID_BYTES
        of_actor, of_context = random[at : at + _SALT_AND_NONCE], random[at + _SALT_AND_NONCE : at + 2 * _SALT_AND_NONCE]
        at += 2 * _SALT_AND_NONCE
        one = len(draft.subjects) == 1
        key_id, cipher = keys[draft.subjects[0]] if one else node_key
        who_and_what = seal("actor", cipher, of_actor, draft.actor, bound) + seal("context", cipher, of_context, draft.context, bound)
        if len(draft.subjects) <= 1:
            salt_and_nonce = random[at : at + _SALT_AND_NONCE]
            payload = _subject(draft.subjects[0] if one else None, draft.custodians[0], key_id)
            subject = _salted_leaf(salt_and_nonce, payload)
            parts: tuple[Sealed, ...] = (Sealed(key_id, who_and_what + seal("subject", cipher, salt_and_nonce, payload, bound)),)
            at += _SALT_AND_NONCE
        else:
            end = at + _SALT_AND_NONCE * len(draft.subjects)
            subject, students = _seal_subjects(draft, random[at:end], keys, bound)
            parts = (Sealed(key_id, who_and_what), *students)
            at = end
        ids.append(entry_id)
        commitments += (
            hashlib.sha256(of_actor[:SALT_BYTES] + draft.actor).digest(),
            hashlib.sha256(of_context[:SALT_BYTES] + draft.context).digest(),
            subject,
        )
        sealed.append(parts)
    return ids, commitments, sealed


def _seal_subjects(draft: Draft, random: bytes, keys: Mapping[str, SealingKey], bound: bytes) -> tuple[bytes, list[Sealed]]:
    """Commitment and sealed parts of many subjects, each under their own key."""
    leaves, parts = [], []
    for position, (student, custodian) in enumerate(zip(draft.subjects, draft.custodians, strict=True)):
        salt_and_nonce = random[position * _SALT_AND_NONCE : (position + 1) * _SALT_AND_NONCE]
        key_id, cipher = keys[student]
        payload = _subject(student, custodian, key_id)
        leaves.append(_salted_leaf(salt_and_nonce, payload))
        parts.append(Sealed(key_id, seal("subject", cipher, salt_and_nonce, payload, bound)))
    return Frontier().grow(leaves).after.root, parts


def _salted_leaf(salt_and_nonce: bytes, payload: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + salt_and_nonce[:SALT_BYTES] + payload).digest()


def _subject(student: str | None, custodian: str | None, tag: bytes) -> bytes:
    """Canonical JSON of {custodian?, student?, tag?}; ids and base64url need no escaping."""
    who = f'"custodian":"{custodian}"' if custodian is not None else ""
    if student is None:
        return f"{{{who}}}".encode("ascii")
    return f'{{{who}{"," if who else ""}"student":"{student}","tag":"{_base64url(tag)}"}}'.encode("ascii")


def _base64url(data: bytes) -> str:
    return b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")
