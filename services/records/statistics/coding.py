"""What statistics know of a student: one byte a dimension and a measure, made of the whole record when it is stored. Pure.

A dimension's byte is the place of its word (safepassage.wire_statistics.WORDS). A measure's says no, yes, or not known; that of
achievement the level itself, since what is proficient is a setting.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from safepassage.record import StudentRecord
from safepassage.record.academics import CurrentCourse, TranscriptCourse
from safepassage.record.assessments import AssessmentResult
from safepassage.record.codes import Coded, Period
from safepassage.record.enrollment import Enrollment
from safepassage.wire_statistics import WORDS, Dimension, Measure
from services.records.formats.english_learners import is_english_learner
from services.records.statistics import source_words

LAYOUT: Final = 2
"""The first byte: a student coded by another layout is coded again."""

UNKNOWN, NO, YES = 0, 1, 2
DIMENSIONS: Final[tuple[Dimension, ...]] = tuple(WORDS)
MEASURES: Final[tuple[Measure, ...]] = (
    "gifted", "title-i", "advanced-course", "chronically-absent", "disciplined", "proficient-mathematics", "proficient-english",
)  # fmt: skip
_PLACES: Final = {name: {word: place for place, word in enumerate(WORDS[name])} for name in DIMENSIONS}
WIDTH: Final = 1 + len(DIMENSIONS) + len(MEASURES)

CHRONIC: Final = Decimal("0.1")
"""Of the days enrolled, absent (EDFacts FS195)."""
A_YEAR: Final = timedelta(days=365)

_BETWEEN: Final = str.maketrans("", "", " -_")


def coded(record: StudentRecord, *, arrived_from: str | None, today: date) -> bytes:
    """WIDTH bytes.

    record        the whole of it, from all sources
    arrived_from  postal code of the state whose node sent a record of the student, None where none did
    """
    enrollments = _enrollments(record)
    says = {
        "grade": _grade(enrollments),
        "sex": _sex(record),
        "race-ethnicity": _race(record),
        "english-learner": _programme(record, "english_learner", today, lambda one: is_english_learner(one.status) is True),
        "disability": _disability(record, today),
        "homeless": _programme(record, "homeless", today),
        "foster": _programme(record, "foster", today),
        "migrant": _programme(record, "migrant", today, lambda one: _is_yes(one.status)),
        "low-income": _programme(record, "meal_status", today, lambda one: _plain(one.eligibility) in ("free", "reducedprice")),
        "military-connected": _military(record, today),
        "arrived-from": _arrived(enrollments, arrived_from),
        "left-for": _left(enrollments),
    }
    places = [_PLACES[name][says[name]] for name in DIMENSIONS]
    return bytes([LAYOUT, *places, *_measures(record, today)])


def state_of(parts: Sequence[Any]) -> str | None:
    """The state where the enrolment that began last was: of an enrollment section's `enrollments` as JSON values."""
    told = [(one["entry_date"], one["school"]["state"]) for one in parts if one["school"].get("state")]
    return max(told)[1] if told else None


def _plain(code: Coded | None) -> str:
    return "" if code is None else _letters(code.code)


@lru_cache(maxsize=1024)
def _letters(code: str) -> str:
    return code.casefold().translate(_BETWEEN)


def _is_yes(code: Coded | None) -> bool:
    return _plain(code) in ("yes", "true", "1", "y")


def _holds(period: Period, today: date) -> bool:
    return (period.begin_date is None or period.begin_date <= today) and (period.end_date is None or today <= period.end_date)


def _enrollments(record: StudentRecord) -> list[Enrollment]:
    """The last first."""
    held = () if record.enrollment is None else record.enrollment.enrollments or ()
    return sorted(held, key=lambda one: (one.entry_date, one.primary), reverse=True)


def _grade(enrollments: Sequence[Enrollment]) -> str:
    said = _plain(next((one.grade for one in enrollments if one.grade is not None), None))
    if not said:
        return "not-said"
    word = source_words.GRADES.get(said, said)
    word = word.zfill(2) if word.isdigit() else word
    return word if word in WORDS["grade"] else "other"


def _sex(record: StudentRecord) -> str:
    said = _plain(None if record.identity is None else record.identity.sex)
    if said in ("", "notselected"):
        return "not-said"
    return {"female": "female", "f": "female", "male": "male", "m": "male"}.get(said, "other")


def _race(record: StudentRecord) -> str:
    """The seven categories of federal reporting (72 FR 59266): Hispanic of any race; otherwise one race, or several."""
    said = None if record.demographics is None else record.demographics.race_ethnicity
    if said is None:
        return "not-said"
    answers = {source_words.RACES.get(_plain(one), "") for one in (*(said.races or ()), *(said.combined or ()))} - {""}
    if said.hispanic_or_latino or "hispanic" in answers:
        return "hispanic"
    return "not-said" if not answers else answers.pop() if len(answers) == 1 else "two-or-more"


