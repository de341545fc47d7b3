"""The synthetic states: the same every time, nobody real, and every hard case there."""

import re
from collections import Counter
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import get_args

import pytest

from node.synthetic import ALDER, BIRCH, CASES, StatePlan, organisations, students
from node.synthetic.edfi_organisations import organisation_element
from node.synthetic.identifiers import check_digit, state_student_id
from node.synthetic.profiles import PROFILES
from node.synthetic.states import DistrictKind
from node.synthetic.students import SyntheticStudent
from node.synthetic.truth import truth_of, write_truth

DAY = date(2026, 10, 20)


@pytest.fixture(scope="module")
def alder() -> list[SyntheticStudent]:
    return list(students(ALDER, as_of=DAY))


def _case(everyone: list[SyntheticStudent], case: str) -> list[SyntheticStudent]:
    return [one for one in everyone if one.case == case]


def test_the_same_seed_and_day_give_the_same_students_whatever_the_count(alder: list[SyntheticStudent]) -> None:
    assert alder[:40] == list(students(ALDER, as_of=DAY, count=40))
    assert alder[:5] != list(students(ALDER, as_of=DAY, seed=2, count=5))
    assert len({one.person_id for one in alder}) == len(alder) == 200


@pytest.mark.parametrize(
    ("state", "digest"),
    [
        (ALDER, "ea937bdded1d2f445d43b0ac2962503da341e9fc1b67e1b5d43edd48d4e34a9e"),
        (BIRCH, "72e5c7ec7962eeba91f817991e720e6bdcd6b49f66dd8ef99eec194c4ffa6d1a"),
    ],
    ids=["Alder", "Birch"],
)
def test_the_demos_students_are_those_of_the_version_before(state: StatePlan, digest: str) -> None:
    said = sha256()
    for one in students(state, as_of=DAY, count=60):
        said.update(one.load.model_dump_json(exclude_none=True).encode() + str(one.person_id).encode())
    assert said.hexdigest() == digest


@pytest.mark.parametrize("state", [ALDER, BIRCH], ids=lambda state: state.name)
def test_ids_and_contact_points_cannot_be_real(state: StatePlan) -> None:
    text = "".join(one.load.record.model_dump_json(exclude_none=True) for one in students(state, as_of=DAY, count=60))
    assert set(re.findall(r'"postal_code":"(\d\d\d)', text)) == {"000"}
    assert set(re.findall(r'"nces_id":"(\d\d)', text)) == {state.fips}
    assert all(number[6:].startswith("555-01") for number in re.findall(r'"number":"([^"]+)"', text))
    assert all(address.endswith(".example") for address in re.findall(r'"address":"([^"]+)"', text))
    assert all(ssn[0] == "9" and ssn[3:5] == "00" for ssn in re.findall(r'"ssn":"(\d{9})"', text))


def test_alder_draws_checked_numbers_and_birch_counts() -> None:
    drawn = [state_student_id(ALDER, index, seed=1) for index in range(20_000)]
    assert len(set(drawn)) == len(drawn)
    assert all(len(one) == 11 and check_digit(one[:-1]) == one[-1] for one in drawn)
    assert [state_student_id(BIRCH, index, seed=1) for index in (0, 1)] == ["100000001", "100000002"]


def test_every_hard_case_is_there_and_is_what_it_says(alder: list[SyntheticStudent]) -> None:
    assert tuple(one.case for one in alder[: len(CASES)]) == CASES
    assert all(one.case is None for one in alder[len(CASES) :])
    record = {case: _case(alder, case)[0].load.record for case in CASES}
    contacts, identity = record["parent-rights-ended"].contacts, record["mover"].identity
    assert contacts is not None
    assert contacts.guardians is not None
    assert [bool(one.rights and one.rights.ended_by) for one in contacts.guardians] == [False, True]
    assert identity is not None
    assert identity.name is not None
    assert (identity.name.last_2, identity.ssn is not None) == ("López", True)
    assert record["statement-of-disagreement"].statements[0].relates_to == ("discipline.incidents",)
    for case, section, member in (
        ("iep", "special_education", "iep"),
        ("homeless", "programmes", "homeless"),
        ("meal-status", "programmes", "meal_status"),
        ("foster", "programmes", "foster"),
        ("military", "demographics", "military_connection"),
        ("ssn", "identity", "ssn"),
    ):
        assert getattr(getattr(record[case], section), member) is not None, case


