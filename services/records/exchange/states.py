"""The states of an exchange at either end, and which may follow which. Pure; terminal states are final.

A state changes only in the transaction that stores what makes it true (decisions 1).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from safepassage.wire_exchange import ExchangeState


class Asked(StrEnum):
    """A request of ours, at the requester."""

    PREPARED = "prepared"
    """Sealed, signed and stored; not known to have been taken."""
    ACCEPTED = "accepted"
    NOT_PROVIDED = "not-provided"
    """An answer without a record came; one with a record may follow until the request expires."""
    RECEIVED = "received"
    """A package is stored and logged."""
    APPLIED = "applied"
    REJECTED = "rejected"
    REFUSED = "refused"
    EXPIRED = "expired"


class Request(StrEnum):
    """A request of a peer, at the holder."""

    ACCEPTED = "accepted"
    """Logged and acknowledged; nobody has looked for the child yet."""
    WAITING = "waiting"
    """Answered with not-provided; a person's word on a match, or new facts, may still lead to a package."""
    ANSWERED = "answered"
    """A package was made. If it is withdrawn before it arrives, nothing is provided, and the request waits again."""
    CLOSED = "closed"


class Outgoing(StrEnum):
    """An envelope, at the holder."""

    SEALED = "sealed"
    QUEUED = "queued"
    IN_FLIGHT = "in-flight"
    """An attempt failed: whether it arrived is not known until a receipt comes."""
    RECEIVED = "received"
    PROCESSED = "processed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Incoming(StrEnum):
    """An envelope, at the requester."""

    STORED = "stored"
    RECEIVED = "received"
    MATCHING = "matching"
    """Opened; a person says which student of ours it is, and then it is received again. When its request ends it is rejected."""
    APPLIED = "applied"
    REJECTED = "rejected"


class Letter(StrEnum):
    """Something that ended without doing what it was for, at either end."""

    OPEN = "open"
    REQUEUED = "requeued"
    GIVEN_UP = "given-up"
    SETTLED = "settled"
    """What was missing has come after all."""


class Telling(StrEnum):
    """That a message of ours ended, to be told to the other side."""

    WAITING = "waiting"
    TOLD = "told"
    REFUSED = "refused"
    LAPSED = "lapsed"


class Notice(StrEnum):
    """A notice of ours to the other node of an exchange."""

    PREPARED = "prepared"
    SEALED = "sealed"
    """Sealed to the peer, and not known to be in the log yet."""
    QUEUED = "queued"
    DELIVERED = "delivered"
    REFUSED = "refused"
    EXPIRED = "expired"


class Reconciling(StrEnum):
    """A day that is compared with a peer."""

    DUE = "due"
    AGREED = "agreed"
    DIFFERS = "differs"
    LAPSED = "lapsed"


_ASKED = {
    Asked.PREPARED: {Asked.ACCEPTED, Asked.REFUSED, Asked.EXPIRED, Asked.NOT_PROVIDED, Asked.RECEIVED},
    Asked.ACCEPTED: {Asked.NOT_PROVIDED, Asked.RECEIVED, Asked.EXPIRED},
    Asked.NOT_PROVIDED: {Asked.RECEIVED, Asked.EXPIRED},
    Asked.RECEIVED: {Asked.APPLIED, Asked.REJECTED},
    Asked.APPLIED: set(),
    Asked.REJECTED: set(),
    Asked.REFUSED: set(),
    Asked.EXPIRED: set(),
}
_REQUEST = {
    Request.ACCEPTED: {Request.WAITING, Request.ANSWERED, Request.CLOSED},
    Request.WAITING: {Request.ANSWERED, Request.CLOSED},
    Request.ANSWERED: {Request.WAITING, Request.CLOSED},
    Request.CLOSED: set(),
}
_AFTER_A_SEND = {Outgoing.RECEIVED, Outgoing.PROCESSED, Outgoing.REJECTED, Outgoing.WITHDRAWN, Outgoing.EXPIRED}
_OUTGOING = {
    Outgoing.SEALED: {Outgoing.QUEUED, Outgoing.WITHDRAWN, Outgoing.EXPIRED},
    Outgoing.QUEUED: {Outgoing.IN_FLIGHT, *_AFTER_A_SEND},
    Outgoing.IN_FLIGHT: {Outgoing.IN_FLIGHT, *_AFTER_A_SEND},
    Outgoing.RECEIVED: {Outgoing.PROCESSED, Outgoing.REJECTED},
    Outgoing.PROCESSED: set(),
    Outgoing.REJECTED: set(),
    Outgoing.WITHDRAWN: set(),
    Outgoing.EXPIRED: set(),
}
_INCOMING = {
    Incoming.STORED: {Incoming.RECEIVED},
    Incoming.RECEIVED: {Incoming.MATCHING, Incoming.APPLIED, Incoming.REJECTED},
    Incoming.MATCHING: {Incoming.RECEIVED, Incoming.REJECTED},
    Incoming.APPLIED: set(),
    Incoming.REJECTED: set(),
}