def _programme(record: StudentRecord, name: str, today: date, says: Callable[[Any], bool] = lambda _: True) -> str:
    if record.programmes is None:
        return "no"
    held = getattr(record.programmes, name)
    return "yes" if held is not None and _holds(held, today) and says(held) else "no"


def _disability(record: StudentRecord, today: date) -> str:
    held = record.special_education
    if held is not None and held.eligibility is not None and held.eligibility.eligible:
        left = held.eligibility.exited_on
        if left is None or today <= left:
            return "idea"
    return "section-504" if held is not None and held.section_504 is not None and held.section_504.eligible else "none-known"


def _military(record: StudentRecord, today: date) -> str:
    held = None if record.demographics is None else record.demographics.military_connection
    connected = held is not None and _holds(held, today) and _plain(held.status) not in ("notmilitaryconnected", "unknown", "no")
    return "yes" if connected else "no"


def _arrived(enrollments: Sequence[Enrollment], arrived_from: str | None) -> str:
    """Where the student was before the enrolments here: of a transfer by exchange the state, of others as far as entry codes say."""
    word = (arrived_from or "").lower()
    if word in WORDS["arrived-from"]:
        return word
    entered = {_plain(one.entry_type) for one in enrollments if one.entry_type is not None}
    if source_words.ENTERED_FROM_ANOTHER_STATE & entered:
        return "another-state"
    return "this-state" if source_words.ENTERED_WITHIN_THE_STATE & entered or any(map(_is_of_ceds, entered)) else "not-said"


def _is_of_ceds(code: str) -> bool:
    """Of the option sets of entries and exits: five digits."""
    return len(code) == 5 and code.isascii() and code.isdigit()


def _left(enrollments: Sequence[Enrollment]) -> str:
    last = next(iter(enrollments), None)
    if last is None or last.exit_type is None:
        return "not-said"
    code = _plain(last.exit_type)
    if code in source_words.LEFT_FOR_ANOTHER_STATE:
        return "another-state"
    if code in source_words.LEFT_WITHIN_THE_STATE:
        return "this-state"
    return "not-said" if code in source_words.LEFT_FOR_SOMEWHERE else "finished-or-other"


def _measures(record: StudentRecord, today: date) -> list[int]:
    own_tests = record.assessments is not None and "#" not in record.provenance["assessments"].originating_agency
    results = (record.assessments.results or ()) if own_tests and record.assessments is not None else ()
    return [
        _known(record.programmes is not None, _programme(record, "gifted", today, lambda one: _is_yes(one.status)) == "yes"),
        _known(record.programmes is not None, _programme(record, "title_i", today) == "yes"),
        _advanced(record),
        _absent(record),
        _disciplined(record, today),
        _level(results, source_words.MATHEMATICS),
        _level(results, source_words.ENGLISH),
    ]


def _known(known: bool, says: bool) -> int:
    return UNKNOWN if not known else YES if says else NO


def _advanced(record: StudentRecord) -> int:
    held = record.academics
    taken: Sequence[CurrentCourse | TranscriptCourse] = () if held is None else (*(held.current_courses or ()), *(held.transcript or ()))
    if not taken:
        return UNKNOWN
    for one in taken:
        if one.course.level is not None and _plain(one.course.level) in source_words.ADVANCED:
            return YES
    return NO


def _absent(record: StudentRecord) -> int:
    """Chronically absent: at least a tenth of the days enrolled, in the last school year that is told."""
    summaries = () if record.attendance is None else record.attendance.summary or ()
    if not summaries:
        return UNKNOWN
    told = [one for one in summaries if one.days_enrolled and one.days_absent is not None]
    year = max((one.school_year for one in told), default=None)
    days = sum((one.days_enrolled or Decimal(0) for one in told if one.school_year == year), Decimal(0))
    absent = sum((one.days_absent or Decimal(0) for one in told if one.school_year == year), Decimal(0))
    return _known(bool(days), days > 0 and absent >= CHRONIC * days)


def _disciplined(record: StudentRecord, today: date) -> int:
    """An incident within the year before that an action followed. A record that tells of school and of none counts as none."""
    incidents = () if record.discipline is None else record.discipline.incidents or ()
    followed = any(one.actions and today - A_YEAR < one.incident_date <= today for one in incidents)
    return _known(record.enrollment is not None, followed)


def _level(results: Sequence[AssessmentResult], subjects: frozenset[str]) -> int:
    """The number of the performance level of the last result, plus one; UNKNOWN where it is no number."""
    told = [
        (one.administered_on or date.min, one.performance_level.code)
        for one in results
        if _plain(one.subject) in subjects and one.performance_level is not None
    ]
    code = max(told)[1] if told else ""
    return 1 + int(code) if code.isdecimal() and len(code) == 1 else UNKNOWN
