"""The questions of the scorecard, as data: `questions.json` beside this file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from safepassage.problems.readiness import NoSuchQuestion
from safepassage.wire_readiness import ReadinessQuestion

FILE: Final = Path(__file__).parent / "questions.json"

QUESTIONS: Final[tuple[ReadinessQuestion, ...]] = TypeAdapter(tuple[ReadinessQuestion, ...]).validate_json(FILE.read_bytes())
"""In the order of the scorecard."""

BY_ID: Final[Mapping[str, ReadinessQuestion]] = {question.id: question for question in QUESTIONS}


def question_by_id(question_id: str) -> ReadinessQuestion:
    """Raises NoSuchQuestion."""
    question = BY_ID.get(question_id)
    if question is None:
        raise NoSuchQuestion
    return question
