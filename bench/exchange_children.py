"""The children whose records are exchanged in a measurement: ordinary ones, no two of whom could be taken for one another."""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from uuid import UUID

from node.demo.seats import MOVER_DISTRICT
from node.folder import NodeFolder
from node.synthetic import ALDER, SyntheticStudent, students
from shared.clock import system_clock

BYTES = 10_000


class TooFewChildren(ValueError):
    """The generator gave fewer that differ than are measured."""


def organisations_of(node: NodeFolder) -> dict[str, UUID]:
    """The ids of a demo node's organisations, by their keys in the plan."""
    file = node.path / "clients" / "organisations.json"
    return {key: UUID(value) for key, value in json.loads(file.read_text()).items()}


def children_of(alder: NodeFolder, count: int) -> list[SyntheticStudent]:
    """Ordinary students of the district whose client loads them. Raises TooFewChildren."""
    ids = organisations_of(alder)
    every = students(ALDER, as_of=system_clock().date(), count=20 * count, size_bytes=BYTES)
    found = list(islice(told_apart(one for one in every if ids[one.district.key] == ids[MOVER_DISTRICT]), count))
    if len(found) < count:
        raise TooFewChildren(str(len(found)))
    return found


def told_apart(every: Iterable[SyntheticStudent]) -> Iterator[SyntheticStudent]:
    """Those who are no hard case, and not born on the day of one before them, be it with month and day exchanged.

    Of two who are near each other the second one's exchange would wait at the receiver, which has the first by then, until a person has
    said whether they are one child: as it should, and for ever in a measurement.
    """
    days = set[tuple[int, ...]]()
    for one in every:
        born = one.selector.birth_date
        day = (born.year, *sorted((born.month, born.day)))
        if one.case is None and one.twin_of is None and day not in days:
            days.add(day)
            yield one
