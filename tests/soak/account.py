"""The account of a soak: what was asked for, what each store and each log holds, what crossed. Pure; what does not balance is named."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from uuid import UUID

from safepassage.leaf import ABSENT
from services.records.exchange.states import Asked, Incoming, Outgoing, Request, is_final

SHOWN: Final = 12


class DoesNotBalance(AssertionError):
    """Something was lost, done twice, or left without having been logged."""


class Place(NamedTuple):
    """Where an entry is: a year's log has its own indices."""

    origin: str
    index: int


@dataclass(frozen=True)
class Sent:
    """An answer of the holder's."""

    id: UUID
    exchange_id: UUID
    kind: str
    state: Outgoing
    envelope_digest: str | None
    ct_digest: str
    entry: Place | None
    """Where this node's log has it, as its own proof says."""
    r1: str | None
    r2: str | None


@dataclass(frozen=True)
class Got:
    """An answer at the requester."""

    id: UUID
    exchange_id: UUID
    kind: str
    state: Incoming
    envelope_digest: str
    ct_digest: str
    entry: Place | None
    """Where this node's log has it, as its own proof says."""
    r1: str | None
    r2: str | None


@dataclass(frozen=True)
class Leaf:
    """What of an entry is in clear."""

    class_: str
    ct: str


@dataclass(frozen=True)
class Crossed:
    """An envelope whose first byte has left its sender."""

    entry: Place
    ct_digest: str


@dataclass
class Holding:
    """One node's stores."""

    requests: Sequence[tuple[UUID, Asked | Request]]
    """Of the requester its own, of the holder the peer's; by the id of the exchange, and not made one."""
    envelopes: Sequence[Sent | Got]
    leaves: Mapping[Place, Leaf] = field(repr=False)
    """Every entry of the node's logs."""
    stated: Set[Place] = frozenset()
    """Where this node, and where the other one, says that its log has what it counted of a day: a day is over once a week has passed."""
    differing: Sequence[str] = ()
    """Days of which this node found that the other counts otherwise."""


@dataclass(frozen=True)
class Balance:
    """What balanced."""

    exchanges: int
    applied: int
    nothing_provided: int
    envelopes: int
    crossed: int
    entries: Mapping[str, int]
    """In the log of each node."""


def account(asked: Mapping[UUID, bool], alder: Holding, birch: Holding, crossed: Mapping[str, Crossed], *, expired: bool = True) -> Balance:
    """Hold everything against everything else.

    asked    every exchange that Birch's information system was answered, and whether Alder has the child
    crossed  by the digest of the envelope
    expired  so much time has passed that every request is over to which nothing was provided

    Raises DoesNotBalance.
    """
    wrong = [
        *_requests(asked, alder, birch, over=expired),
        *_answers(asked, alder, birch),
        *_both_sides(alder, birch),
        *_logged(alder, birch, crossed),
    ]
    if wrong:
        raise DoesNotBalance(f"{len(wrong)} things do not balance:\n  " + "\n  ".join(wrong[:SHOWN]))
    states = Counter(state for _, state in birch.requests)
    return Balance(
        exchanges=len(asked),
        applied=states[Asked.APPLIED],
        nothing_provided=states[Asked.EXPIRED] + states[Asked.NOT_PROVIDED],
        envelopes=len(alder.envelopes),
        crossed=len(crossed),
        entries={"alder": len(alder.leaves), "birch": len(birch.leaves)},
    )


def _requests(asked: Mapping[UUID, bool], alder: Holding, birch: Holding, *, over: bool) -> Iterator[str]:
    """Every request is at both nodes once, and over, or may still be answered with a record where nothing was provided so far."""
    for name, holding in (("Birch", birch), ("Alder", alder)):
        times = Counter(exchange_id for exchange_id, _ in holding.requests)
        yield from (f"{name} has the request {one} {times[one]} times" for one in asked if times[one] != 1)
        yield from (f"{name} has a request that nobody made: {one}" for one in times.keys() - asked.keys())
    for exchange_id, state in birch.requests:
        without = (Asked.EXPIRED,) if over else (Asked.EXPIRED, Asked.NOT_PROVIDED)
        expected = (Asked.APPLIED,) if asked.get(exchange_id) else without
        if state not in expected:
            yield f"the request {exchange_id} is {state}, not {expected[0]}"
    for exchange_id, state in alder.requests:
        may_be_answered = state == Request.WAITING and not over and not asked.get(exchange_id)
        if not is_final(state) and state != Request.ANSWERED and not may_be_answered:
            yield f"the request {exchange_id} is still open at the holder: {state}"


