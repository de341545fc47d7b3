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

from safepassage.canonical import to_base64url
from safepassage.leaf import SALT_BYTES
from services.audit.drafts import KINDS, Draft
from services.audit.sealing import NONCE_BYTES, Group, binding, join_groups, seal
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


class _Committed(NamedTuple):
    entry_id: str
    subject: bytes
    actor: bytes
    context: bytes
    sealed: tuple[Sealed, ...]


def entries_of(
    drafts: Sequence[Draft], *, origin: str, t: int, epoch: int, node_key: SealingKey, keys: Mapping[str, SealingKey]
) -> list[Entry]:
    """The entries of `drafts`, in their order.

    t      when they are logged, whole seconds
    epoch  the year in which the school year of `t` ends
    keys   the key of each subject in that year
    """
    committed = _commit(drafts, origin=origin, t=t, node_key=node_key, keys=keys)
    # 32 bytes and a zero byte are 44 characters, of which the first 43 are the digest's own: one call encodes all of them
    digests = b"\0".join([digest for one in committed for digest in (one.actor, one.context, one.subject)]) + b"\0"
    text = b2a_base64(digests, newline=False).translate(_TO_URL).decode("ascii")
    entries = []
    for position, (draft, one) in enumerate(zip(drafts, committed, strict=True)):
        at = position * 132
        leaf = (
            f'{{"class":"{draft.class_}","commitments":{{"actor":"{text[at : at + 43]}","context":"{text[at + 44 : at + 87]}",'
            f'"subject":"{text[at + 88 : at + 131]}"}},"digests":{{"ct":"{draft.ct}","decision":"{draft.decision}",'
            f'"pt_commit":"{draft.pt_commit}"}},"id":"{one.entry_id}","key_epoch":{epoch},"policy_hash":"{draft.policy_hash}","t":{t},"v":1}}'
        )
        entries.append(Entry(draft, leaf.encode("ascii"), one.sealed))
    return entries


def _commit(drafts: Sequence[Draft], *, origin: str, t: int, node_key: SealingKey, keys: Mapping[str, SealingKey]) -> list[_Committed]:
    random = os.urandom(sum(_ID_BYTES + _SALT_AND_NONCE * (2 + max(len(draft.subjects), 1)) for draft in drafts))
    milliseconds = f"{t * 1000:012x}"
    id_start = f"{milliseconds[:8]}-{milliseconds[8:]}-7"
    position, committed = 0, []
    for draft in drafts:
        bits = random[position : position + _ID_BYTES].hex()
        # of whole seconds, so that the id tells no more of the time than `t` does (RFC 9562 section 5.7)
        entry_id = f"{id_start}{bits[:3]}-{_VARIANT[random[position] & 3]}{bits[4:7]}-{bits[7:19]}"
        position += _ID_BYTES
        subjects = draft.subjects or (None,)
        key = keys[subjects[0]] if len(subjects) == 1 and subjects[0] is not None else node_key
        bound = binding(origin, entry_id, "subject")
        leaves, parts = [], []
        for student, custodian in zip(subjects, draft.custodians, strict=True):
            salt, nonce, position = _next(random, position)
            own = key if len(subjects) == 1 else keys[student]  # type: ignore[index]  # only an entry without subjects has None, and one part
            payload = _subject_payload(student, custodian, own.key_id)
            leaves.append(hashlib.sha256(b"\x00" + salt + payload).digest())
            parts.append((own.key_id, seal(own.cipher, nonce=nonce, salt=salt, payload=payload, bound_to=bound)))
        groups: list[tuple[Group, bytes]] = []
        commitments = []
        who_and_what: tuple[tuple[Group, bytes], ...] = (("actor", draft.actor), ("context", draft.context))
        for group, payload in who_and_what:
            salt, nonce, position = _next(random, position)
            commitments.append(hashlib.sha256(salt + payload).digest())
            groups.append((group, seal(key.cipher, nonce=nonce, salt=salt, payload=payload, bound_to=binding(origin, entry_id, group))))
        if len(parts) == 1:
            sealed: tuple[Sealed, ...] = (Sealed(key.key_id, join_groups([("subject", parts[0][1]), *groups])),)
            subject = leaves[0]
        else:
            students = [Sealed(key_id, join_groups([("subject", part)])) for key_id, part in parts]
            sealed = (Sealed(key.key_id, join_groups(groups)), *students)
            subject = Frontier().grow(leaves).after.root
        committed.append(_Committed(entry_id, subject, commitments[0], commitments[1], sealed))
    return committed


def _next(random: bytes, position: int) -> tuple[bytes, bytes, int]:
    end = position + _SALT_AND_NONCE
    return random[position : position + SALT_BYTES], random[position + SALT_BYTES : end], end


def _subject_payload(student: str | None, custodian: str | None, tag: bytes) -> bytes:
    """Canonical JSON of {custodian?, student?, tag?}; ids and base64url need no escaping."""
    who = f'"custodian":"{custodian}"' if custodian is not None else ""
    if student is None:
        return f"{{{who}}}".encode("ascii")
    return f'{{{who}{"," if who else ""}"student":"{student}","tag":"{to_base64url(tag)}"}}'.encode("ascii")
