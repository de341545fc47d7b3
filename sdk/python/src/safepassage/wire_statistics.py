"""Statistics: counts and rates of students by group, with noise that hides every single student (differential privacy).

The vocabulary is closed: what can be asked is what is here, so that no question can be made about one child. A table has a cell for every
combination of its words, whether anybody is in it or not: that a cell is there tells nothing.
"""

from collections.abc import Sequence
from datetime import date
from itertools import product
from math import sqrt
from types import MappingProxyType
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from safepassage.wire import Instant, Wire

Population = Literal["enrolled", "left"]
"""enrolled: enrolled on the day of the question. left: whose last enrolment here ended within the 365 days before."""

Dimension = Literal[
    "district",
    "grade",
    "sex",
    "race-ethnicity",
    "english-learner",
    "disability",
    "homeless",
    "foster",
    "migrant",
    "low-income",
    "military-connected",
    "arrived-from",
    "left-for",
]

Measure = Literal[
    "gifted", "title-i", "advanced-course", "chronically-absent", "disciplined", "proficient-mathematics", "proficient-english"
]
"""Access (gifted, title-i, advanced-course), attendance, discipline, achievement; docs/statistics.md says how each is found."""

_STATES: Final = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX "
    "UT VT VA WA WV WI WY AS GU MP PR VI XA XB"
)
"""Postal codes; XA and XB are the two invented states."""

WORDS: Final = MappingProxyType[Dimension, tuple[str, ...]](
    {
        "grade": ("not-said", "pk", "kg", *(f"{number:02d}" for number in range(1, 13)), "other"),
        "sex": ("not-said", "female", "male", "other"),
        "race-ethnicity": (
            "not-said",
            "hispanic",
            "american-indian",
            "asian",
            "black",
            "pacific-islander",
            "white",
            "two-or-more",
        ),
        "english-learner": ("no", "yes"),
        "disability": ("none-known", "idea", "section-504"),
        "homeless": ("no", "yes"),
        "foster": ("no", "yes"),
        "migrant": ("no", "yes"),
        "low-income": ("no", "yes"),
        "military-connected": ("no", "yes"),
        "arrived-from": ("not-said", "this-state", "another-state", *_STATES.lower().split()),
        "left-for": ("not-said", "this-state", "another-state", "finished-or-other"),
    }
)
"""What a dimension can say, `district` apart: its words are the ids of the districts that the caller sees."""

SAID_BY_WHAT_IS_KEPT: Final[frozenset[Dimension]] = frozenset({"district", "grade", "sex", "arrived-from", "left-for"})
"""Dimensions that are told by what a node has of every student, also where the district keeps the record itself: docs/ed-fi.md."""

LARGEST_TABLE: Final = 7_500
"""Cells."""


class StatisticsQuestion(Wire):
    """`POST /v1/statistics`: a table of how many students, and of whom how many, by up to three dimensions."""

    population: Population = "enrolled"
    by: Annotated[tuple[Dimension, ...], Field(max_length=3)] = ()
    """Without one the table is of one cell."""
    measures: Annotated[tuple[Measure, ...], Field(max_length=4)] = ()
    epsilon: Annotated[float, Field(ge=0.01, le=2.0)] = 0.5
    """What the answer may tell of one student at most, taken from the organisation's budget. More of it, less noise."""

    @property
    def needs_whole_records(self) -> bool:
        """Whether it asks more than what finds a child."""
        return bool(self.measures) or not set(self.by) <= SAID_BY_WHAT_IS_KEPT

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.by)) != len(self.by) or len(set(self.measures)) != len(self.measures):
            raise ValueError("each dimension and each measure once")
        return self


class Estimate(Wire):
    """How many students, with the noise of the answer. Never negative: that tells nothing more."""

    yes: Annotated[int, Field(ge=0)]
    """Of whom the measure is true."""
    known: Annotated[int, Field(ge=0)]
    """Of whom it is known at all: the rate is of these."""
    rate: Annotated[float, Field(ge=0, le=1)] | None = None
    """yes / known. None where `known` is below the smallest group, or so small that the noise could make any rate."""


class Cell(Wire):
    """One group."""

    words: tuple[str, ...]
    """A word for each dimension of the question, in its order."""
    students: Annotated[int, Field(ge=0)] | None
    """None where the noisy count is below the smallest group."""
    measures: tuple[Estimate, ...] | None
    """In the order of the question; None with `students`."""


