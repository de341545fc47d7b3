"""Two records of one child are no two children; a union makes nobody agree who does not, and takes no other doubt away."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.records.matching import Certain, NeedsPerson, match, names_and_birth_agree
from services.records.matching_person import Candidate
from services.records.matching_united import OneChild, match_united
from tests.records.test_matching import JAYDEN, JAYLEN, SCHOOL, asked

AGAIN = replace(JAYDEN, student_id=UUID(int=7), state_ids=frozenset({"5555555551"}))
"""The same child, registered twice."""
CHILD = OneChild(frozenset({JAYDEN.student_id, AGAIN.student_id}), JAYDEN.student_id)
BOTH = [JAYDEN, AGAIN]


@pytest.mark.requirement("MATCH-united")
@pytest.mark.parametrize("number", ["1234567897", "5555555551", None], ids=["of the leading one", "of the other", "none"])
def test_a_child_of_two_records_is_certain_by_the_number_of_either_and_the_leading_record_is_given(number: str | None) -> None:
    wanted = asked(state_student_id=number, former_school_nces_id=SCHOOL)
    assert isinstance(match(wanted, BOTH), NeedsPerson)
    assert match_united(wanted, BOTH, [CHILD]) == Certain(JAYDEN.student_id)
    assert match_united(wanted, BOTH, []) == match(wanted, BOTH)


@pytest.mark.requirement("MATCH-united")
def test_whoever_else_is_near_still_casts_doubt() -> None:
    wanted = asked(state_student_id="1234567897", former_school_nces_id=SCHOOL)
    for twin in (JAYLEN, replace(AGAIN, student_id=UUID(int=8))):
        assert isinstance(match_united(wanted, [*BOTH, twin], [CHILD]), NeedsPerson)
    for one in ([replace(JAYDEN, multiple_birth=True), AGAIN], [JAYDEN, replace(AGAIN, multiple_birth=True)]):
        assert isinstance(match_united(wanted, one, [CHILD]), NeedsPerson)
    nobodys = asked(state_student_id="1234567801", former_school_nces_id=SCHOOL)
    assert isinstance(match_united(nobodys, BOTH, [CHILD]), NeedsPerson)
    nothing_more = asked()
    assert isinstance(match_united(nothing_more, BOTH, [CHILD]), NeedsPerson)


def test_a_leading_record_that_does_not_agree_itself_is_a_persons() -> None:
    wanted = asked(state_student_id="5555555551", former_school_nces_id=SCHOOL)
    for leading in (replace(JAYDEN, given=frozenset({"jaylen"})), replace(JAYDEN, birth_date=date(2012, 5, 21))):
        assert match_united(wanted, [leading, AGAIN], [CHILD]) == match(wanted, [leading, AGAIN]) != Certain(leading.student_id)
    assert isinstance(match_united(wanted, BOTH, [replace(CHILD, leading=None)]), NeedsPerson)
    assert isinstance(match_united(wanted, BOTH, [replace(CHILD, leading=UUID(int=99))]), NeedsPerson)


_ONES = some.builds(
    lambda given, number, twin, school: replace(
        JAYDEN,
        given=frozenset({given}),
        state_ids=frozenset({number} if number else ()),
        multiple_birth=twin,
        schools=frozenset({SCHOOL} if school else ()),
        districts=frozenset(),
    ),
    some.sampled_from(["jayden", "jaylen", "robert"]),
    some.sampled_from(["1234567897", "5555555551", ""]),
    some.booleans(),
    some.booleans(),
)


@given(some.lists(_ONES, min_size=1, max_size=4), some.sampled_from(["1234567897", "5555555551", None]), some.booleans(), some.data())
def test_whatever_is_united_what_is_given_agrees_and_is_the_leading_record(
    ones: list[Candidate], number: str | None, by_school: bool, data: some.DataObject
) -> None:
    candidates = [replace(one, student_id=UUID(int=place + 1)) for place, one in enumerate(ones)]
    ids = [one.student_id for one in candidates]
    united = frozenset(data.draw(some.lists(some.sampled_from(ids), unique=True)))
    child = OneChild(united, data.draw(some.sampled_from(ids)))
    wanted = asked(state_student_id=number, former_school_nces_id=SCHOOL if by_school else None)
    outcome, before = match_united(wanted, candidates, [child]), match(wanted, candidates)
    if outcome != before:
        assert isinstance(before, NeedsPerson)
        assert child.leading is not None
        assert outcome == Certain(child.leading)
        [leading] = [one for one in candidates if one.student_id == child.leading]
        assert names_and_birth_agree(wanted, leading)
        assert not any(one.multiple_birth for one in candidates if one.student_id in united)


@given(some.lists(_ONES, min_size=2, max_size=4), some.sampled_from(["1234567897", "5555555551", None]), some.booleans())
def test_who_is_near_and_not_of_the_child_casts_the_doubt_that_the_record_alone_would_not(
    ones: list[Candidate], number: str | None, by_school: bool
) -> None:
    candidates = [replace(one, student_id=UUID(int=place + 1)) for place, one in enumerate(ones)]
    of_child, strangers = candidates[:2], candidates[2:]
    child = OneChild(frozenset(one.student_id for one in of_child), of_child[0].student_id)
    wanted = asked(state_student_id=number, former_school_nces_id=SCHOOL if by_school else None)
    alone = [match(wanted, [one, *strangers]) for one in of_child]
    outcome = match_united(wanted, candidates, [child])
    if isinstance(outcome, Certain) and outcome != match(wanted, candidates):
        assert Certain(of_child[0].student_id) in alone or Certain(of_child[1].student_id) in alone
    if all(isinstance(one, NeedsPerson) for one in alone):
        assert isinstance(outcome, NeedsPerson)
