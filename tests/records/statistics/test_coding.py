"""What statistics know of a student is what the record says, and a word of the closed vocabulary whatever it says."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.record import StudentRecord
from safepassage.wire_statistics import WORDS
from services.records.statistics.coding import DIMENSIONS, MEASURES, NO, UNKNOWN, WIDTH, YES, coded, state_of
from tests.records.whole_record import whole_record

TODAY = date(2026, 10, 20)
ORIGIN = {"originating_agency": "0300010", "source_system": "sis", "as_of": "2026-03-01T00:00:00.000Z"}
HERE = {"entry_date": "2026-08-20", "school": {"name": "Lantern"}}


def record(agency: str = "0300010", **sections: Any) -> StudentRecord:
    origin = ORIGIN | {"originating_agency": agency}
    return StudentRecord.model_validate({**sections, "provenance": dict.fromkeys(sections, origin)})


def said(record: StudentRecord, *, arrived_from: str | None = None) -> dict[str, Any]:
    code = coded(record, arrived_from=arrived_from, today=TODAY)
    assert len(code) == WIDTH
    words = {name: WORDS[name][code[1 + place]] for place, name in enumerate(DIMENSIONS)}
    return words | {name: code[1 + len(DIMENSIONS) + place] for place, name in enumerate(MEASURES)}


def code(value: str) -> dict[str, str]:
    return {"system": "local", "code": value}


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ({"hispanic_or_latino": True, "races": [code("White")]}, "hispanic"),
        ({"combined": [code("Hispanic")]}, "hispanic"),
        ({"hispanic_or_latino": False, "races": [code("White"), code("Asian")]}, "two-or-more"),
        ({"races": [code("NativeHawaiianOrOtherPacificIslander")]}, "pacific-islander"),
        ({"races": [code("Native Hawaiian or Pacific Islander")]}, "pacific-islander"),
        ({"races": [code("Black or African American")]}, "black"),
        ({"races": [code("unheard of")]}, "not-said"),
        ({"declined": True}, "not-said"),
    ],
)
def test_race_and_ethnicity_are_the_federal_categories(answer: dict[str, Any], word: str) -> None:
    assert said(record(demographics={"race_ethnicity": answer}))["race-ethnicity"] == word


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ("5", "05"), ("Kindergarten", "kg"), ("12", "12"), ("PK", "pk"), ("UG", "other"), ("Ninth grade", "09"), ("First grade", "01"),
        ("Twelfth grade", "12"), ("Preschool/Prekindergarten", "pk"), ("Transitional Kindergarten", "kg"), ("Postsecondary", "other"),
    ],
)  # fmt: skip
def test_the_grade_is_that_of_the_last_enrolment_that_says_one(given: str, word: str) -> None:
    earlier = {**HERE, "entry_date": "2024-08-20", "grade": code("01")}
    enrolled = record(enrollment={"enrollments": [earlier, {**HERE, "grade": code(given)}, {**HERE, "entry_date": "2026-09-20"}]})
    assert said(enrolled)["grade"] == word


def test_a_programme_counts_while_it_holds() -> None:
    ended = {"homeless": {"served": True, "end_date": "2026-10-19"}, "migrant": {"status": code("No")}, "gifted": {"status": code("Yes")}}
    told = said(record(programmes=ended))
    assert (told["homeless"], told["migrant"], told["gifted"], told["title-i"]) == ("no", "no", YES, NO)
    assert said(record(programmes={"homeless": {"served": True, "end_date": "2026-10-20"}}))["homeless"] == "yes"
    assert said(record(enrollment={"enrollments": [HERE]}))["gifted"] == UNKNOWN


@pytest.mark.parametrize(("status", "told"), [("Limited", "yes"), ("Limited Monitored 1", "no"), ("NotLimited", "no")])
def test_what_ed_fi_says_of_a_students_english_counts_who_is_a_learner(status: str, told: str) -> None:
    held = {"status": {"system": "uri://ed-fi.org/LimitedEnglishProficiencyDescriptor", "code": status}}
    assert said(record(programmes={"english_learner": held}))["english-learner"] == told
    of_another_list = {"status": {"system": "uri://elsewhere.example/Limits", "code": status}}
    assert said(record(programmes={"english_learner": of_another_list}))["english-learner"] == "no"


@pytest.mark.parametrize(("day", "told"), [("2026-10-20", "idea"), ("2026-10-19", "none-known")])
def test_whoever_has_left_special_education_is_counted_to_the_day_of_it(day: str, told: str) -> None:
    held = {"eligible": True, "served_until": "2026-05-29", "exited_on": day}
    assert said(record(special_education={"eligibility": held}))["disability"] == told


@pytest.mark.parametrize(("absent", "told"), [("18", YES), ("17.99", NO), ("0", NO)])
def test_a_tenth_of_the_days_of_the_last_year_is_chronic(absent: str, told: int) -> None:
    years = [
        {"school_year": 2025, "days_enrolled": "180", "days_absent": "100"},
        {"school_year": 2026, "days_enrolled": "100", "days_absent": absent},
        {"school_year": 2026, "days_enrolled": "80", "days_absent": "0"},
    ]
    assert said(record(attendance={"summary": years}))["chronically-absent"] == told


def test_discipline_is_an_incident_of_a_year_that_an_action_followed() -> None:
    def incident(day: str, *, followed: bool = True) -> dict[str, Any]:
        return {"incident_date": day, "role": code("Perpetrator")} | ({"actions": [{"action": code("03100")}]} if followed else {})

    enrolled = {"enrollments": [HERE]}
    for incidents, told in (
        ([incident("2026-10-20")], YES),
        ([incident("2025-10-20")], NO),
        ([incident("2026-10-01", followed=False)], NO),
    ):
        assert said(record(enrollment=enrolled, discipline={"incidents": incidents}))["disciplined"] == told
    assert said(record(enrollment=enrolled))["disciplined"] == NO


def test_a_result_on_another_states_scale_is_no_proficiency_here() -> None:
    def result(day: str, level: str) -> dict[str, Any]:
        return {
            "assessment": code("M"), "administered_on": day, "subject": code("01166"),
            "performance_level": {"system": "XA:levels", "code": level},
        }  # fmt: skip

    tests = {"results": [result("2026-04-20", "3"), result("2025-04-20", "1")]}
    assert said(record(assessments=tests))["proficient-mathematics"] == 4
    assert said(record(assessments=tests))["proficient-english"] == UNKNOWN
    assert said(record("https://birch.example#1", assessments=tests))["proficient-mathematics"] == UNKNOWN
    assert (
        said(record(assessments={"results": [result("2026-04-20", "3") | {"subject": code("English Language Arts")}]}))[
            "proficient-english"
        ]
        == 4
    )


def test_moves_between_states_are_told_by_the_exchange_or_else_by_the_codes() -> None:
    entered = {"enrollments": [{**HERE, "entry_type": code("01823"), "exit_date": "2026-09-30", "exit_type": code("01909")}]}
    told = said(record(enrollment=entered))
    assert (told["arrived-from"], told["left-for"]) == ("another-state", "another-state")
    assert said(record(enrollment=entered), arrived_from="XB")["arrived-from"] == "xb"
    assert said(record(enrollment={"enrollments": [{**HERE, "entry_type": code("74001")}]}))["arrived-from"] == "this-state"
    for entry, exit_, words in (
        ("Transfer", "Transferred", ("not-said", "not-said")),
        ("Next year school", "Graduated", ("this-state", "finished-or-other")),
        ("Re-entry", "01907", ("this-state", "this-state")),
    ):
        there = {**HERE, "entry_type": code(entry), "exit_date": "2026-09-30", "exit_type": code(exit_)}
        told = said(record(enrollment={"enrollments": [there]}))
        assert (told["arrived-from"], told["left-for"]) == words
    assert (
        state_of([{"entry_date": "2024-01-01", "school": {"state": "XA"}}, {"entry_date": "2025-01-01", "school": {"state": "XB"}}]) == "XB"
    )
    assert state_of([{"entry_date": "2024-01-01", "school": {"name": "x"}}]) is None


def test_a_whole_record_is_coded_and_none_of_its_texts_is_in_the_code() -> None:
    code = coded(whole_record(), arrived_from="ZZ", today=TODAY)
    assert len(code) == WIDTH
    assert max(code) < 64


@given(words=st.lists(st.text(min_size=1, max_size=12).filter(str.strip), min_size=8, max_size=8))
def test_whatever_a_source_writes_is_coded(words: list[str]) -> None:
    told = said(
        record(
            identity={"sex": code(words[0])},
            demographics={"race_ethnicity": {"races": [code(words[1])]}},
            enrollment={"enrollments": [{**HERE, "grade": code(words[2]), "entry_type": code(words[3]), "exit_type": code(words[4])}]},
            programmes={"english_learner": {"status": code(words[5])}, "meal_status": {"eligibility": code(words[6])}},
        ),
        arrived_from=words[7],
    )
    assert all(told[name] in WORDS[name] for name in DIMENSIONS)
