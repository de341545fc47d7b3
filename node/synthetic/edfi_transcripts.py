"""Finished courses, academic records and averages as elements of Ed-Fi's StudentTranscript interchange, and the courses they refer to."""

from collections.abc import Iterator
from typing import Any

from node.synthetic.edfi_elements import descriptor, organisation_reference, published, said, tagged, valued

Row = dict[str, Any]

STATE = published("CourseIdentificationSystem", "State course code")
SCED = published("CourseIdentificationSystem", "SCED course code")
UNSAID_TERM = published("Term", "Year Round")
"""Where a row of the transcript says no term: the schema wants one."""


def transcript_elements(student: str, courses_of: str, academics: dict[str, Any]) -> Iterator[str]:
    """A StudentAcademicRecord of each school, year and term, and a CourseTranscript of each row. The scale of a mark, the level of a
    course and whether it counts in an average have no place, nor has the day of an average; sections in progress and the way to
    graduation belong to other interchanges.

    courses_of  the id of the organisation whose courses they are
    """
    rows = academics.get("transcript", ())
    keys = list(dict.fromkeys(_key(row) for row in rows))
    # Averages are of the last year: readers take those of one record.
    last = max(keys, key=lambda key: key[1], default=None)
    for key in keys:
        yield tagged(
            "StudentAcademicRecord",
            *(_average(one) for one in (academics.get("grade_point_averages", ()) if key == last else ())),
            _named(student, key),
        )
    for row in rows:
        yield _course_transcript(student, courses_of, row)


def course_element(courses_of: str, course: dict[str, Any]) -> str:
    """Course, as a transcript names it."""
    code = course["local_code"]["code"]
    own = valued("IdentificationCode", code) + valued("CourseIdentificationSystem", STATE)
    return tagged(
        "Course",
        valued("CourseCode", code),
        valued("CourseTitle", course["title"]),
        valued("NumberOfParts", 1),
        tagged("CourseIdentificationCode", own),
        tagged("CourseIdentificationCode", _sced(course)),
        organisation_reference(courses_of),
    )


def _key(row: Row) -> tuple[str, int, str]:
    """School, year and term."""
    return row["school"]["nces_id"], row["school_year"], descriptor("Term", row["term"]["code"]) if "term" in row else UNSAID_TERM


def _named(student: str, key: tuple[str, int, str]) -> str:
    school, year, term = key
    return student + organisation_reference(school) + valued("SchoolYear", f"{year - 1}-{year}") + valued("Term", term)


def _sced(course: dict[str, Any]) -> str:
    if "sced_code" not in course:
        return ""
    return valued("IdentificationCode", course["sced_code"]) + valued("CourseIdentificationSystem", SCED)


def _course_transcript(student: str, courses_of: str, row: Row) -> str:
    course, credit, repeat = row["course"], row["credit"], row.get("repeat")
    kind = valued("CreditType", descriptor("CreditType", credit["type"]["code"]))
    identity = valued("CourseCode", course["local_code"]["code"]) + organisation_reference(courses_of)
    return tagged(
        "CourseTranscript",
        valued("CourseAttemptResult", published("CourseAttemptResult", "Pass" if float(credit["earned"]) else "Fail")),
        tagged("AttemptedCredits", valued("Credits", credit["attempted"]), kind),
        tagged("EarnedCredits", valued("Credits", credit["earned"]), kind),
        valued("WhenTakenGradeLevel", descriptor("GradeLevel", row["grade"]["code"])),
        valued("FinalNumericGradeEarned" if row["mark"].isdigit() else "FinalLetterGradeEarned", row["mark"]),
        valued("CourseRepeatCode", repeat and descriptor("CourseRepeatCode", repeat["code"])),
        tagged("CourseReference", tagged("CourseIdentity", identity)),
        tagged("StudentAcademicRecordReference", tagged("StudentAcademicRecordIdentity", _named(student, _key(row)))),
        valued("CourseTitle", course["title"]),
        tagged("AlternativeCourseIdentificationCode", _sced(course)),
    )


def _average(one: dict[str, Any]) -> str:
    return tagged(
        "GradePointAverage",
        valued("GradePointAverageType", published("GradePointAverageType", "Weighted" if one["weighted"] else "Unweighted")),
        said("IsCumulative", one.get("cumulative", True)),
        valued("GradePointAverageValue", one["value"]),
        valued("MaxGradePointAverageValue", one["maximum"]),
    )
