"""How well the matcher tells children apart on a standard set of hard cases: precision and recall, measured on the code that runs. Pure.

The set is data (`matching_cases.json`): a small population with twins, cousins and namesakes, and requests for children of it and for
strangers, each with who it is. It says how the comparison decides; that the search finds whom to compare is shown by the store's tests.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from safepassage.wire_exchange import PersonSelector
from services.records.matching import Certain, NeedsPerson, match
from services.records.matching_person import Candidate
from services.records.normalisation import given_name, identifier_form, suffix_form, surname_forms

CASES: Final = Path(__file__).with_name("matching_cases.json")


@dataclass(frozen=True)
class Case:
    """A request, and whose record it is for; None: nobody's here."""

    name: str
    asked: PersonSelector
    truth: UUID | None


@dataclass(frozen=True)
class Quality:
    """How the set came out."""

    cases: int
    right: int
    """Certain, and the child."""
    wrong: int
    """Certain, and another child: a record that went to strangers."""
    before_a_person: int
    """Not certain; the child is among those whom a person is shown."""
    missed: int
    """The child is here and was not found."""

    @property
    def precision_percent(self) -> int:
        """Of what was certain, rounded down."""
        certain = self.right + self.wrong
        return self.right * 100 // certain if certain else 100

    @property
    def recall_percent(self) -> int:
        """Of children who are here: found for certain, or put before a person; rounded down."""
        here = self.right + self.wrong + self.before_a_person + self.missed
        return (self.right + self.before_a_person) * 100 // here if here else 100


def standard_set() -> tuple[tuple[Candidate, ...], tuple[Case, ...]]:
    """The population and the cases."""
    said = json.loads(CASES.read_text())
    population = {key: _candidate(number, one) for number, (key, one) in enumerate(said["population"].items(), 1)}
    cases = tuple(
        Case(one["name"], PersonSelector.model_validate(one["asked"]), None if one["is"] is None else population[one["is"]].student_id)
        for one in said["cases"]
    )
    return tuple(population.values()), cases


def quality_on(population: Sequence[Candidate], cases: Sequence[Case]) -> Quality:
    """Run the matcher on a set."""
    counts = {"right": 0, "wrong": 0, "before_a_person": 0, "missed": 0}
    for case in cases:
        outcome = match(case.asked, population)
        if isinstance(outcome, Certain):
            counts["right" if outcome.student_id == case.truth else "wrong"] += 1
        elif case.truth is not None:
            shown = isinstance(outcome, NeedsPerson) and case.truth in outcome.student_ids
            counts["before_a_person" if shown else "missed"] += 1
    return Quality(cases=len(cases), **counts)


@cache
def matching_quality() -> Quality:
    """Of this version of the matcher on the standard set; run once by each process."""
    return quality_on(*standard_set())


def _candidate(number: int, one: Mapping[str, Any]) -> Candidate:
    schools = frozenset(one.get("schools", ()))
    return Candidate(
        student_id=UUID(int=number),
        given=frozenset(form for name in one["given"] if (form := given_name(name)) is not None),
        middle=given_name(one.get("middle")),
        surnames=frozenset().union(*(surname_forms(name) for name in one["surnames"])),
        suffix=suffix_form(one["suffix"]) if "suffix" in one else None,
        birth_date=date.fromisoformat(one["born"]),
        multiple_birth=one.get("multiple_birth", False),
        state_ids=frozenset(form for value in one.get("state_ids", ()) if (form := identifier_form(value)) is not None),
        schools=schools,
        districts=frozenset(school[:7] for school in schools),
        guardian_surnames=frozenset().union(*(surname_forms(name) for name in one.get("guardians", ()))),
        household=frozenset(one.get("household", ())),
    )
