"""Ground truth: who is who. It is written apart, and no service ever reads it."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TextIO
from uuid import UUID

from node.synthetic.students import SyntheticStudent, source_id

COLUMNS = ("source_system", "source_id", "person_id", "case", "twin_of_source_id", "true_state_id", "origin", "written", "claim")


Claim = Literal["attends", "left", "never-there"]
"""Of two states that both have the child enrolled: the one in which it is in school, and the one that does not know that it left, or in
which it never was.

Where the child has left the second one too, for good, there is only the one that does not know."""


@dataclass(frozen=True)
class Truth:
    """Who a record is of."""

    source_system: str
    source_id: str
    person_id: UUID
    """The same in every record of the person."""
    case: str | None
    """The hard case (hard_cases.CASES)."""
    twin_of_source_id: str | None
    true_state_id: str
    """The id that the state meant to give."""
    origin: str
    """The naming tradition of the family (names.ORIGINS)."""
    written: tuple[str, ...] = ()
    """How a second school's record differs from the first's (spellings.SpellingRates)."""
    claim: Claim | None = None
    """What there is in it where a state claims a child that is not there, but in the other one; None: none does."""


class TruthFile:
    """A new file, one row a record."""

    def __init__(self, file: TextIO) -> None:
        self._table = csv.writer(file)
        self._table.writerow(COLUMNS)

    def add(self, one: Truth) -> None:
        """Write one row."""
        self._table.writerow(
            (
                one.source_system,
                one.source_id,
                one.person_id,
                one.case or "",
                one.twin_of_source_id or "",
                one.true_state_id,
                one.origin,
                " ".join(one.written),
                one.claim or "",
            )
        )


def write_truth(path: Path, everyone: Iterable[Truth]) -> int:
    """Write one row a record; gives how many."""
    written = 0
    with path.open("x", newline="", encoding="utf-8") as file:
        table = TruthFile(file)
        for one in everyone:
            table.add(one)
            written += 1
    return written


def truth_of(everyone: Iterable[SyntheticStudent]) -> Iterator[Truth]:
    """Of the demo's students."""
    for one in everyone:
        twin = None if one.twin_of is None else source_id(one.state, one.twin_of)
        yield Truth(one.load.source_system, one.source_id, one.person_id, one.case, twin, one.true_state_id, one.origin)
