"""Answers of several nodes are summed by who asked them: noisy numbers alone, and nothing that a node did not tell."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from safepassage.wire_statistics import (
    Cell,
    Estimate,
    NotOneQuestion,
    StatisticsAnswer,
    StatisticsQuestion,
    across_nodes,
)

QUESTION = StatisticsQuestion(by=("homeless",), measures=("gifted",))


def answer(node: str, *cells: Cell, question: StatisticsQuestion = QUESTION, day: int = 20) -> StatisticsAnswer:
    return StatisticsAnswer(
        id=uuid4(), node=node, question=question, as_of=date(2026, 10, day), made_at=datetime(2026, 10, day, tzinfo=UTC),
        again_on=date(2026, 11, 20), smallest_group=10, noise=3.0, cells=cells,
    )  # fmt: skip


def cell(word: str, students: int | None, yes: int = 0, known: int = 0) -> Cell:
    return Cell(words=(word,), students=students, measures=None if students is None else (Estimate(yes=yes, known=known),))


def test_counts_add_up_and_rates_are_made_of_the_sums() -> None:
    alder = answer("https://alder.example", cell("no", 1000, 100, 1000), cell("yes", 40, 4, 40))
    birch = answer("https://birch.example", cell("no", 500, 200, 500), cell("yes", None), day=18)
    whole = across_nodes([alder, birch])
    assert whole.cells == (Cell(words=("no",), students=1500, measures=(Estimate(yes=300, known=1500, rate=0.2),)),)
    assert whole.not_told == (("yes",),)
    assert whole.noise == pytest.approx(18**0.5)
    assert (whole.nodes, whole.as_of) == (("https://alder.example", "https://birch.example"), date(2026, 10, 18))


def test_each_nodes_districts_stay_apart() -> None:
    question = StatisticsQuestion(by=("district", "sex"))
    parts = [answer(f"https://{node}.example", Cell(words=("1", "male"), students=50, measures=()), question=question) for node in "ab"]
    assert [one.words for one in across_nodes(parts).cells] == [("https://a.example#1", "male"), ("https://b.example#1", "male")]


def test_what_is_not_one_question_of_different_nodes_is_not_summed() -> None:
    one = answer("https://alder.example", cell("no", 50))
    other = answer("https://birch.example", cell("no", 50), question=QUESTION.model_copy(update={"epsilon": 1.0}))
    for answers in ([], [one, one], [one, other]):
        with pytest.raises(NotOneQuestion):
            across_nodes(answers)
