"""Equivalents of courses are proposed on grounds, best first; the source's own codes stay, and nothing has to resolve."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.record.academics import Academics, Competency, Course, CurrentCourse, TranscriptCourse
from safepassage.record.codes import Coded
from safepassage.record.course_equivalents import GROUNDS, grounds_between, proposals_for, propose_equivalents, title_form

UDL = Competency(uri="https://case.example/ims/case/v1p1/CFItems/7", statement="Solves quadratic equations")


def course(title: str, sced: str | None = None, *, code: str | None = None, competencies: Sequence[Competency] = ()) -> Course:
    local = None if code is None else Coded(system="urn:birch", code=code)
    return Course(title=title, sced_code=sced, local_code=local, competencies=tuple(competencies) or None)


ALGEBRA = course("Algebra II", "02056", code="B-202")
CATALOGUE = (
    course("Geometry", "02072", code="B-203"),
    course("Álgebra 2", None, code="B-204"),
    course("Second course of algebra", "02056", code="B-205", competencies=(UDL,)),
    ALGEBRA,
    course("Algebra II", "10156", code="B-909"),
)


@pytest.mark.requirement("FORM-course-codes")
def test_a_course_has_those_of_its_sced_code_first_and_those_of_its_title_after_them_and_none_of_another_subject() -> None:
    found = proposals_for(course("ALGEBRA II", "02056", code="A-17"), CATALOGUE)
    assert [(one.offered.local_code.code, one.grounds) for one in found if one.offered.local_code] == [
        ("B-202", ("same-sced-code", "same-title")),
        ("B-205", ("same-sced-code",)),
        ("B-204", ("same-title",)),
    ]
    shared = proposals_for(course("Mathematics, year 11", None, competencies=(UDL,)), CATALOGUE)
    assert [one.grounds for one in shared] == [("same-competency",)]


@pytest.mark.requirement("FORM-course-codes")
def test_a_record_keeps_its_own_words_and_a_course_without_an_equivalent_is_there_without_one() -> None:
    unknown = course("Acequia stewardship", code="X-1")
    academics = Academics(
        transcript=(TranscriptCourse(course=ALGEBRA, school_year=2026), TranscriptCourse(course=unknown, school_year=2026)),
        current_courses=(CurrentCourse(course=course("Geometry", "02072", code="A-3")),),
    )
    before = academics.model_dump_json()
    found = propose_equivalents(academics, CATALOGUE)
    assert [(one.where, one.place, one.taken) for one in found] == [
        ("transcript", 0, ALGEBRA),
        ("transcript", 1, unknown),
        ("current_courses", 0, academics.current_courses[0].course if academics.current_courses else None),
    ]
    assert found[1].proposals == ()
    assert academics.model_dump_json() == before
    assert [one.proposals for one in propose_equivalents(academics, ())] == [(), (), ()]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Álgebra II", "algebra 2", True),
        ("Algebra I", "Algebra II", False),
        ("U.S. History", "US History", False),
        ("AP Biology", "Biology", False),
        ("体育", "体育", True),
        ("—", "…", False),
    ],
)
def test_titles_are_alike_by_their_words(one: str, other: str, alike: bool) -> None:
    assert bool(grounds_between(course(one), course(other))) == alike


courses = st.builds(
    course,
    st.sampled_from(["Algebra I", "Algebra 1", "Geometry", "Biology"]),
    st.sampled_from([None, "02052", "02072", "03051"]),
    competencies=st.sampled_from([(), (UDL,)]),
)


@given(courses, st.lists(courses, max_size=6))
def test_each_proposal_is_of_the_catalogue_with_a_ground_that_holds_both_ways_and_the_best_are_first(
    taken: Course, catalogue: list[Course]
) -> None:
    found = proposals_for(taken, catalogue)
    assert [one.offered for one in found if not one.grounds or one.offered not in catalogue] == []
    assert len(found) == sum(bool(grounds_between(taken, one)) for one in catalogue)
    assert all(grounds_between(one.offered, taken) == one.grounds for one in found)
    ranks = [[ground not in one.grounds for ground in GROUNDS] for one in found]
    assert ranks == sorted(ranks)
    for one in found:
        codes = {taken.sced_code, one.offered.sced_code} - {None}
        assert len({code[:2] for code in codes if code}) < 2


@given(st.text(max_size=30))
def test_a_form_of_a_title_is_its_own_form(title: str) -> None:
    assert title_form(title_form(title)) == title_form(title)
