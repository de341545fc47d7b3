"""The questions are those of the scorecard: 76, each of one area, with what evidences it and where frameworks ask for it."""

import re
from pathlib import Path

import pytest

from services.privacy.readiness.questions import FILE, QUESTIONS

LAW = Path(__file__).parents[3].parent / "shared" / "data" / "law"

PER_AREA = {
    "governance": 8, "inventory": 7, "agreements": 8, "rights": 10, "log": 8, "exchange": 9, "vendors": 6, "security": 8, "breach": 5,
    "retention": 4, "quality": 3,
}  # fmt: skip


def test_there_are_76_questions_numbered_through() -> None:
    assert [int(re.sub(r"\D", "", question.id)) for question in QUESTIONS] == list(range(1, 77))
    assert len({question.question for question in QUESTIONS}) == 76


def test_each_area_has_its_questions() -> None:
    assert {area: sum(question.area == area for question in QUESTIONS) for area in PER_AREA} == PER_AREA


def test_52_are_shown_by_the_node_and_the_rest_by_documents_or_a_word() -> None:
    kinds = [question.evidenced_by for question in QUESTIONS]
    assert sum("live" in kind for kind in kinds) == 52
    assert {kind for kind in kinds if "live" not in kind} == {("document",), ("attestation",)}


def test_every_question_says_what_shows_its_answer_and_names_a_framework() -> None:
    for question in QUESTIONS:
        assert question.question.endswith("?")
        assert question.shown_by
        assert question.references, question.id


def test_only_the_code_of_federal_regulations_and_statutes_count_as_checked() -> None:
    for question in QUESTIONS:
        for reference in question.references:
            if reference.checked:
                assert re.match(r"(34 CFR|20 USC|42 USC) ", reference.at), reference.at


@pytest.mark.skipif(not LAW.exists(), reason="the texts of the law are kept beside the repository")
def test_what_is_marked_as_checked_is_at_hand() -> None:
    at_hand = {path.stem for path in LAW.glob("*.txt")}
    for question in QUESTIONS:
        for reference in question.references:
            section = re.match(r"(34 CFR|20 USC|42 USC) ([0-9]+(?:\.[0-9]+)?[a-z]?)", reference.at)
            if reference.checked:
                assert section is not None
                assert f"{section[1].lower().replace(' ', '-')}-{section[2]}" in at_hand, reference.at


def test_the_questions_are_in_our_own_form() -> None:
    assert FILE.read_text().endswith("]\n")
