"""What an entry can be found by: terms. A term is a byte for its kind, and 16 of a keyed digest of its value.

Who a person or a client is, is a tag of the school year, as a student's is; so is an exchange, which is one student's, and a decision.
There are as many of these as students, so that terms that are random all through would dirty a page of their own each, in the store and in
its write-ahead log: theirs begin with the time in their ids, and those of an hour lie together.
Words of vocabularies, organisations and nodes are no persons: their key is the index's own, for all years.
"""

import hmac
import re
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from safepassage.elements import ELEMENTS
from safepassage.leaf import ABSENT
from services.audit.driver import Driver
from services.audit.index.members import ActorMembers, ContextMembers
from services.audit.subject_keys import SubjectKeys
from shared.actors import CONSOLE

TERM_BYTES: Final = 17
FIRST_TAGGED: Final = 64
HERE: Final = "here"
"""As a node: the recipient is reached through no other node."""

_PAGES: Final = f"client:{CONSOLE}"
_CATEGORIES: Final = {element.id: element.categories for element in ELEMENTS}


class Kind(IntEnum):
    """Kinds of terms. Numbers are never given twice; from 64 on they are those of a school year."""

    CLASS = 1
    POLICY = 2
    OPERATION = 3
    PURPOSE = 4
    BASIS = 5
    OUTCOME = 6
    REASON = 7
    ORGANISATION = 8
    CUSTODIAN = 9
    NODE = 10
    CATEGORY = 11
    ELEMENT = 12
    ACTOR = 64
    PERSON = 65
    RECIPIENT = 66
    KEY = 67
    EXCHANGE = 68
    ADDRESS = 69
    SIGNED_IN = 70
    DECISION = 71


_UUID7: Final = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-7")
_BY_TIME: Final = frozenset({Kind.EXCHANGE, Kind.DECISION})
_HEADS: Final = {kind: (bytes((kind,)), kind.name.lower()) for kind in Kind}


class Facts(NamedTuple):
    """What the index is told of an entry. Empty where the entry says nothing of it, or where it was destroyed."""

    class_: str
    policy: str = ""
    operation: str = ""
    purpose: str = ""
    basis: str = ""
    outcome: str = ""
    reason: str = ""
    organisation: str = ""
    """Of the client that did it."""
    custodians: tuple[str, ...] = ()
    node: str = ""
    elements: tuple[str, ...] = ()
    actor: str = ""
    """`client:<id>` or `job:<name>`."""
    person: str = ""
    """On whose behalf."""
    recipient: str = ""
    key: str = ""
    """Thumbprint of the key that the client proved to have."""
    exchange: str = ""
    """Of which exchange with another node it is."""
    address: str = ""
    """From which the client called."""
    signed_in: str = ""
    """Who had signed in, by what this node calls them."""
    for_client: str = ""
    """`client:<id>` whose token was exchanged for the one that it was done with: it did this too."""
    decision: str = ""
    """By which decision it was done, or which one it tells of."""


KINDS_OF_MEMBERS: Final[dict[str, Kind]] = {
    member: Kind[{"class_": "CLASS", "custodians": "CUSTODIAN", "elements": "ELEMENT", "for_client": "ACTOR"}.get(member, member.upper())]
    for member in Facts._fields
}


class TermKeys(NamedTuple):
    """What terms are made with."""

    words: bytes
    """For what is no person."""
    tags: Mapping[int, bytes]
    """By school year, for persons, clients, keys, addresses, recipients, exchanges, decisions. One whose key is gone has no such terms."""


def term_keys(driver: Driver, keys: SubjectKeys) -> TermKeys:
    """The keys as the store has them."""
    return TermKeys(keys.index_key(driver), keys.tag_keys(driver))


def digest_of(kind: Kind, value: str, key: bytes) -> bytes:
    """A term: equal for equal values, and nothing to who has not the key."""
    head, name = _head_of(kind, value)
    return (head + hmac.digest(key, f"{name}\0{value}".encode(), "sha256"))[:TERM_BYTES]


def _head_of(kind: Kind, value: str) -> tuple[bytes, str]:
    """With what a term of the kind begins, and the kind's name."""
    number, name = head = _HEADS[kind]
    return (number + _time_in(value), name) if kind in _BY_TIME else head


def _time_in(value: str) -> bytes:
    """The time in a UUIDv7, in 5 bytes; none in another.

    Of when an exchange began, or something was decided, it says no more than the entries say, to the second (in units of 1.024).
    """
    return (int(value[:8] + value[9:11], 16) & ~0b11).to_bytes(5, "big") if _UUID7.match(value) else b""


