"""Two states that claim one child: the truth knows, the records look like any others, and nothing else moves."""

import json
from collections import Counter
from dataclasses import replace
from functools import cache
from math import sqrt
from typing import Any

import pytest

from node.synthetic.details import THINGS
from node.synthetic.population import Population, SyntheticRecord
from node.synthetic.profiles import PROFILES
from node.synthetic.rates import DEFAULT
from node.synthetic.schooling import level_of
from node.synthetic.states import organisations
from safepassage.record.loads import NewStudent
from tests.synthetic.claimed import DAY, holds, stays

MOVING = replace(DEFAULT, interstate=0.3, leaving=0.02, twins=0.1)
COUNT = 250

LEVELS_OF_SCHOOLS = {one.nces_id: one.level for state in PROFILES["demo"].states() for one in organisations(state)}

Pair = tuple[SyntheticRecord, SyntheticRecord]


@cache
def made(share: float, *, with_things: bool = True) -> tuple[SyntheticRecord, ...]:
    """Both states' records, where so many of those who moved are claimed still."""
    details = {} if with_things else {thing.name: 0.0 for thing in THINGS}
    rates = replace(MOVING, still_claimed=share, details=details)
    population = Population(PROFILES["demo"], as_of=DAY, rates=rates, students=COUNT)
    return tuple(one for state in population.states for one in population.records(state))


def pairs() -> list[Pair]:
    """The record of the state that the child left, and of the one in which it is in school."""
    left = {one.truth.person_id: one for one in made(1.0) if one.truth.claim == "left"}
    return [(left[one.truth.person_id], one) for one in made(1.0) if one.truth.claim == "attends"]


def test_both_states_have_the_child_enrolled_and_the_truth_alone_knows_where_it_is() -> None:
    assert len(pairs()) > 20
    for left, attends in pairs():
        there, here = stays(left)[0], stays(attends)[0]
        assert "exit_date" not in there
        assert "exit_date" not in here
        assert there["school"]["state"] != here["school"]["state"]
        assert there["school_year"] == here["school_year"] == 2027
        assert there["entry_date"] <= here["entry_date"]
        assert left.truth.source_system != attends.truth.source_system
        for one in (left, attends):
            assert "current_courses" in one.document["academics"]
            assert not any(word in json.dumps(one.load) for word in ('"claim"', '"attends"', str(one.truth.person_id)))
            NewStudent.model_validate(one.load)
    claims = Counter(one.truth.person_id for one in made(1.0) if one.truth.claim)
    assert set(claims.values()) == {1, 2}, "who left the second state for good is claimed by the first alone"
    open_in = {
        person: {one.truth.source_system for one in made(1.0) if one.truth.person_id == person and "exit_date" not in stays(one)[0]}
        for person in (one.truth.person_id for _, one in pairs())
    }
    assert {len(systems) for systems in open_in.values()} == {2}
    enrolled = {(one.truth.person_id, one.truth.source_system) for one in made(0.0) if "exit_date" not in stays(one)[0]}
    everyone = Counter(person for person, _ in enrolled)
    assert set(everyone.values()) == {1}, "without such claims nobody is in school in two states"


def test_a_child_counted_again_in_the_summer_never_came_and_one_that_left_in_the_year_was_there() -> None:
    kinds = Counter[str]()
    for left, attends in pairs():
        there, before = stays(left)[0], [stay["school_year"] for stay in stays(left)[1:]]
        counted = [one["school_year"] for one in left.document["attendance"]["summary"]]
        courses = left.document["academics"]["current_courses"]
        if 2027 in counted:
            kinds["left in the year"] += 1
            assert there["entry_date"] < stays(attends)[0]["entry_date"]
            assert all("mark" in one for one in courses)
        else:
            kinds["never came"] += 1
            assert before[0] == 2026
            assert there["entry_date"] == "2026-08-24" == stays(attends)[0]["entry_date"]
            assert not any({"mark", "percentage"} & one.keys() for one in courses)
            grades = [0 if stay["grade"]["code"] == "KG" else int(stay["grade"]["code"]) for stay in stays(left)[:2]]
            assert grades[0] == grades[1] + 1
            assert there["school"] == stays(left)[1]["school"]
            assert level_of(grades[0]) == LEVELS_OF_SCHOOLS[there["school"]["nces_id"]]
    assert min(kinds["left in the year"], kinds["never came"]) > 5


def test_nothing_else_of_any_record_moves() -> None:
    for before, after in zip(made(0.0, with_things=False), made(1.0, with_things=False), strict=True):
        assert replace(before.truth, claim=None) == replace(after.truth, claim=None)
        if after.truth.claim != "left":
            assert before.load == after.load
            continue
        assert _rest(before) == _rest(after)
        assert before.document["enrollment"]["enrollments"] != after.document["enrollment"]["enrollments"]
    for before, after in zip(made(0.0), made(1.0), strict=True):
        assert (before.load == after.load) is (after.truth.claim != "left")


def _rest(one: SyntheticRecord) -> dict[str, Any]:
    record = json.loads(json.dumps(one.document))
    del record["enrollment"]["enrollments"]
    record.get("academics", {}).pop("current_courses", None)
    return {name: section for name, section in record.items() if section}


def test_twins_are_claimed_together() -> None:
    by_id = {one.source_id: one for one in made(0.5)}
    claimed = [one for one in by_id.values() if one.truth.claim == "left" and one.truth.twin_of_source_id is not None]
    assert len(claimed) > 4
    assert all(by_id[str(one.truth.twin_of_source_id)].truth.claim == "left" for one in claimed)


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_it_is_as_often_as_is_asked(share: float) -> None:
    may, are = (sum(one.truth.claim == "left" for one in made(asked)) for asked in (1.0, share))
    assert abs(are - share * may) <= 4 * sqrt(may * share * (1 - share))


def test_the_hold_of_a_transfer_is_what_such_a_child_meets() -> None:
    """Case 20 of the hard ones: the state that was left asks for the record from the day since which it counts the child."""
    held = Counter[tuple[str, ...]]()
    for left, attends in pairs():
        claims, at_school = stays(left)[0], stays(attends)
        codes = holds(claims, at_school)
        assert (codes == ("concurrent-enrollment",)) is (claims["entry_date"] < at_school[0]["entry_date"])
        held[codes] += 1
    assert held["concurrent-enrollment",] > 5