class StatisticsAnswer(Wire):
    """A table. The same question of the same organisation is given the same answer until `again_on`, at no cost."""

    id: UUID
    node: str
    """Entity id of the node whose students these are."""
    question: StatisticsQuestion
    as_of: date
    made_at: Instant
    again_on: date
    """From this day on the same question is answered anew, and costs again."""
    smallest_group: Annotated[int, Field(ge=1)]
    noise: Annotated[float, Field(gt=0)]
    """Standard deviation of the noise of each count."""
    districts: dict[str, str] = Field(default_factory=dict)
    """Names of the districts among the words."""
    not_full: dict[str, str] = Field(default_factory=dict)
    """Districts that keep their students' records in their own systems, by id, with their names, where the question needs more of a student
    than the node has: these students are counted, as of whom nothing more is known."""
    cells: tuple[Cell, ...]


class KeptStatistics(Wire):
    """An answer that was given, without its numbers."""

    id: UUID
    question: StatisticsQuestion
    as_of: date
    made_at: Instant
    again_on: date


class KeptStatisticsList(Wire):
    """`GET /v1/statistics`: the newest first, a hundred at the most."""

    answers: tuple[KeptStatistics, ...]


class StatisticsBudget(Wire):
    """`GET /v1/statistics-budget`: what the caller's organisation may still ask in this school year."""

    school_year: Annotated[int, Field(ge=1950, le=2100)]
    """The year in which it ends; it begins on 1 July."""
    epsilon: float
    """Of the whole year."""
    spent: float
    left: float


class StatisticsAcrossNodes(Wire):
    """One table of several nodes' answers to one question: made by who asked them, of the noisy numbers alone."""

    question: StatisticsQuestion
    nodes: tuple[str, ...]
    as_of: date
    """The oldest of the answers' days."""
    noise: float
    """Standard deviation of the noise of each count that every node told."""
    cells: tuple[Cell, ...]
    not_full: dict[str, str] = Field(default_factory=dict)
    """As of each node's answer, by `<entity id>#<id>`."""
    not_told: tuple[tuple[str, ...], ...]
    """Groups that at least one node did not tell, for they are small there: their sums are left out."""


class NotOneQuestion(ValueError):
    """The answers are not to one question, or two are of one node."""


def across_nodes(answers: Sequence[StatisticsAnswer]) -> StatisticsAcrossNodes:
    """Sum the answers of several nodes to one question. What a node did not tell is in no sum. Raises NotOneQuestion.

    Tables by district keep each node's districts apart, as `<entity id>#<id>`. Noise of different nodes is independent: variances add.
    Rates are made of the sums.
    """
    if not answers or len({one.node for one in answers}) != len(answers):
        raise NotOneQuestion("one answer of each node")
    question = answers[0].question
    if any(one.question != question for one in answers):
        raise NotOneQuestion("answers to one question")
    by_words: dict[tuple[str, ...], list[Cell]] = {}
    place = question.by.index("district") if "district" in question.by else None
    for one in answers:
        for cell in one.cells:
            by_words.setdefault(_apart(cell.words, place, one.node), []).append(cell)
    noise = sqrt(sum(one.noise**2 for one in answers))
    smallest = max(one.smallest_group for one in answers)
    told, hidden = [], []
    for words, cells in by_words.items():
        students = [cell.students for cell in cells if cell.students is not None]
        parts = [cell.measures for cell in cells if cell.measures is not None]
        if len(students) < len(cells):
            hidden.append(words)
            continue
        sums = tuple(estimate(sum(p.yes for p in of), sum(p.known for p in of), smallest, noise) for of in zip(*parts, strict=True))
        told.append(Cell(words=words, students=sum(students), measures=sums))
    return StatisticsAcrossNodes(
        question=question,
        nodes=tuple(one.node for one in answers),
        as_of=min(one.as_of for one in answers),
        noise=noise,
        cells=tuple(told),
        not_full={f"{one.node}#{district}": name for one in answers for district, name in one.not_full.items()},
        not_told=tuple(hidden),
    )


def _apart(words: tuple[str, ...], place: int | None, node: str) -> tuple[str, ...]:
    return words if place is None else (*words[:place], f"{node}#{words[place]}", *words[place + 1 :])


def estimate(yes: int, known: int, smallest_group: int, noise: float) -> Estimate:
    """An estimate of noisy counts. Made of them alone, so it tells no more than they do.

    No rate where `known` is below the smallest group or four standard deviations of the noise.
    """
    yes, known = max(yes, 0), max(known, 0)
    if known < max(smallest_group, 4 * noise):
        return Estimate(yes=yes, known=known)
    return Estimate(yes=yes, known=known, rate=round(min(yes / known, 1.0), 4))


def groups_of(question: StatisticsQuestion, districts: Sequence[str]) -> list[tuple[str, ...]]:
    """Every group of the question's table, in order."""
    return list(product(*(tuple(districts) if one == "district" else WORDS[one] for one in question.by)))