def term_of(kind: Kind, value: str, keys: TermKeys, epoch: int) -> bytes | None:
    """The term of a value in an epoch; None for a person where the epoch's key is not there any more."""
    if kind < FIRST_TAGGED:
        return digest_of(kind, value, keys.words)
    tag_key = keys.tags.get(epoch)
    return None if tag_key is None else digest_of(kind, value, tag_key)


class TermMaker:
    """Makes terms of one epoch, many: `term_of` in less than half its time, for the key is taken in once."""

    def __init__(self, keys: TermKeys, epoch: int) -> None:
        tag_key = keys.tags.get(epoch)
        self._words = HMAC(keys.words, SHA256())
        self._tags = None if tag_key is None else HMAC(tag_key, SHA256())

    def of(self, kind: Kind, value: str) -> bytes | None:
        """As `term_of`."""
        made = self.of_all(kind, (value,))
        return None if made is None else made[0]

    def of_all(self, kind: Kind, values: Iterable[str]) -> list[bytes] | None:
        """The term of each value of one kind; None where `term_of` gives none."""
        keyed = self._words if kind < FIRST_TAGGED else self._tags
        if keyed is None:
            return None
        (number, name), by_time = _HEADS[kind], kind in _BY_TIME
        made = []
        for value in values:
            digest = keyed.copy()
            digest.update(f"{name}\0{value}".encode())
            head = number + _time_in(value) if by_time else number
            made.append((head + digest.finalize())[:TERM_BYTES])
        return made


def values_of(facts: Facts, kinds: Container[Kind] = frozenset(Kind)) -> Iterable[tuple[Kind, str]]:
    """Each kind and value by which an entry can be found; of `kinds`, and maybe of others."""
    for member, value in zip(Facts._fields, facts, strict=True):
        if value and (KINDS_OF_MEMBERS[member] in kinds or (member == "elements" and Kind.CATEGORY in kinds)):
            yield from values_of_member(member, value)


def values_of_member(member: str, value: str | Sequence[str]) -> list[tuple[Kind, str]]:
    """The kinds and values of one member of Facts that is not empty."""
    kind = KINDS_OF_MEMBERS[member]
    if isinstance(value, str):
        return [(kind, value)]
    found = [(kind, one) for one in value]
    if kind is Kind.ELEMENT:
        found += [(Kind.CATEGORY, one) for one in sorted({category for element in value for category in _CATEGORIES.get(element, ())})]
    return found


def elements_in(category: str) -> list[str]:
    """The elements of a category, as this version knows them.

    An entry may be older than that: what a peer of a later version sent was logged by the names of its elements alone, and an element can
    come into a category later. So a category is looked for by its elements too, and the index need not be made again.
    """
    return sorted(element for element, categories in _CATEGORIES.items() if category in categories)


def terms_of(facts: Facts, keys: TermKeys, epoch: int) -> frozenset[bytes]:
    """The terms of an entry."""
    found = (term_of(kind, value, keys, epoch) for kind, value in values_of(facts))
    return frozenset(term for term in found if term is not None)


def facts_of(
    class_: str,
    policy_hash: str,
    *,
    actor: ActorMembers | None = None,
    context: ContextMembers | None = None,
    custodians: Collection[str] = (),
) -> Facts:
    """The facts of an entry from its leaf and from what of it could be opened."""
    policy = "" if policy_hash == ABSENT else policy_hash
    kept_by = tuple(sorted(set(custodians)) if len(custodians) > 1 else custodians)
    if actor is None or context is None:
        return Facts(class_, policy, custodians=kept_by)
    recipient = context.recipient_organisation
    return Facts(
        class_,
        policy,
        context.operation,
        context.purpose,
        context.basis,
        context.outcome,
        context.reason,
        actor.organisation_id,
        kept_by,
        context.recipient_node or (HERE if recipient else ""),
        context.elements,
        actor_value(client_id=actor.client_id, job=actor.job),
        actor.acting_for,
        recipient,
        actor.key,
        context.exchange_id,
        actor.address,
        actor.person,
        actor_value(client_id=actor.for_client),
        context.decision_id,
    )


def actor_value(*, client_id: str | None = None, job: str | None = None) -> str:
    """Who did it, as the index names it: a client, or a job of the node; empty where neither is said."""
    if client_id is not None:
        return f"client:{client_id}"
    return "" if job is None else f"job:{job}"


def doer_of(actor: str, signed_in: str) -> tuple[Kind, str]:
    """Whose habits it belongs to: a client's or a job's; but a person's own where they worked with the node's pages, which all share."""
    return (Kind.SIGNED_IN, signed_in) if signed_in and actor in ("", _PAGES) else (Kind.ACTOR, actor)
