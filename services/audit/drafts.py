"""An event on its way into the log: everything about its entry that does not depend on the entry's place. Pure.

The canonical bytes of actor and context come from pydantic's writer, or msgspec's for what it has read, since the members of those models
are in alphabetical order: equal to RFC 8785 (a test compares), at a tenth of its price or less.
"""

import re
from functools import lru_cache
from hashlib import blake2b, sha256
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from safepassage.leaf import ABSENT
from shared.contracts.audit import AHEAD, Actor, Context, Event

KINDS: Final[dict[str, int]] = {
    "authentication": 1, "refusal": 2, "administration": 3,
    "decision": 11, "consent": 12, "agreement": 13, "opt-out": 14, "policy": 15, "rights": 16, "duty": 17,
    "request": 21, "match": 22, "disclosure": 23, "disclosure-withdrawn": 24, "read": 25, "received": 26, "receipt": 27,
    "load": 28, "trust": 29, "search": 41, "export": 42, "alert": 43, "destruction": 44, "witness": 45,
}  # fmt: skip
"""The classes of entries as the index stores them. Numbers are never given twice."""

OPEN_PARTITION: Final = 0
SEALED_PARTITION: Final = 1

SEALED_BY_COURT: Final = frozenset({"sealed-order", "subpoena-grand-jury", "subpoena-law-enforcement", "order-ex-parte"})
"""Bases whose disclosure is kept from the accounting that parents see: 34 CFR 99.31(a)(9)(ii)(A)-(C), 99.32(d)(5)."""

_UUID7 = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_NO_TIME: Final = bytes(6)
_NOBODY: Final = (None,)
_quick_json: Final = msgspec.json.Encoder().encode


class Outline(NamedTuple):
    """What of an event is in rows beside its leaf and what is sealed: enough to append an entry that is sealed already."""

    class_: str
    ahead: bool
    event_key: bytes
    """22 bytes: `event_key`."""
    event_digest: bytes
    """32 bytes, keyed: tells two events with one key apart, and nothing to who has not the key."""
    subjects: tuple[str, ...]
    partition: int
    on_behalf_of: UUID | None = None
    """Of a disclosure that is to be in a district's copy of the record (34 CFR 99.32(b)(2)): the district's."""


class Draft(NamedTuple):
    """What `draft_of` makes of an event."""

    outline: Outline
    custodians: tuple[str | None, ...]
    """One for each subject; for an event without subjects, the one organisation that may open it, or None."""
    actor: bytes
    context: bytes
    ct: str
    decision: str
    pt_commit: str
    policy_hash: str


def draft_of(event: Event, *, producer: str, digest_key: bytes) -> Draft:
    """The draft of an event that the service `producer` has sent."""
    what, digests, class_, key = event.context, event.digests, event.class_, event.key
    actor, context = canonical_part(event.actor), canonical_part(what)
    subjects = tuple([_text(subject) for subject in event.subjects])
    named = tuple([_custodian_text(custodian) for custodian in event.custodians])
    custodians = named if len(named) > 1 else (named or _NOBODY) * (len(subjects) or 1)
    ct, decision, pt_commit = digests.ct or ABSENT, digests.decision or ABSENT, digests.pt_commit or ABSENT
    policy_hash = event.policy_hash or ABSENT
    # No part before the token can hold a zero byte, nor can actor and context: their sequence has one reading.
    received = (
        f"{class_}\0{key}\0{','.join(subjects)}\0{','.join(named)}\0{ct}\0{decision}\0{pt_commit}\0{policy_hash}\0"
        f"{event.decision_token or ''}\0"
    )
    secret = what.basis in SEALED_BY_COURT
    outline = Outline(
        class_,
        class_ in AHEAD,
        event_key(producer, key),
        blake2b(b"%b%b\0%b" % (received.encode(), actor, context), digest_size=32, key=digest_key).digest(),
        subjects,
        SEALED_PARTITION if secret else OPEN_PARTITION,
        what.originating_organisation if class_ == "disclosure" and not secret else None,
    )
    return Draft(outline, custodians, actor, context, ct, decision, pt_commit, policy_hash)


def canonical_part(part: Actor | Context) -> bytes:
    """Its canonical JSON, without the members that are not there."""
    if isinstance(part, msgspec.Struct):  # as shared.quick_models has read it
        return _quick_json(part)
    return part.__pydantic_serializer__.to_json(part, exclude_defaults=True)


def _text(identifier: UUID) -> str:
    """`str(identifier)`, in half the time."""
    digits = f"{identifier.int:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


_custodian_text = lru_cache(maxsize=4096)(_text)
"""Organisations are few; students are not, and are not kept."""


def event_key(producer: str, key: str) -> bytes:
    """Under what a producer's key is stored: the milliseconds of a UUIDv7 in it, if there is one, then 16 bytes of its digest.

    The time comes first so that the rows of one hour lie together; a key that was random all through would dirty a page of its own.
    """
    found = _UUID7.search(key)
    time = bytes.fromhex(found[1] + found[2]) if found else _NO_TIME
    return time + sha256(f"{producer}\0{key}".encode()).digest()[:16]
