"""From drafts to entries: salts, commitments, sealed groups, and the leaf that goes into the tree (decisions 7). Pure but for randomness.

The leaf is `safepassage.leaf.leaf_bytes`, whose shape is fixed, written directly: a test compares them. What one key seals is stored
together: of an entry about one student everything; of a page of many, each student's part under their own key, and who did what under the
node's key of the school year.
"""

import hashlib
import os
from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from safepassage.leaf import SALT_BYTES
from safepassage.proofs import leaf_hashes
from services.audit.drafts import Draft, Outline
from services.audit.sealing import NONCE_BYTES, entry_binding, group_bytes, seal
from services.audit.tree import Frontier

_ID_BYTES: Final = 10
_OF_ENTRY: Final = _ID_BYTES + 2 * SALT_BYTES + NONCE_BYTES
"""Random bytes of an entry: its id, the salts of actor and context, a nonce."""
_OF_SUBJECT: Final = SALT_BYTES + NONCE_BYTES
"""Random bytes of each of its subjects: a salt, and the nonce of those that are sealed by themselves."""
_VARIANT: Final = "89ab"
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
_ZEROS: Final = (b"", b"\0\0", b"\0")


class SealingKey(NamedTuple):
    """A data key of one student for one school year (or the node's own), by the id under which it is kept."""

    key_id: bytes
    cipher: AESGCM
    data_key: bytes
    """32 bytes: what the cipher was made with, for a process that seals beside the service."""

    @classmethod
    def of(cls, key_id: bytes, data_key: bytes) -> "SealingKey":
        """Ready to seal."""
        return cls(key_id, AESGCM(data_key), data_key)

    def __reduce__(self) -> tuple[Any, ...]:
        """Without the cipher, which belongs to a process."""
        return _sealing_key, (self.key_id, self.data_key)


def _sealing_key(key_id: bytes, data_key: bytes) -> SealingKey:
    return SealingKey.of(key_id, data_key)


class Sealed(NamedTuple):
    """What one key seals of an entry."""

    key_id: bytes
    groups: bytes


class Entry(NamedTuple):
    """An entry that has its leaf, and no index yet."""

    outline: Outline
    leaf: bytes
    leaf_hash: bytes
    """Its hash in the tree: RFC 9162 section 2.1.1."""
    leaf_text: str
    """In base64url, as it is answered."""
    sealed: tuple[Sealed, ...]


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
    leaves = []
    at = 0
    for draft, entry_id in zip(drafts, ids, strict=True):
        leaf = (
            f'{{"class":"{draft.outline.class_}","commitments":{{"actor":"{text[at : at + 43]}","context":"{text[at + 44 : at + 87]}",'
            f'"subject":"{text[at + 88 : at + 131]}"}},"digests":{{"ct":"{draft.ct}","decision":"{draft.decision}",'
            f'"pt_commit":"{draft.pt_commit}"}},"id":"{entry_id}","key_epoch":{epoch},"policy_hash":"{draft.policy_hash}","t":{t},"v":1}}'
        )
        leaves.append(leaf.encode("ascii"))
        at += 132
    return list(map(Entry, [draft.outline for draft in drafts], leaves, leaf_hashes(leaves), base64url_of(leaves), sealed))


def base64url_of(values: Sequence[bytes]) -> list[str]:
    """Each as `to_base64url` has it, in one call for all: with zero bytes up to a multiple of three behind it, its text is its own."""
    text = b2a_base64(b"".join([value + _ZEROS[len(value) % 3] for value in values]), newline=False).translate(_TO_URL).decode("ascii")
    texts, at = [], 0
    for value in values:
        texts.append(text[at : at + (len(value) * 4 + 2) // 3])
        at += (len(value) + 2) // 3 * 4
    return texts


def _commit(
    drafts: Sequence[Draft], *, origin: str, t: int, node_key: SealingKey, keys: Mapping[str, SealingKey]
) -> tuple[list[str], list[bytes], list[tuple[Sealed, ...]]]:
    """Of each entry its id, its three commitments (actor, context, subject), and what is sealed."""
    random = os.urandom(sum(_OF_ENTRY + _OF_SUBJECT * max(len(draft.outline.subjects), 1) for draft in drafts))
    milliseconds = f"{t * 1000:012x}"
    id_start = f"{milliseconds[:8]}-{milliseconds[8:]}-7"
    at = 0
    ids: list[str] = []
    commitments: list[bytes] = []
    sealed: list[tuple[Sealed, ...]] = []
    for draft in drafts:
        subjects = draft.outline.subjects
        bits = random[at : at + _ID_BYTES].hex()
        # of whole seconds, so that the id tells no more of the time than `t` does (RFC 9562 section 5.7)
        entry_id = f"{id_start}{bits[:3]}-{_VARIANT[random[at] & 3]}{bits[4:7]}-{bits[7:19]}"
        bound = entry_binding(origin, entry_id)
        at += _ID_BYTES
        actor = random[at : at + SALT_BYTES] + draft.actor
        at += SALT_BYTES
        context = random[at : at + SALT_BYTES] + draft.context
        at += SALT_BYTES
        nonce, of_subjects = random[at : at + NONCE_BYTES], at + NONCE_BYTES
        at = of_subjects + _OF_SUBJECT * max(len(subjects), 1)
        groups = group_bytes("actor", actor) + group_bytes("context", context)
        if len(subjects) <= 1:
            student = subjects[0] if subjects else None
            key_id, cipher, _ = node_key if student is None else keys[student]
            salted = random[of_subjects : of_subjects + SALT_BYTES] + _subject(student, draft.custodians[0], key_id)
            subject = hashlib.sha256(b"\x00" + salted).digest()
            sealed.append((Sealed(key_id, seal(cipher, nonce, groups + group_bytes("subject", salted), bound)),))
        else:
            subject, students = _seal_subjects(draft, random[of_subjects:at], keys, bound)
            sealed.append((Sealed(node_key.key_id, seal(node_key.cipher, nonce, groups, bound)), *students))
        ids.append(entry_id)
        commitments += (hashlib.sha256(actor).digest(), hashlib.sha256(context).digest(), subject)
    return ids, commitments, sealed


def _seal_subjects(draft: Draft, random: bytes, keys: Mapping[str, SealingKey], bound: bytes) -> tuple[bytes, list[Sealed]]:
    """Commitment and sealed parts of many subjects, each under their own key."""
    leaves, parts = [], []
    for position, (student, custodian) in enumerate(zip(draft.outline.subjects, draft.custodians, strict=True)):
        own = random[position * _OF_SUBJECT : (position + 1) * _OF_SUBJECT]
        key_id, cipher, _ = keys[student]
        salted = own[:SALT_BYTES] + _subject(student, custodian, key_id)
        leaves.append(hashlib.sha256(b"\x00" + salted).digest())
        parts.append(Sealed(key_id, seal(cipher, own[SALT_BYTES:], group_bytes("subject", salted), bound)))
    return Frontier().grow(leaves).after.root, parts


def _subject(student: str | None, custodian: str | None, tag: bytes) -> bytes:
    """Canonical JSON of {custodian?, student?, tag?}; ids and base64url need no escaping."""
    who = f'"custodian":"{custodian}"' if custodian is not None else ""
    if student is None:
        return f"{{{who}}}".encode("ascii")
    return f'{{{who}{"," if who else ""}"student":"{student}","tag":"{_base64url(tag)}"}}'.encode("ascii")


def _base64url(data: bytes) -> str:
    return b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")
