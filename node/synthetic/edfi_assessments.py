"""Results of tests as elements of Ed-Fi's StudentAssessment interchange, and the tests themselves as AssessmentMetadata has them."""

from collections.abc import Iterator
from typing import Any

from node.synthetic.edfi_elements import descriptor, published, tagged, valued

LEVEL = published("AssessmentReportingMethod", "Achievement/proficiency level")


def result_elements(student: str, source_id: str, assessments: dict[str, Any]) -> Iterator[str]:
    """A StudentAssessment of each result. Tests of English proficiency are not written: read back they would be results like the others.

    source_id  of the student: the schema wants an identifier of each result
    """
    for place, one in enumerate(assessments.get("results", ()), start=1):
        level = one.get("performance_level")
        yield tagged(
            "StudentAssessment",
            valued("StudentAssessmentIdentifier", f"{source_id}-{place}"),
            valued("AdministrationDate", f"{one['administered_on']}T00:00:00"),
            *(valued("Accommodation", descriptor("Accommodation", each["code"])) for each in one.get("accommodations", ())),
            *(_score(each) for each in one.get("scores", ())),
            valued("WhenAssessedGradeLevel", descriptor("GradeLevel", one["grade"]["code"])),
            _level(level["code"]) if level else "",
            student,
            tagged("AssessmentReference", tagged("AssessmentIdentity", *_named(one["assessment"]))),
        )


def assessment_element(one: dict[str, Any]) -> str:
    """Assessment: the test of which `one` is a result."""
    identifier, namespace = _named(one["assessment"])
    return tagged(
        "Assessment",
        identifier,
        valued("AssessmentTitle", one["title"]),
        valued("AcademicSubject", descriptor("AcademicSubject", one["subject"]["code"])),
        valued("AssessedGradeLevel", descriptor("GradeLevel", one["grade"]["code"])),
        namespace,
    )


def _named(assessment: dict[str, Any]) -> tuple[str, str]:
    return valued("AssessmentIdentifier", assessment["code"]), valued("Namespace", assessment["system"])


def _score(score: dict[str, Any]) -> str:
    kind = "Integer" if score["value"].isdigit() else "Decimal"
    return tagged(
        "ScoreResult",
        valued("Result", score["value"]),
        valued("ResultDatatypeType", published("ResultDatatypeType", kind)),
        valued("AssessmentReportingMethod", descriptor("AssessmentReportingMethod", score["method"]["code"])),
    )


def _level(code: str) -> str:
    return tagged(
        "PerformanceLevel", valued("PerformanceLevel", descriptor("PerformanceLevel", code)), valued("AssessmentReportingMethod", LEVEL)
    )