_LETTER = {
    Letter.OPEN: {Letter.REQUEUED, Letter.GIVEN_UP, Letter.SETTLED},
    Letter.REQUEUED: set(),
    Letter.GIVEN_UP: set(),
    Letter.SETTLED: set(),
}
_TELLING = {
    Telling.WAITING: {Telling.TOLD, Telling.REFUSED, Telling.LAPSED},
    Telling.TOLD: set(),
    Telling.REFUSED: set(),
    Telling.LAPSED: set(),
}
_NOTICE = {
    Notice.PREPARED: {Notice.SEALED, Notice.EXPIRED},
    Notice.SEALED: {Notice.QUEUED, Notice.REFUSED, Notice.EXPIRED},
    Notice.QUEUED: {Notice.DELIVERED, Notice.REFUSED, Notice.EXPIRED},
    Notice.DELIVERED: set(),
    Notice.REFUSED: set(),
    Notice.EXPIRED: set(),
}

_RECONCILING = {
    Reconciling.DUE: {Reconciling.AGREED, Reconciling.DIFFERS, Reconciling.LAPSED},
    Reconciling.AGREED: set(),
    Reconciling.DIFFERS: set(),
    Reconciling.LAPSED: set(),
}

State = Asked | Request | Outgoing | Incoming | Letter | Telling | Notice | Reconciling

FOLLOWS: dict[type[State], Mapping[Any, set[Any]]] = {
    Asked: _ASKED,
    Request: _REQUEST,
    Outgoing: _OUTGOING,
    Incoming: _INCOMING,
    Letter: _LETTER,
    Telling: _TELLING,
    Notice: _NOTICE,
    Reconciling: _RECONCILING,
}
"""For each kind of state, every one with those that may follow it. Words recur in different kinds, so a word alone is no key."""

SENDABLE = (Outgoing.QUEUED, Outgoing.IN_FLIGHT)
"""Envelopes that an attempt may be made with."""
UNDELIVERED = (Outgoing.SEALED, *SENDABLE)
"""Envelopes for which no receipt has come: only they can be withdrawn or expire."""


OPEN_FOR_A_PACKAGE = (Asked.PREPARED, Asked.ACCEPTED, Asked.NOT_PROVIDED)
"""Requests of ours that a package may still answer."""


class TransitionRefused(Exception):
    """A state was to follow one that it cannot follow: a fault of ours, nothing was stored."""


def is_final(state: State) -> bool:
    """Whether nothing may follow."""
    return not FOLLOWS[type(state)][state]


def require_transition(old: State, new: State) -> None:
    """Raises TransitionRefused unless `new` may follow `old`."""
    if type(new) is not type(old) or new not in FOLLOWS[type(old)][old]:
        raise TransitionRefused(f"{new} cannot follow {old}")


_OUTWARDLY: dict[Asked, ExchangeState] = {
    Asked.PREPARED: "requested",
    Asked.ACCEPTED: "accepted",
    Asked.NOT_PROVIDED: "not-provided",
    Asked.RECEIVED: "received",
    Asked.APPLIED: "applied",
    Asked.REJECTED: "rejected",
    Asked.REFUSED: "refused",
    Asked.EXPIRED: "expired",
}


def as_told(state: Asked) -> ExchangeState:
    """The state as the information system that asked is told."""
    return _OUTWARDLY[state]