def _answers(asked: Mapping[UUID, bool], alder: Holding, birch: Holding) -> Iterator[str]:
    """Each answer is over, and a record that there is was applied by one of them, once."""
    for name, holding in (("Alder", alder), ("Birch", birch)):
        yield from (f"{name}'s envelope {one.id} is {one.state}" for one in holding.envelopes if not is_final(one.state))
    applied = Counter(one.exchange_id for one in birch.envelopes if one.kind == "package" and one.state == Incoming.APPLIED)
    processed = Counter(one.exchange_id for one in alder.envelopes if one.kind == "package" and one.state == Outgoing.PROCESSED)
    for exchange_id, there in asked.items():
        for name, times in (("Birch applied", applied), ("Alder has a receipt for", processed)):
            if times[exchange_id] != int(there):
                yield f"{name} {times[exchange_id]} records of {exchange_id}, not {int(there)}"
    told = Counter(one.exchange_id for one in birch.envelopes if one.kind == "not-provided" and one.state == Incoming.APPLIED)
    yield from (
        f"{one} was told {told[one]} times that nothing is provided" for one, there in asked.items() if not there and told[one] != 1
    )


def _both_sides(alder: Holding, birch: Holding) -> Iterator[str]:
    """What one says that it sent, the other says that it got, with the same receipts."""
    here, there = {one.id: one for one in alder.envelopes}, {one.id: one for one in birch.envelopes}
    done = {identifier for identifier, one in here.items() if one.state in (Outgoing.PROCESSED, Outgoing.REJECTED)}
    yield from (f"the envelope {one} is with Birch alone" for one in there.keys() - here.keys())
    yield from (f"the envelope {one} has receipts, and Birch does not know it" for one in done - there.keys())
    for identifier in here.keys() & there.keys():
        sent, got = here[identifier], there[identifier]
        if (sent.envelope_digest, sent.ct_digest, sent.r2) != (got.envelope_digest, got.ct_digest, got.r2):
            yield f"the nodes hold the envelope {identifier} or its receipt of filing differently"
        if sent.r1 is not None and sent.r1 != got.r1:
            yield f"the nodes hold different first receipts of {identifier}"


def _logged(alder: Holding, birch: Holding, crossed: Mapping[str, Crossed]) -> Iterator[str]:
    """Nothing left that is not in the log where it says; each log has of each thing one entry."""
    for digest, one in crossed.items():
        if not _is_at(one.entry, alder, one.ct_digest):
            yield f"the envelope {digest} left, and entry {one.entry} of Alder's log is not it"
    for name, holding in (("Alder", alder), ("Birch", birch)):
        for each in holding.envelopes:
            if each.entry is None or not _is_at(each.entry, holding, each.ct_digest):
                yield f"{name}'s envelope {each.id} is not at entry {each.entry} of its log"
        yield from (f"{name} counts {day} otherwise than the other node" for day in holding.differing)
    packages = [one for one in alder.envelopes if one.kind == "package"]
    receipts = sum((one.r1 is not None) + (one.r2 is not None) for one in alder.envelopes)
    filed = [one for one in birch.envelopes if one.kind == "package" and one.state == Incoming.APPLIED]
    expected: tuple[tuple[str, Holding, str, int], ...] = (
        ("Alder", alder, "disclosure", len(packages)),
        ("Alder", alder, "request", len(alder.requests) + len(alder.envelopes) - len(packages)),
        ("Alder", alder, "match", len(alder.requests)),
        ("Alder", alder, "receipt", receipts),
        ("Birch", birch, "request", len(birch.requests)),
        ("Birch", birch, "received", len(birch.envelopes)),
        ("Birch", birch, "load", len(filed)),
    )
    for name, holding, class_, number in expected:
        found = sum(one.class_ == class_ for place, one in holding.leaves.items() if place not in alder.stated | birch.stated)
        if found != number:
            yield f"{name}'s log has {found} entries of the class {class_}, not {number}"
    yield from (
        f"{name}'s log has {one} twice" for name, holding in (("Alder", alder), ("Birch", birch)) for one in _twice(holding.leaves.values())
    )


def _is_at(place: Place, holding: Holding, ct_digest: str) -> bool:
    leaf = holding.leaves.get(place)
    return leaf is not None and leaf.ct == ct_digest


def _twice(leaves: Iterable[Leaf]) -> Iterator[str]:
    """Of these classes each entry has a digest of its own."""
    seen: set[tuple[str, str]] = set()
    for one in leaves:
        if one.class_ in ("disclosure", "received", "load", "receipt") and one.ct != ABSENT:
            place = (one.class_, one.ct)
            if place in seen:
                yield f"{one.class_} {one.ct}"
            seen.add(place)
