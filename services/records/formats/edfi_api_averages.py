"""Grade point averages of Ed-Fi API resources: those of the last academic record that has any."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from safepassage.record.academics import GradePointAverage
from services.records.formats.edfi_members import Members
from services.records.formats.edfi_stream import code_of
from services.records.formats.edfi_times import order_of_term
from services.records.formats.parsed import Findings

WEIGHTED: Final = {"weighted": True, "unweighted": False}
KEY: Final = ("educationOrganizationReference", "schoolYearTypeReference", "termDescriptor")
"""Of `studentAcademicRecords`, beside the student's reference."""


def averages(records: Sequence[Members], courses: Sequence[Members], findings: Findings) -> list[GradePointAverage]:
    """Of `studentAcademicRecords`, the averages of the last one by year and term that has any that can be read.

    An average without its maximum says nothing elsewhere.

    Which organisation, year and term a record is of is said by the courses that it has; where it has none it stays beside it.
    """
    for item in records:
        if _key(item) in [_key_in(one.peek("studentAcademicRecordReference") or {}) for one in courses]:
            item.names("educationOrganizationReference", "educationOrganizationId")
            item.names("schoolYearTypeReference", "schoolYear")
            item.known("termDescriptor")
    # A record of the year that has begun has none yet: what the one before says is the latest.
    for item in sorted(records, key=_when, reverse=True):
        if made := _averages(item, findings):
            return made
    return []


def _averages(item: Members, findings: Findings) -> list[GradePointAverage]:
    made = []
    if not any(_is_whole(one) for one in item.peek("gradePointAverages") or ()):
        return []
    for one in item.parts("gradePointAverages"):
        if not _is_whole(one.body):
            continue
        one.standard("gradePointAverageTypeDescriptor")
        cumulative = one.flag("isCumulative")
        values = {
            "value": one.number("gradePointAverageValue"),
            "maximum": one.number("maxGradePointAverageValue"),
            "weighted": WEIGHTED[code_of(one.peek("gradePointAverageTypeDescriptor"))],
            "cumulative": True if cumulative is None else cumulative,
        }
        made.append(one.made(findings, GradePointAverage, values))
    return [one for one in made if one is not None]


def _is_whole(average: Mapping[str, Any]) -> bool:
    return code_of(average.get("gradePointAverageTypeDescriptor")) in WEIGHTED and average.get("maxGradePointAverageValue") is not None


def _when(item: Members) -> tuple[int, tuple[int, str]]:
    return (item.peek("schoolYearTypeReference") or {}).get("schoolYear") or 0, order_of_term(item.peek("termDescriptor"))


def _key(item: Members) -> Any:
    at, year = item.peek(KEY[0]) or {}, item.peek(KEY[1]) or {}
    return at.get("educationOrganizationId"), year.get("schoolYear"), item.peek(KEY[2])


def _key_in(reference: dict[str, Any]) -> Any:
    return reference.get("educationOrganizationId"), reference.get("schoolYear"), reference.get("termDescriptor")
