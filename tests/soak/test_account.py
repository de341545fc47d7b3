"""The account of a soak sees what it is there to see."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from services.records.exchange.states import Asked, Incoming, Outgoing, Request
from tests.soak.account import Crossed, DoesNotBalance, Got, Holding, Leaf, Place, Sent, account

THERE, ABSENT = UUID(int=1), UUID(int=2)
ASKED = {THERE: True, ABSENT: False}


def sent(number: int, exchange_id: UUID, kind: str, index: int) -> Sent:
    """Received and filed."""
    receipts = {"r1": f"first of {number}", "r2": f"second of {number}"}
    return Sent(UUID(int=number), exchange_id, kind, Outgoing.PROCESSED, f"jws {number}", f"ct {number}", Place("alder", index), **receipts)


def got(one: Sent, index: int) -> Got:
    """The same at the other node."""
    return Got(
        one.id, one.exchange_id, one.kind, Incoming.APPLIED, str(one.envelope_digest), one.ct_digest, Place("birch", index), one.r1, one.r2
    )


def log(origin: str, *leaves: Leaf) -> dict[Place, Leaf]:
    """A log of these entries."""
    return {Place(origin, at): leaf for at, leaf in enumerate(leaves)}


class World:
    """One record and one answer without, all in order."""

    def __init__(self) -> None:
        package, nothing = sent(11, THERE, "package", 3), sent(12, ABSENT, "not-provided", 4)
        asked = [Leaf("request", "asked 1"), Leaf("request", "asked 2")]
        receipts = [Leaf("receipt", f"receipt {number}") for number in range(4)]
        alder = [*asked, Leaf("match", "A"), Leaf("disclosure", "ct 11"), Leaf("request", "ct 12"), Leaf("match", "A"), *receipts]
        birch = [*asked, Leaf("received", "ct 11"), Leaf("received", "ct 12"), Leaf("load", "ct 11")]
        self.alder = Holding([(THERE, Request.ANSWERED), (ABSENT, Request.CLOSED)], [package, nothing], log("alder", *alder))
        self.birch = Holding([(THERE, Asked.APPLIED), (ABSENT, Asked.EXPIRED)], [got(package, 2), got(nothing, 3)], log("birch", *birch))
        self.crossed = {"jws 11": Crossed(Place("alder", 3), "ct 11"), "jws 12": Crossed(Place("alder", 4), "ct 12")}

    def change(self, node: str, **changed: Any) -> None:
        """What a node holds is something else."""
        setattr(self, node, replace(getattr(self, node), **changed))


def test_what_is_in_order_balances() -> None:
    world = World()
    balance = account(ASKED, world.alder, world.birch, world.crossed)
    assert (balance.exchanges, balance.applied, balance.nothing_provided, balance.crossed) == (2, 1, 1, 2)


def test_days_that_were_compared_meanwhile_are_in_both_logs_and_balance() -> None:
    world, stated = World(), frozenset({Place("alder", 10), Place("birch", 5)})
    for node, place in zip(("alder", "birch"), sorted(stated), strict=True):
        world.change(node, leaves={**getattr(world, node).leaves, place: Leaf("request", "counts")})
    with pytest.raises(DoesNotBalance):
        account(ASKED, world.alder, world.birch, world.crossed)
    world.change("birch", stated=stated)
    account(ASKED, world.alder, world.birch, world.crossed)


def lost_request(world: World) -> None:
    world.change("birch", requests=world.birch.requests[1:])


def never_ended(world: World) -> None:
    world.change("birch", requests=[(THERE, Asked.ACCEPTED), world.birch.requests[1]])


def made_by_nobody(world: World) -> None:
    world.change("alder", requests=[*world.alder.requests, (UUID(int=3), Request.CLOSED)])


def undelivered(world: World) -> None:
    one, other = world.alder.envelopes
    world.change("alder", envelopes=[replace(one, state=Outgoing.IN_FLIGHT), other])


def lost_on_the_way(world: World) -> None:
    world.change("birch", envelopes=world.birch.envelopes[1:])


def applied_twice(world: World) -> None:
    one, other = world.birch.envelopes
    world.change("birch", envelopes=[one, other, replace(one, id=UUID(int=13))])


def filed_twice(world: World) -> None:
    world.change("birch", leaves={**world.birch.leaves, Place("birch", 5): Leaf("load", "ct 11")})


def another_receipt(world: World) -> None:
    one, other = world.alder.envelopes
    world.change("alder", envelopes=[replace(one, r2="forged"), other])


def not_logged(world: World) -> None:
    world.change("alder", leaves={place: leaf for place, leaf in world.alder.leaves.items() if place.index != 3})


def left_without_an_entry(world: World) -> None:
    world.crossed["jws 14"] = Crossed(Place("alder", 10), "ct 14")


def unlogged_receipt(world: World) -> None:
    world.change("alder", leaves={place: leaf for place, leaf in world.alder.leaves.items() if place.index != 9})


def counted_otherwise(world: World) -> None:
    world.change("birch", differing=["2026-09-14"])


@pytest.mark.parametrize(
    "fault",
    [
        lost_request,
        never_ended,
        made_by_nobody,
        undelivered,
        lost_on_the_way,
        applied_twice,
        filed_twice,
        another_receipt,
        not_logged,
        left_without_an_entry,
        unlogged_receipt,
        counted_otherwise,
    ],
)
def test_what_was_lost_doubled_or_not_logged_does_not_balance(fault: Callable[[World], None]) -> None:
    world = World()
    fault(world)
    with pytest.raises(DoesNotBalance):
        account(ASKED, world.alder, world.birch, world.crossed)
