"""Courses, marks, credit, and the way to graduation."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from safepassage.record.codes import Amount, Coded, OrganisationReference, SchoolYear, Section, Short, Some, ceds, ceds_id
from safepassage.wire import Name, Wire


class Competency(Wire):
    """What a course teaches, by its id in a published framework (1EdTech CASE): the source's own words, never translated."""

    uri: Annotated[str, StringConstraints(pattern=r"^https?://[!#-;=?-\[\]_a-z~]{1,400}$"), ceds_id("000874")]
    """Its CASE URI, of the characters that a URI has (RFC 3986): a credential that names it has to be one that anybody can read."""
    identifier: UUID | None = ceds("000689")
    """Its CASE identifier."""
    code: Short | None = ceds("000692")
    """The human coding scheme's."""
    statement: Annotated[str, StringConstraints(min_length=1, max_length=1000), ceds_id("000690")]
    framework: Name | None = ceds("000694")


class Course(Wire):
    """A course, by the code of the school that gave it and by SCED where it has one. Neither need resolve where it is read."""

    title: Annotated[Name, ceds_id("000067")]
    local_code: Coded | None = ceds("000055")
    sced_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{5}$")] | None = ceds("001517")
    subject: Coded | None = ceds("001518")
    level: Coded | None = ceds("000061")
    competencies: Some[Competency] | None = ceds("000689")


class Credit(Wire):
    """Credit for a course. `type` says what one unit is."""

    type: Coded | None = ceds("000072")
    attempted: Amount | None = ceds("000199")
    earned: Amount | None = ceds("000200")


class CurrentCourse(Wire):
    """A section in progress: what the receiving school must know to place the student in the middle of a term."""

    section: Short | None = ceds("000978")
    course: Annotated[Course, ceds_id("000055")]
    school: OrganisationReference | None = ceds("001069")
    term: Coded | None = ceds("000252")
    begin_date: date | None = ceds("000054")
    mark: Short | None = ceds("000124")
    """The mark in progress on the school's own scale."""
    percentage: Amount | None = None
    partial_credit: Credit | None = ceds("000200")
    as_of: date | None = None


class TranscriptCourse(Wire):
    """A finished course."""

    course: Annotated[Course, ceds_id("000055")]
    school: OrganisationReference | None = ceds("001069")
    school_year: Annotated[SchoolYear, ceds_id("000243")]
    term: Coded | None = ceds("000252")
    grade: Coded | None = ceds("000125")
    credit: Credit | None = ceds("000200")
    mark: Short | None = ceds("000124")
    mark_scale: Coded | None = None
    repeat: Coded | None = ceds("000065")
    counts_in_average: bool | None = None


class GradePointAverage(Wire):
    """An average, on the scale that its maximum names."""

    value: Annotated[Amount, ceds_id("000127")]
    maximum: Amount
    weighted: Annotated[bool, ceds_id("000123")]
    cumulative: bool = True
    as_of: date | None = None


class GraduationPlan(Wire):
    """Towards which diploma, and what is still missing."""

    plan: Coded
    diploma: Coded | None = ceds("002026")
    expected_on: date | None = ceds("000226")
    credits_required: Amount | None = ceds("001574")
    credits_earned: Amount | None = ceds("000074")


class Academics(Section):
    """Section `academics`."""

    current_courses: Some[CurrentCourse] | None = ceds("000978")
    transcript: Some[TranscriptCourse] | None = ceds("000055")
    grade_point_averages: Some[GradePointAverage] | None = ceds("000128")
    graduation_plan: GraduationPlan | None = ceds("002026")
