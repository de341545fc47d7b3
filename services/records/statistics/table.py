"""Exact counts → the table that is told: noise first, everything else after it, of the noisy numbers alone. Pure but for the noise."""

from collections.abc import Mapping, Sequence

from safepassage.problems.statistics import TableTooLarge
from safepassage.wire_statistics import LARGEST_TABLE, Cell, StatisticsQuestion, estimate, groups_of
from services.records.statistics.counting import Counted
from services.records.statistics.noise import deviation_of, noisy


def size_of(question: StatisticsQuestion, districts: int) -> int:
    """Cells of the table. Raises TableTooLarge."""
    cells = 1
    for one in question.by:
        cells *= districts if one == "district" else len(groups_of(StatisticsQuestion(by=(one,)), ()))
    if cells > LARGEST_TABLE:
        raise TableTooLarge(field="by")
    return cells


def told(
    counted: Mapping[tuple[str, ...], Counted], question: StatisticsQuestion, districts: Sequence[str], *, smallest_group: int
) -> tuple[Cell, ...]:
    """Every cell, also those in which nobody is.

    # INVARIANT: nothing here but `noisy` sees an exact number, so whatever is made of its result tells nothing more of a student.
    """
    groups = groups_of(question, districts)
    nobody = Counted(0, ((0, 0),) * len(question.measures))
    exact = [number for group in groups for number in _flat(counted.get(group, nobody))]
    numbers, deviation = noisy(exact, question), deviation_of(question)
    each = 1 + 2 * len(question.measures)
    cells = []
    for place, group in enumerate(groups):
        students, *rest = numbers[place * each : (place + 1) * each]
        if students < smallest_group:
            cells.append(Cell(words=group, students=None, measures=None))
            continue
        pairs = zip(rest[::2], rest[1::2], strict=True)
        cells.append(
            Cell(words=group, students=students, measures=tuple(estimate(yes, known, smallest_group, deviation) for yes, known in pairs))
        )
    return tuple(cells)


def _flat(one: Counted) -> list[int]:
    return [one.students, *(number for pair in one.measures for number in pair)]
