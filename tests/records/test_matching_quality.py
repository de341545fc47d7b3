"""Precision and recall of the running matcher on the standard set: the figures follow what it does, and the set has its hard cases."""

from dataclasses import replace
from uuid import UUID

from services.records.matching_quality import Case, Quality, matching_quality, quality_on, standard_set


def test_no_record_goes_to_strangers_and_no_child_is_missed() -> None:
    assert matching_quality() == Quality(cases=42, right=15, wrong=0, before_a_person=20, missed=0)


def test_the_set_has_twins_namesakes_and_strangers() -> None:
    population, cases = standard_set()
    assert sum(one.multiple_birth for one in population) >= 2
    assert len({case.name for case in cases}) == len(cases)
    assert sum(case.truth is None for case in cases) == 7


def test_another_answer_than_the_truth_lowers_precision_and_recall() -> None:
    population, cases = standard_set()
    (certain,) = [case for case in cases if case.name == "marks and apostrophe"]
    wrong = quality_on(population, [certain, replace(certain, truth=UUID(int=99))])
    assert (wrong.right, wrong.wrong, wrong.precision_percent, wrong.recall_percent) == (1, 1, 50, 50)
    stranger = replace(certain, truth=None)
    assert (quality_on(population, [stranger]).precision_percent, quality_on(population, [stranger]).recall_percent) == (0, 0)
    missed = quality_on((), [certain, Case("x", certain.asked, None)])
    assert (missed.missed, missed.precision_percent, missed.recall_percent) == (1, 100, 0)