def test_who_turned_18_is_of_age_on_the_day(alder: list[SyntheticStudent]) -> None:
    [grown] = _case(alder, "turned-18")
    assert grown.selector.birth_date.replace(year=grown.selector.birth_date.year + 18) < DAY


def test_swapped_twins_bear_each_others_ids_and_their_families_know_better(alder: list[SyntheticStudent]) -> None:
    one, other = _case(alder, "twins-swapped-ids")
    born, bears = [], []
    for twin in (one, other):
        identity = twin.load.record.identity
        assert identity is not None
        assert identity.identifiers is not None
        born.append(identity.birth_date)
        bears.append(identity.identifiers[0].value)
    assert born[0] == born[1]
    assert bears == [other.true_state_id, one.true_state_id]
    assert (one.twin_of, other.twin_of) == (other.index, one.index)


def test_twins_share_the_home_and_are_as_common_as_births() -> None:
    everyone = list(students(ALDER, as_of=DAY, count=300))
    pairs = [(one, everyone[one.twin_of]) for one in everyone if one.twin_of is not None and one.twin_of < len(everyone)]
    for one, other in pairs:
        assert one.load.record.contacts is not None
        assert other.load.record.contacts is not None
        assert one.load.record.contacts.addresses == other.load.record.contacts.addresses
        assert one.selector.birth_date == other.selector.birth_date
    assert 0.01 < len(pairs) / len(everyone) < 0.06


def test_a_record_has_about_the_size_asked_for() -> None:
    sizes = [
        len(one.load.record.model_dump_json(exclude_none=True).encode()) for one in students(ALDER, as_of=DAY, count=60, size_bytes=10_000)
    ]
    assert all(9_000 < size < 11_500 for size in sizes)


def test_days_of_the_summary_agree_with_the_events(alder: list[SyntheticStudent]) -> None:
    for one in alder[:30]:
        attendance = one.load.record.attendance
        assert attendance is not None
        assert attendance.summary is not None
        absent = sum(event.category.code.endswith("Absence") for event in attendance.events or ())
        assert sum(int(year.days_absent or 0) for year in attendance.summary) == absent


def test_the_tree_has_one_agency_and_its_districts_before_their_schools() -> None:
    tree = organisations(ALDER)
    seen: set[str] = set()
    for one in tree:
        assert one.parent is None or one.parent in seen
        seen.add(one.key)
    assert Counter(one.kind for one in tree) == {"sea": 1, "lea": 7, "school": 23}


def test_each_large_state_has_districts_of_every_kind_and_schools_enough() -> None:
    plans = PROFILES["state"].states()
    trees = [organisations(state) for state in plans]
    for tree in trees:
        assert {one.district for one in tree if one.kind == "lea"} == set(get_args(DistrictKind))
        assert 6 <= sum(one.kind == "lea" for one in tree) <= 8
        assert 40 <= sum(one.kind == "school" for one in tree) <= 60
    written = "".join(organisation_element(one, ALDER) for one in trees[0])
    between_them = {one.district for state in PROFILES["demo"].states() for one in organisations(state) if one.kind == "lea"}
    assert between_them == set(get_args(DistrictKind))
    for kind in ("charter", "virtual", "garrison", "state-operated"):
        assert f"LocalEducationAgencyCategoryDescriptor#{kind}<" in written


def test_ground_truth_is_written_apart(alder: list[SyntheticStudent], tmp_path: Path) -> None:
    assert write_truth(tmp_path / "truth.csv", truth_of(alder)) == 200
    [header, first, *_] = (tmp_path / "truth.csv").read_text().splitlines()
    assert header.startswith("source_system,source_id,person_id")
    assert str(alder[0].person_id) in first
    assert not any(str(one.person_id) in one.load.model_dump_json() for one in alder)
