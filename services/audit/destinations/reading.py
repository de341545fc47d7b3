"""What comes next for a destination: the published entries behind its cursor, of the classes that it gets.

# INVARIANT: nothing is sent that no published checkpoint covers, so that whoever gets it can have it proven.
"""

import asyncio
from typing import Final, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.wire_destinations import DeliveredEntry
from services.audit.destinations.configuration import Configuration
from services.audit.destinations.doors import Batch
from services.audit.destinations.told import told_entry
from services.audit.openings import Place, open_entries
from services.audit.subject_keys import SubjectKeys
from services.audit.tables import CheckpointRow, LogDestinationRow, LogRow

LOOKED_AT_ONCE: Final = 64
"""Then others get their turn: to open so many takes some 20 ms."""
MOST_LOOKED_AT: Final = 5_000
"""Entries of one step: of a rare class a step may find none, and the next one goes on."""


class Lane(NamedTuple):
    """One of the two cursors of a destination: what is new, and what is sent again."""

    name: str
    """`live` or `replay`."""
    at: Place
    until: int | None
    """Where the batch ends that is on its way."""
    end: Place | None
    """Where the lane ends; the live one never does."""


class Step(NamedTuple):
    """The entries that a lane looks at next, and what of them is sent."""

    lane: Lane
    """As it was read."""
    start: Place
    end: Place
    """Where the lane is afterwards."""
    batch: Batch | None
    """None where the destination gets none of them."""

    @property
    def is_last(self) -> bool:
        """The lane ends here."""
        return self.lane.end is not None and self.end >= self.lane.end


def lanes_of(row: LogDestinationRow) -> list[Lane]:
    """The live one first."""
    lanes = [Lane("live", Place(row.log, row.at), row.until, None)]
    if row.replay_log is not None and row.replay_at is not None and row.replay_end_log is not None and row.replay_end_at is not None:
        end = Place(row.replay_end_log, row.replay_end_at)
        lanes.append(Lane("replay", Place(row.replay_log, row.replay_at), row.replay_until, end))
    return lanes


async def published_sizes(tx: AsyncSession) -> dict[int, int]:
    """By year, how many entries of each log a published checkpoint covers; in the order of the years."""
    years = (await tx.scalars(select(LogRow.year).order_by(LogRow.year))).all()
    # one question a log, each answered at the end of its index: a log has millions of checkpoints
    return {year: await tx.scalar(select(func.max(CheckpointRow.size)).where(CheckpointRow.log == year)) or 0 for year in years}


def onward(place: Place, sizes: dict[int, int]) -> Place:
    """The same place; at the end of a log that another one follows, the beginning of that one."""
    later = [year for year in sizes if year > place.log]
    # the log of a year is published to its end before the next one is opened (services.audit.shards)
    return Place(later[0], 0) if later and place.at >= sizes.get(place.log, 0) else place


async def next_step(tx: AsyncSession, keys: SubjectKeys, lane: Lane, configuration: Configuration, *, entity_id: str) -> Step | None:
    """What the lane does next; None where there is nothing."""
    sizes = await published_sizes(tx)
    at = lane.at if lane.until is not None else onward(lane.at, sizes)
    size = sizes.get(at.log, 0)
    if lane.end is not None and at.log >= lane.end.log:
        size = min(size, lane.end.at) if at.log == lane.end.log else 0
    last = min(size, at.at + MOST_LOOKED_AT) if lane.until is None else lane.until
    if at.at >= last:
        return Step(lane, lane.at, at, None) if lane.end is not None and at >= lane.end else None
    origin = (await tx.get_one(LogRow, at.log)).origin
    looked, told = at.at, list[DeliveredEntry]()
    while looked < last and len(told) < configuration.batch_entries:
        room = configuration.batch_entries - len(told)
        upto = min(last, looked + (LOOKED_AT_ONCE if configuration.classes else min(room, LOOKED_AT_ONCE)))
        places = [Place(at.log, index) for index in range(looked, upto)]
        # of students nothing is opened: what is told of an entry lies in its first part
        found = await open_entries(tx, keys, places, tags=(), classes=configuration.classes)
        told += [told_entry(entry, entity_id=entity_id) for entry in found[:room]]
        looked = found[room - 1].place.at + 1 if len(found) >= room else upto
        await asyncio.sleep(0)
    end = Place(at.log, looked if lane.until is None else lane.until)
    return Step(lane, at, end, Batch(origin, at.at, end.at, told) if told else None)
