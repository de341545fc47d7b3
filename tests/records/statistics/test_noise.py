"""Attacks on the noise: one student more or less is hidden, as far as epsilon says, in whatever is made of the answers."""

from collections import Counter
from math import exp, log

import pytest

from safepassage.problems.statistics import TableTooLarge
from safepassage.wire_statistics import WORDS, StatisticsQuestion
from services.records.statistics import noise, table
from services.records.statistics.counting import Counted

MANY = 20_000


def drawn(count: int, question: StatisticsQuestion) -> Counter[int]:
    """MANY answers to who counts `count` in every one of many cells: cells are independent."""
    return Counter(noise.noisy([count] * MANY, question))


@pytest.mark.requirement("STAT-noise")
def test_an_attacker_who_knows_all_others_cannot_tell_whether_a_student_is_there() -> None:
    """The two distributions of an answer, with the student and without, differ by no more than e^epsilon anywhere."""
    question = StatisticsQuestion(epsilon=1.0)
    without, with_ = drawn(9, question), drawn(10, question)
    often = [value for value in without if min(without[value], with_[value]) > 400]
    assert len(often) >= 5
    assert max(abs(log(with_[value] / without[value])) for value in often) < question.epsilon + 0.25
    assert without[9] < MANY * 0.55


@pytest.mark.requirement("STAT-noise")
def test_totals_and_differences_of_overlapping_tables_do_not_give_a_small_cell() -> None:
    """The suppression of one small group is undone by subtraction where totals are exact; here each subtraction adds noise."""
    by_group = StatisticsQuestion(by=("homeless",), epsilon=1.0)
    off = 0
    for _ in range(400):
        exact = {("no",): Counted(500, ()), ("yes",): Counted(3, ())}
        told = table.told(exact, by_group, (), smallest_group=10)
        [whole] = table.told({(): Counted(503, ())}, StatisticsQuestion(epsilon=1.0), (), smallest_group=10)
        assert told[0].students is not None
        assert whole.students is not None
        off += whole.students - told[0].students != 3
    assert off > 400 * 0.6


def test_more_measures_have_more_noise_and_the_library_vouches_for_all_together() -> None:
    plain = StatisticsQuestion(epsilon=0.5)
    rich = StatisticsQuestion(epsilon=0.5, measures=("gifted", "title-i", "disciplined", "advanced-course"))
    assert (noise.sensitivity(plain), noise.sensitivity(rich)) == (1, 9)
    assert noise.deviation_of(rich) > 8 * noise.deviation_of(plain)
    scale = noise.scale_of(rich)
    assert noise.deviation_of(rich) == pytest.approx((2 * exp(-1 / scale)) ** 0.5 / (1 - exp(-1 / scale)))
    spread = noise.noisy([0] * 4000, rich)
    assert (sum(one * one for one in spread) / len(spread)) ** 0.5 == pytest.approx(noise.deviation_of(rich), rel=0.1)


def test_a_loss_that_is_not_proven_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noise, "scale_of", lambda question: noise.sensitivity(question) / (2 * question.epsilon))
    with pytest.raises(noise.NoiseNotProven):
        noise.noisy([1], StatisticsQuestion())


def test_an_empty_group_may_be_told_and_a_full_one_looks_the_same() -> None:
    """That a cell is told proves nobody: it is chosen by the noisy count."""
    question = StatisticsQuestion(by=("sex",), epsilon=0.01)
    tables = [table.told({}, question, (), smallest_group=10) for _ in range(30)]
    assert all(len(one) == len(WORDS["sex"]) for one in tables)
    assert any(cell.students is not None for one in tables for cell in one)


def test_no_rate_is_told_of_a_group_in_which_noise_could_make_any() -> None:
    question = StatisticsQuestion(by=("sex",), measures=("gifted",), epsilon=0.05)
    exact = {("female",): Counted(100, ((100, 100),)), ("male",): Counted(5000, ((2500, 5000),))}
    told = {cell.words[0]: cell for cell in table.told(exact, question, (), smallest_group=10)}
    assert told["male"].measures is not None
    assert told["male"].measures[0].rate == pytest.approx(0.5, abs=0.15)
    for cell in told.values():
        assert cell.measures is None or cell.words == ("male",) or cell.measures[0].rate is None or cell.measures[0].known > 300


def test_a_table_has_an_end() -> None:
    assert table.size_of(StatisticsQuestion(by=("grade", "sex")), 400) == len(WORDS["grade"]) * 4
    with pytest.raises(TableTooLarge):
        table.size_of(StatisticsQuestion(by=("grade", "arrived-from", "district")), 400)
