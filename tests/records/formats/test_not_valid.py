"""What is not valid is told by resource, member, rule, count and place, and by no value and no name of the sender's own."""

import json
from codecs import BOM_UTF8
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.synthetic import ALDER, students
from safepassage.record.loads import NotValid
from services.records.formats.edfi_api import read_edfi_api
from services.records.formats.not_valid import MOST, SHOWN, Fault, Faults
from services.records.formats.own_json import read_own_json
from tests.records.formats.edfi_bodies import bodies, d
from tests.records.whole_record import CANARY


def told(given_bodies: dict[str, list[dict[str, Any]]]) -> set[tuple[str, str, str, int, tuple[str, ...]]]:
    faults = read_edfi_api(given_bodies).findings.faults.told()
    return {(one.resource, one.member, one.rule, one.count, one.positions) for one in faults}


@pytest.mark.requirement("FORM-quality")
def test_each_member_that_is_not_valid_is_told_with_its_rule_and_its_places() -> None:
    said = bodies()
    said["students"][0]["birthCity"] = CANARY * 10
    del said["studentSchoolAssociations"][0]["entryDate"]
    said["studentSchoolAttendanceEvents"] += [{**said["studentSchoolAttendanceEvents"][0], "eventDuration": CANARY} for _ in range(2)]
    said["courseTranscripts"][0]["academicSubjects"][0]["academicSubjectDescriptor"] = 7
    said["studentHomelessProgramAssociations"][0]["endDate"] = "2020-01-01"
    assert told(said) == {
        ("students", "birthCity", "max-length", 1, ("students:1",)),
        ("studentSchoolAssociations", "entryDate", "required", 1, ("studentSchoolAssociations:1",)),
        (
            "studentSchoolAttendanceEvents",
            "eventDuration",
            "type",
            2,
            ("studentSchoolAttendanceEvents:2", "studentSchoolAttendanceEvents:3"),
        ),
        ("courseTranscripts", "academicSubjects.academicSubjectDescriptor", "type", 1, ("courseTranscripts:1",)),
        ("studentHomelessProgramAssociations", "homeless", "value_error", 1, ("studentHomelessProgramAssociations:1",)),
    }


def test_of_what_is_valid_nothing_is_told() -> None:
    assert told(bodies()) == set()


def test_a_line_of_ours_that_is_not_valid_is_told_member_by_member_and_a_name_that_we_do_not_have_by_none() -> None:
    [one, *_] = students(ALDER, as_of=date(2026, 10, 20), count=1)
    good = one.load.model_dump(mode="json", exclude_none=True)
    bad = json.loads(json.dumps(good))
    bad["record"]["identity"] |= {"ssn": CANARY, CANARY: 1}
    del bad["as_of"]
    parsed = read_own_json("\n".join(map(json.dumps, (good, bad))).encode())
    found = {(fault.member, fault.rule, fault.positions) for fault in parsed.findings.faults.told()}
    assert found == {
        ("as_of", "missing", ("line:2",)),
        ("record.identity.ssn", "string_pattern_mismatch", ("line:2",)),
        ("record.identity.*", "extra_forbidden", ("line:2",)),
    }


def test_the_first_line_of_ours_is_read_behind_a_byte_order_mark() -> None:
    [one, *_] = students(ALDER, as_of=date(2026, 10, 20), count=1)
    parsed = read_own_json(BOM_UTF8 + json.dumps(one.load.model_dump(mode="json", exclude_none=True)).encode())
    assert [(student.source_id, student.position) for student in parsed.students] == [(one.load.source_id, "line:1")]


anything = st.recursive(
    st.none() | st.booleans() | st.integers(1000, 2000) | st.just(CANARY) | st.just(d("X", CANARY)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just(CANARY) | st.just("schoolId"), inner, max_size=2),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_is_not_valid_no_value_and_no_name_of_the_senders_is_told(data: st.DataObject) -> None:
    said = bodies()
    resource = data.draw(st.sampled_from(sorted(set(said) - {"students"})))
    member = data.draw(st.sampled_from(sorted(said[resource][0])))
    said[resource][0][member] = data.draw(anything)
    findings = read_edfi_api(said).findings
    faults = findings.faults.told()
    assert CANARY not in repr(faults)
    assert bool(faults) == bool(findings.reasons["not-valid"])
    assert all(NotValid.model_validate(one.model_dump()) == one for one in faults)


def test_only_so_many_places_and_kinds_are_told_and_all_are_counted() -> None:
    faults = Faults()
    for number in range(SHOWN + 30):
        faults.add(f"students:{number}", [Fault("birthCity", "type")])
    for number in range(MOST + 5):
        faults.add("students:1", [Fault(f"m{number}", "type")])
    first, *others = faults.told()
    assert (first.count, len(first.positions), len(others)) == (SHOWN + 30, SHOWN, MOST - 1)
