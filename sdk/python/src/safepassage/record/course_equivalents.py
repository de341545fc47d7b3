"""Which of a school's own courses a course of another school may be equivalent to: a proposal, on grounds that are told, and never more.

The source's codes and titles stay as they are, whatever the catalogue says, and a course of which there is no equivalent is as good as any
other: nothing that is read has to resolve. Whoever places the student decides. Pure, and without a network.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from safepassage.record.academics import Academics, Course

Ground = Literal["same-sced-code", "same-competency", "same-title"]
GROUNDS: Final[tuple[Ground, ...]] = ("same-sced-code", "same-competency", "same-title")
"""The strongest first."""
Where = Literal["transcript", "current_courses"]

_ROMAN: Final = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6"}


@dataclass(frozen=True)
class Proposal:
    """One of the school's own courses, and why."""

    offered: Course
    grounds: tuple[Ground, ...]
    """At least one, the strongest first."""


@dataclass(frozen=True)
class Proposed:
    """A course of the record as its source has it, and what is proposed for it: nothing, where nothing is known."""

    where: Where
    place: int
    """In that list of the record, from 0."""
    taken: Course
    proposals: tuple[Proposal, ...]


def propose_equivalents(academics: Academics, catalogue: Iterable[Course]) -> tuple[Proposed, ...]:
    """For each course of a record, in its order, those of `catalogue` that may be equivalent, the strongest grounds first."""
    offered = tuple(catalogue)
    taken: list[tuple[Where, int, Course]] = [("transcript", place, one.course) for place, one in enumerate(academics.transcript or ())]
    taken += [("current_courses", place, one.course) for place, one in enumerate(academics.current_courses or ())]
    return tuple(Proposed(where, place, course, proposals_for(course, offered)) for where, place, course in taken)


def proposals_for(taken: Course, catalogue: Iterable[Course]) -> tuple[Proposal, ...]:
    """The courses of `catalogue` that may be equivalent to one. Those on equal grounds stay in the catalogue's order."""
    found = [Proposal(one, grounds) for one in catalogue if (grounds := grounds_between(taken, one))]
    return tuple(sorted(found, key=lambda one: [ground not in one.grounds for ground in GROUNDS]))


def grounds_between(taken: Course, offered: Course) -> tuple[Ground, ...]:
    """Why two courses may be equivalent; empty where nothing says so.

    INVARIANT: a title is no ground against SCED: courses of one title and of two subject areas are two courses.
    """
    if taken.sced_code is not None and offered.sced_code is not None and taken.sced_code[:2] != offered.sced_code[:2]:
        return ()
    holds: dict[Ground, bool] = {
        "same-sced-code": taken.sced_code is not None and taken.sced_code == offered.sced_code,
        "same-competency": not _competencies(taken).isdisjoint(_competencies(offered)),
        "same-title": bool(title_form(taken.title)) and title_form(taken.title) == title_form(offered.title),
    }
    return tuple(ground for ground in GROUNDS if holds[ground])


def title_form(title: str) -> str:
    """A title by its words: without marks, case and punctuation, and with I to VI as numbers (`Álgebra II` as `algebra 2`)."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", title.casefold()) if not unicodedata.combining(one))
    return " ".join(_ROMAN.get(word, word) for word in re.findall(r"\w+", plain))


def _competencies(course: Course) -> frozenset[str]:
    return frozenset(one.uri for one in course.competencies or ())
