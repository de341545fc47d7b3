"""Results of tests, each on the scale of the state that gave it, never silently converted."""

from datetime import date
from typing import Annotated

from safepassage.record.codes import Coded, Section, Short, Some, ceds, ceds_id
from safepassage.wire import Name, Wire


class Score(Wire):
    """A score as reported: a string, because states report numbers, ranges and letters."""

    method: Annotated[Coded, ceds_id("000369")]
    """What the value is: scale score, raw score, percentile, ..., on whose scale."""
    value: Annotated[Short, ceds_id("000245")]


class AssessmentResult(Wire):
    """One student's result of one assessment."""

    assessment: Annotated[Coded, ceds_id("001067")]
    title: Name | None = ceds("000028")
    administered_on: date | None = ceds("000962")
    subject: Coded | None = ceds("000021")
    grade: Coded | None = ceds("000126")
    scores: Some[Score] | None = ceds("000245")
    performance_level: Coded | None = ceds("000717")
    accommodations: Some[Coded] | None = ceds("000383")


class Assessments(Section):
    """Section `assessments`."""

    results: Some[AssessmentResult] | None = ceds("000245")
    english_proficiency: Some[AssessmentResult] | None = ceds("001995")
