"""The files of a profile: each state's organisations, its students in parts that one upload takes, what was signed, and the truth apart."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, Literal, Protocol

from node.synthetic.edfi_writer import EdFiPackage
from node.synthetic.oneroster_writer import OneRosterPackage, write_organisations
from node.synthetic.papers import ID_SYSTEMS, Papers
from node.synthetic.population import Population, SyntheticRecord
from node.synthetic.states import StatePlan
from node.synthetic.truth import TruthFile

Format = Literal["own", "oneroster", "ed-fi"]

STUDENTS_A_PART: Final[dict[Format, int]] = {"own": 4_000, "oneroster": 10_000, "ed-fi": 1_000}
"""A part stays below what the node takes in one upload (64 MiB, 1 GiB unpacked), and what is read of it below what a container of
docker-compose.yml has for it: of Ed-Fi half a MiB a student, since elements may come in any order."""
TRUTH: Final = "truth"


class _Part(Protocol):
    def add(self, one: SyntheticRecord) -> None: ...
    def close(self) -> None: ...


class _Lines:
    """Our own JSON, one student a line."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("x", encoding="utf-8")

    def add(self, one: SyntheticRecord) -> None:
        self._file.write(json.dumps(one.load, ensure_ascii=False, separators=(",", ":")) + "\n")

    def close(self) -> None:
        self._file.close()


def _part(format_: Format, folder: Path, number: int, state: StatePlan, as_of: date) -> _Part:
    stem = folder / f"students-{number:04d}"
    if format_ == "own":
        return _Lines(stem.with_suffix(".ndjson"))
    if format_ == "oneroster":
        return OneRosterPackage(stem.with_suffix(".zip"), state, as_of=as_of)
    return EdFiPackage(stem.with_suffix(".zip"), state, as_of=as_of)


class _Parts:
    """A state's records, in parts of so many students."""

    def __init__(self, open_part: Callable[[int], _Part], a_part: int) -> None:
        self._open_part, self._a_part = open_part, a_part
        self._part: _Part | None = None
        self.students = self.count = 0

    def add(self, one: SyntheticRecord) -> None:
        part = self._part
        if part is None or self.students % self._a_part == 0:
            self.close()
            self.count += 1
            part = self._part = self._open_part(self.count)
        part.add(one)
        self.students += 1

    def close(self) -> None:
        """The last part, if there is one."""
        if self._part is not None:
            self._part.close()
            self._part = None


@dataclass(frozen=True)
class Written:
    """What was written of a state."""

    state: StatePlan
    students: int
    parts: int


def write_profile(
    folder: Path, population: Population, format_: Format, *, progress: Callable[[StatePlan, int], None], a_part: int = 0
) -> Iterator[Written]:
    """Write both states into a new folder, one after the other.

    progress  is told how many records of a state there are so far
    a_part    students of a part, where another number than STUDENTS_A_PART is wanted

    Raises FileExistsError.
    """
    folder.mkdir(parents=True)
    (folder / TRUTH).mkdir()
    for state in population.states:
        yield _write_state(folder, population, state, format_, a_part=a_part or STUDENTS_A_PART[format_], progress=progress)


def _write_state(
    folder: Path, population: Population, state: StatePlan, format_: Format, *, a_part: int, progress: Callable[[StatePlan, int], None]
) -> Written:
    name, as_of = state.name.casefold(), population.calendar.as_of
    own = folder / name
    own.mkdir()
    write_organisations(own / "organisations", state)
    parts = _Parts(lambda number: _part(format_, own, number, state, as_of), a_part)
    papers = Papers(
        own,
        folder / TRUTH / f"{name}-papers.csv",
        state,
        as_of=as_of,
        seed=population.seed,
        rates=population.rates,
        system=ID_SYSTEMS[format_],
    )
    with (folder / TRUTH / f"{name}.csv").open("x", newline="", encoding="utf-8") as file:
        truth = TruthFile(file)
        for one in population.records(state):
            parts.add(one)
            truth.add(one.truth)
            papers.add(one)
            progress(state, parts.students)
    parts.close()
    papers.close()
    return Written(state, parts.students, parts.count)
