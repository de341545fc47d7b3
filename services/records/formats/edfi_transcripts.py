"""Ed-Fi transcripts, academic records and assessments of interchange files → our sections. What has no place stays in its element."""

from collections.abc import Sequence
from typing import Final
from xml.etree.ElementTree import Element

from safepassage.record.academics import GradePointAverage, TranscriptCourse
from safepassage.record.assessments import AssessmentResult
from services.records.formats.edfi_api_averages import WEIGHTED
from services.records.formats.edfi_api_schooling import COURSES_OF, FAILED, LEVEL, METHOD, PASSED, SCED
from services.records.formats.edfi_organizations import Organizations
from services.records.formats.edfi_stream import Item, boolean_of, code_at, code_of, coded, present, school_year, text_of
from services.records.formats.edfi_times import order_of_term
from services.records.formats.parsed import Findings
from services.records.formats.xml_marks import mark, value_of

RECORD: Final = "StudentAcademicRecordReference/StudentAcademicRecordIdentity/"
COURSE: Final = "CourseReference/CourseIdentity/"
ORGANIZATION: Final = "EducationOrganizationReference/EducationOrganizationIdentity/EducationOrganizationId"
_KEY: Final = (ORGANIZATION, "SchoolYear", "Term")
"""What names an academic record beside its student."""


def transcript_course(item: Item, organizations: Organizations, findings: Findings) -> TranscriptCourse | None:
    """CourseTranscript. A course that has no title is called by its code."""
    code, offered_by, where = item.text(f"{COURSE}CourseCode"), item.text(COURSE + ORGANIZATION), item.text(RECORD + ORGANIZATION)
    kind, attempted_kind = item.text("EarnedCredits/CreditType"), item.element.findtext("AttemptedCredits/CreditType", "").strip()
    if kind is None or attempted_kind == kind:
        kind = item.text("AttemptedCredits/CreditType") or kind
    earned = item.text("EarnedCredits/Credits")
    if earned is not None and item.element.findtext("CourseAttemptResult", "").strip() == (PASSED if earned.strip("0.") else FAILED):
        item.known("CourseAttemptResult")
    local = {"system": f"{COURSES_OF}{offered_by}", "code": code} if code is not None and offered_by is not None else None
    course = present(
        title=item.text("CourseTitle") or code, local_code=local, sced_code=_sced(item), subject=coded(item.text("AcademicSubject"))
    )
    values = {
        "course": course,
        "school": organizations.school(where or "") or ({"state_id": where} if where else None),
        "school_year": value_of(item.element, f"{RECORD}SchoolYear", school_year),
        "term": coded(item.text(f"{RECORD}Term")),
        "grade": coded(item.text("WhenTakenGradeLevel")),
        "credit": present(type=coded(kind), attempted=item.text("AttemptedCredits/Credits"), earned=earned) or None,
        # Where both are said, the number is kept beside the record.
        "mark": item.text("FinalLetterGradeEarned") or item.text("FinalNumericGradeEarned"),
        "repeat": coded(item.text("CourseRepeatCode")),
    }
    return findings.made(TranscriptCourse, values, item.position)


def _sced(item: Item) -> str | None:
    """The first SCED code among the other codes of a course: five digits of a system that says so."""
    for one in item.element.findall("AlternativeCourseIdentificationCode"):
        number, system = one.findtext("IdentificationCode", "").strip(), one.findtext("CourseIdentificationSystem", "").strip()
        if SCED in code_of(system) and len(number) == 5 and number.isascii() and number.isdigit():
            code_at(one, "CourseIdentificationSystem")
            return text_of(one, "IdentificationCode")
    return None


def averages(records: Sequence[Item], courses: Sequence[Item], findings: Findings) -> list[GradePointAverage]:
    """Of StudentAcademicRecord, the averages of the last one by year and term that has any that can be read.

    An average without its maximum says nothing elsewhere.

    Which organisation, year and term a record is of is said by the courses that it has; where it has none it stays beside it.
    """
    of_courses = [_key(one, RECORD) for one in courses]
    for item in records:
        if _key(item) in of_courses:
            item.known(*_KEY)
    # A record of the year that has begun has none yet: what the one before says is the latest.
    for item in sorted(records, key=_when, reverse=True):
        if made := _averages(item, findings):
            return made
    return []


def _averages(item: Item, findings: Findings) -> list[GradePointAverage]:
    made = []
    for one in item.element.findall("GradePointAverage"):
        weighted = WEIGHTED.get(code_of(one.findtext("GradePointAverageType", "").strip()))
        maximum = text_of(one, "MaxGradePointAverageValue")
        if weighted is None or maximum is None:
            continue
        code_at(one, "GradePointAverageType")
        cumulative = boolean_of(one, "IsCumulative")
        values = {
            "value": text_of(one, "GradePointAverageValue"),
            "maximum": maximum,
            "weighted": weighted,
            "cumulative": True if cumulative is None else cumulative,
        }
        made.append(findings.made(GradePointAverage, values, item.position))
    return [one for one in made if one is not None]


def _when(item: Item) -> tuple[int, tuple[int, str]]:
    return school_year(item.element.findtext("SchoolYear", "").strip()) or 0, order_of_term(item.element.findtext("Term"))


def _key(item: Item, before: str = "") -> tuple[str, ...]:
    return tuple(item.element.findtext(before + path, "").strip() for path in _KEY)


def assessment(item: Item, findings: Findings) -> AssessmentResult | None:
    """StudentAssessment. Its identifier stays beside the record; of the kinds of a result and a level the record has only the value."""
    reference = "AssessmentReference/AssessmentIdentity"
    scores = []
    for one in item.element.findall("ScoreResult"):
        _mark_if(one, "ResultDatatypeType", LEVEL)
        scores.append(present(method=coded(text_of(one, "AssessmentReportingMethod")), value=text_of(one, "Result")))
    level = item.element.find("PerformanceLevel")
    if level is not None:
        _mark_if(level, "AssessmentReportingMethod", METHOD)
    values = {
        "assessment": present(system=item.text(f"{reference}/Namespace"), code=item.text(f"{reference}/AssessmentIdentifier")),
        "administered_on": item.day("AdministrationDate"),
        "grade": coded(item.text("WhenAssessedGradeLevel")),
        "scores": scores,
        "performance_level": coded(item.text("PerformanceLevel/PerformanceLevel")),
        "accommodations": [code for one in item.all("Accommodation") if (code := coded((one.text or "").strip())) is not None],
    }
    return findings.made(AssessmentResult, values, item.position)


def _mark_if(element: Element, name: str, said: str) -> None:
    """What is there says no more than this."""
    found = element.find(name)
    if found is not None and (found.text or "").strip() == said:
        mark(found)
