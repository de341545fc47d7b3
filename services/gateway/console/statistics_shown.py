"""A statistic as rows, bars and the gaps between its groups. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

from safepassage.wire_statistics import Cell, Estimate, Measure, StatisticsAnswer, StatisticsQuestion
from services.gateway.console.charts.bars import shares
from services.gateway.console.sorting import Key
from services.gateway.console.statistics_words import DIMENSIONS, GROUPS, MEASURES, POPULATIONS
from services.gateway.console.whole_tables import Filter, WholeTable
from services.gateway.console.words import word
from shared.word_order import in_words

Say = Callable[[str], str]

TWO_DEVIATIONS: Final = 2.0
"""Of noise: in nineteen of twenty answers it makes less."""


@dataclass(frozen=True)
class Figure:
    """A number beside its bar; not told where `text` is None."""

    text: str | None
    width: str


@dataclass(frozen=True)
class Row:
    """A group."""

    cell: Cell
    words: tuple[str, ...]
    as_sorted: tuple[str, ...]
    """Of each word what is compared."""
    students: Figure
    measures: tuple[Figure, ...]


def _word(place: int) -> Key:
    return lambda row: row.as_sorted[place] if place < len(row.cell.words) else None


def _rate_of(place: int) -> Key:
    return lambda row: told[0].rate if (told := (row.cell.measures or ())[place : place + 1]) else None


def _choice(place: int) -> Callable[[Row, Say], Iterable[tuple[str, str]]]:
    return lambda row, _: [(row.cell.words[place], row.words[place])] if place < len(row.cell.words) else []


def _told(row: Row, translate: Say) -> list[tuple[str, str]]:
    code = "no" if row.cell.students is None else "yes"
    return [(code, translate(TOLD[code]))]


TOLD: Final = {"yes": word("Told"), "no": word("Too small to be told")}

GROUPS_BY: Final = WholeTable(
    "groups",
    {
        "": None,
        "group-1": _word(0),
        "group-2": _word(1),
        "-students": lambda row: row.cell.students,
        **{f"-measure-{place + 1}": _rate_of(place) for place in range(4)},
    },
    filters={
        "group-1": Filter(word("By"), _choice(0)),
        "group-2": Filter(word("And by"), _choice(1)),
        "told": Filter(
            word("Number of students"), lambda row, _: [(code := "no" if row.cell.students is None else "yes", _(TOLD[code]))], TOLD
        ),
    },
    file={},
    region="#groups",
    is_first=True,
)
"""By one of the words of a group (two at the most), its number of students, or one of the measures (four); those that are not told come
last, so that none is known by its place."""


def file_of(answer: StatisticsAnswer, rows: Sequence[Row]) -> tuple[tuple[str, ...], list[dict[str, object]]]:
    """Columns and lines: codes of the groups, then the numbers that are told."""
    question, parts = answer.question, ("yes", "known", "rate")
    columns = (*question.by, "students", *(f"{measure}.{part}" for measure in question.measures for part in parts))
    lines: list[dict[str, object]] = []
    for row in rows:
        line: dict[str, object] = {**dict.fromkeys(columns), **dict(zip(question.by, row.cell.words, strict=True))}
        line["students"] = row.cell.students
        for measure, told in zip(question.measures, row.cell.measures or (), strict=False):
            line |= {f"{measure}.{part}": getattr(told, part) for part in parts}
        lines.append(line)
    return columns, lines


@dataclass(frozen=True)
class Gap:
    """Between the groups that have most and least of a measure."""

    measure: str
    highest: str
    lowest: str
    points: float
    """Percentage points."""
    noise: float
    """Points that noise alone could make of it, or take from it."""

    @property
    def is_told(self) -> bool:
        """Whether it is more than what noise could have made."""
        return self.points > self.noise


def title_of(question: StatisticsQuestion, _: Say) -> str:
    """ "Students enrolled, by grade and sex"."""
    by = [_(DIMENSIONS[one]) for one in question.by]
    named = _(POPULATIONS[question.population])
    if not by:
        return named
    return _("%(who)s, by: %(groups)s") % {"who": named, "groups": ", ".join(by)}


def _as_sorted(code: str, districts: Mapping[str, str], _: Say) -> str:
    """Grades by their number, those before the first in front; everything else by its name."""
    if code in ("pk", "kg"):
        return "" if code == "pk" else "0"
    if code in districts:
        return in_words(districts[code])
    return in_words(_(GROUPS[code])) if code in GROUPS else code.zfill(2)


def rows_of(answer: StatisticsAnswer, number: Callable[[float], str], percent: Callable[[float], str], _: Say) -> list[Row]:
    """Each group with its numbers; what is not told has no bar."""
    widths = iter(shares([cell.students or 0 for cell in answer.cells]))
    return [
        Row(
            cell=cell,
            words=words_of(cell, answer.districts, _),
            as_sorted=tuple(_as_sorted(code, answer.districts, _) for code in cell.words),
            students=Figure(None if cell.students is None else number(cell.students), next(widths)),
            measures=tuple(_rate(one, percent) for one in cell.measures or [None] * len(answer.question.measures)),
        )
        for cell in answer.cells
    ]


def _rate(one: Estimate | None, percent: Callable[[float], str]) -> Figure:
    if one is None or one.rate is None:
        return Figure(None, "0%")
    return Figure(percent(one.rate), f"{100 * one.rate:.1f}%")


def words_of(cell: Cell, districts: Mapping[str, str], _: Say) -> tuple[str, ...]:
    """What a group is called."""
    if not cell.words:
        return (_("All"),)
    return tuple(
        districts.get(one) or (_(GROUPS[one]) if one in GROUPS else _("Grade %(n)s") % {"n": one.lstrip("0")}) for one in cell.words
    )


def gaps_of(answer: StatisticsAnswer, _: Say) -> list[Gap]:
    """Of each measure, the largest gap first; none of a measure that fewer than two groups were told of."""
    gaps = []
    for place, measure in enumerate(answer.question.measures):
        told = [
            (cell, cell.measures[place]) for cell in answer.cells if cell.measures is not None and cell.measures[place].rate is not None
        ]
        if len(told) > 1:
            gaps.append(_gap(measure, told, answer, _))
    return sorted(gaps, key=lambda gap: -gap.points)


def _gap(measure: Measure, told: Sequence[tuple[Cell, Estimate]], answer: StatisticsAnswer, _: Say) -> Gap:
    low, high = (choose(told, key=lambda one: one[1].rate or 0.0) for choose in (min, max))
    highest, lowest = (", ".join(words_of(cell, answer.districts, _)) for cell, _estimate in (high, low))
    spread = sqrt(sum(_deviation(estimate, answer.noise) ** 2 for _cell, estimate in (high, low)))
    points = 100 * ((high[1].rate or 0.0) - (low[1].rate or 0.0))
    return Gap(_(MEASURES[measure]), highest, lowest, points, 100 * TWO_DEVIATIONS * spread)


def _deviation(one: Estimate, noise: float) -> float:
    """Of a rate whose two counts each have noise: to first order."""
    return noise * sqrt(1 + (one.rate or 0.0) ** 2) / max(one.known, 1)
