"""Final marks of Ed-Fi: letters and numbers each in the member that the standard has for them, one text in the record, both ways."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.record import StudentRecord
from services.records.formats.edfi_api import read_edfi_api
from services.records.formats.edfi_json import edfi_resources
from services.records.formats.edfi_marks import final_marks, mark_of_number
from services.records.formats.edfi_validation import AS_IT_SHOULD_BE, conformity
from services.records.formats.edfi_xml import read_edfi_xml
from services.records.formats.parsed import ParsedRoster
from tests.records.formats.edfi_bodies import bodies
from tests.records.formats.edfi_files import FILES
from tests.records.formats.test_edfi_xml import archive
from tests.records.whole_record import whole_record

LETTER, NUMBER = "finalLetterGradeEarned", "finalNumericGradeEarned"


def said_of(parsed: ParsedRoster, place: int) -> tuple[str | None, str]:
    """The mark of a course, and what is kept beside the record."""
    [student] = parsed.students
    assert student.record is not None
    return student.record.document()["academics"]["transcript"][place].get("mark"), str(student.beside)


@pytest.mark.parametrize(
    ("said", "mark", "number_is_kept"),
    [
        ({LETTER: "B+"}, "B+", False),
        ({NUMBER: 95}, "95", False),
        ({NUMBER: 95.0}, "95", False),
        ({NUMBER: 89.5}, "89.5", False),
        ({NUMBER: 100}, "100", False),
        ({NUMBER: 0}, "0", False),
        ({LETTER: "A", NUMBER: 95}, "A", True),
        ({}, None, False),
    ],
)
def test_an_api_says_a_mark_in_letters_or_in_numbers_and_the_number_beside_a_letter_is_kept(
    said: dict[str, Any], mark: str | None, number_is_kept: bool
) -> None:
    given_ = bodies()
    course = given_["courseTranscripts"][0]
    del course[LETTER]
    course |= said
    read, beside = said_of(read_edfi_api(given_), 0)
    assert (read, NUMBER in beside) == (mark, number_is_kept)


@pytest.mark.parametrize(
    ("said", "mark", "is_kept"),
    [
        ("<FinalNumericGradeEarned>52</FinalNumericGradeEarned>", "52", False),
        ("<FinalNumericGradeEarned>52.50</FinalNumericGradeEarned>", "52.50", False),
        ("<FinalLetterGradeEarned>F</FinalLetterGradeEarned><FinalNumericGradeEarned>52</FinalNumericGradeEarned>", "F", True),
    ],
)
def test_a_file_says_it_in_either_and_the_number_beside_a_letter_is_kept(said: str, mark: str, is_kept: bool) -> None:
    letter = "<FinalLetterGradeEarned>F-</FinalLetterGradeEarned>"
    assert FILES["StudentTranscript"].count(letter) == 1
    changed = FILES["StudentTranscript"].replace(letter, said)
    read, beside = said_of(read_edfi_xml(archive(**FILES | {"StudentTranscript": changed})), 1)
    assert (read, "GEO-9" in beside) == (mark, is_kept)


@pytest.mark.parametrize(
    ("mark", "member", "said"),
    [("B+", LETTER, "B+"), ("95", NUMBER, 95), ("89.5", NUMBER, 89.5), ("0", NUMBER, 0), ("095", LETTER, "095"), ("89.50", LETTER, "89.50"),
     ("4.", LETTER, "4."), ("12345678", LETTER, "12345678"), ("1.125", LETTER, "1.125"), ("-1", LETTER, "-1"), ("٣", LETTER, "٣")],
)  # fmt: skip
def test_a_mark_goes_where_it_can_come_back_as_it_was(mark: str, member: str, said: object) -> None:
    document = whole_record().document()
    document["academics"]["transcript"][0]["mark"] = mark
    made = edfi_resources(StudentRecord.model_validate(document), student_unique_id="1234567890")["resources"]["courseTranscripts"]
    assert {name: made[0].get(name) for name in (LETTER, NUMBER) if made[0].get(name) is not None} == {member: said}
    assert type(made[0][member]) is type(said)
    assert conformity("courseTranscripts", made[0]) == AS_IT_SHOULD_BE


@given(st.text(min_size=1, max_size=20) | st.decimals(0, 9_999_999, places=2).map(str) | st.integers(0, 99_999_999).map(str))
def test_whatever_the_mark_is_it_comes_back_as_it_was(mark: str) -> None:
    said = json.loads(json.dumps(final_marks(mark)))
    number = None if said[NUMBER] is None else Decimal(str(said[NUMBER]))
    assert (said[LETTER] or mark_of_number(number)) == mark
    assert (said[LETTER] is None) != (said[NUMBER] is None)


def test_no_mark_is_no_member() -> None:
    assert final_marks(None) == {LETTER: None, NUMBER: None}
    assert mark_of_number(None) is None
