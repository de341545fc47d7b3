"""A state claims a child that never was in it: the truth knows, the record looks like what a form says, and nothing else moves."""

import json
import zipfile
from collections import Counter
from dataclasses import replace
from functools import cache
from math import sqrt
from pathlib import Path

import pytest

from node.synthetic.edfi_writer import write_edfi
from node.synthetic.oneroster_writer import OneRosterPackage
from node.synthetic.population import Population, SyntheticRecord
from node.synthetic.profiles import PROFILES
from node.synthetic.rates import DEFAULT
from safepassage.record.loads import NewStudent
from services.records.formats.archive import Archive
from services.records.formats.edfi_xml import read_edfi_xml
from tests.synthetic.claimed import DAY, holds, stays

COUNT = 200
MOVING = replace(DEFAULT, interstate=0.1, leaving=0.02, still_claimed=0.3, twins=0.1)


@cache
def made(share: float) -> tuple[tuple[SyntheticRecord, ...], ...]:
    """Of each state the records, where so many are claimed who never were there."""
    population = Population(PROFILES["demo"], as_of=DAY, rates=replace(MOVING, never_there=share), students=COUNT)
    return tuple(tuple(population.records(state)) for state in population.states)


def everyone(share: float) -> list[SyntheticRecord]:
    return [one for of_state in made(share) for one in of_state]


def pairs() -> list[tuple[SyntheticRecord, SyntheticRecord]]:
    """The record of the state in which the child never was, and of the one in which it is in school."""
    attends = {one.truth.person_id: one for one in everyone(1.0) if one.truth.claim == "attends"}
    return [(one, attends[one.truth.person_id]) for one in everyone(1.0) if one.truth.claim == "never-there"]


def test_the_child_is_in_school_in_one_state_and_on_the_rolls_of_another_that_knows_what_a_form_says() -> None:
    assert len(pairs()) > 100
    for feigned, attends in pairs():
        assert feigned.truth.source_system != attends.truth.source_system
        [claimed], present = stays(feigned), stays(attends)[0]
        assert (claimed["entry_date"], claimed["grade"]) == ("2026-08-24", present["grade"])
        assert not {"exit_date", "exit_type"} & {*claimed, *present}
        assert claimed["school"]["state"] != present["school"]["state"]
        assert set(feigned.document) == {"identity", "demographics", "contacts", "enrollment", "academics"}
        assert set(feigned.document["enrollment"]) == {"enrollments"}
        assert set(feigned.document["academics"]) == {"current_courses"}
        courses = feigned.document["academics"]["current_courses"]
        assert courses
        assert not any({"mark", "percentage", "as_of"} & one.keys() for one in courses)
        assert (feigned.truth.case, feigned.truth.twin_of_source_id) == (None, None)
        assert not any(word in json.dumps(feigned.load) for word in ('"claim"', "never-there", str(feigned.truth.person_id)))
        NewStudent.model_validate(feigned.load)
    records = Counter(one.truth.person_id for one in everyone(1.0) if one.truth.claim == "never-there")
    assert set(records.values()) == {1}


def test_who_ever_was_there_or_is_in_school_no_more_is_not_claimed_so() -> None:
    in_both = {one.truth.person_id for one in made(0.0)[0]} & {one.truth.person_id for one in made(0.0)[1]}
    feigned = {one.truth.person_id for one, _ in pairs()}
    assert len(in_both) > 20
    assert not in_both & feigned
    gone = {one.truth.person_id for one in everyone(0.0) if "exit_date" in stays(one)[0]}
    left_without_return = gone - {one.truth.person_id for one in everyone(0.0) if "exit_date" not in stays(one)[0]}
    assert left_without_return
    assert not left_without_return & feigned


def test_the_other_records_and_their_order_stay_as_they_are() -> None:
    for before, after in zip(made(0.0), made(1.0), strict=True):
        same, added = after[: len(before)], after[len(before) :]
        assert [one.load for one in same] == [one.load for one in before]
        assert [replace(one.truth, claim=None) for one in same] == [replace(one.truth, claim=None) for one in before]
        assert {one.truth.claim for one in added} == {"never-there"}
        assert "never-there" not in {one.truth.claim for one in same}
        ids = [one.source_id for one in after]
        assert len(set(ids)) == len(ids)
    assert made(1.0) == made.__wrapped__(1.0)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_it_is_as_often_as_is_asked(share: float) -> None:
    may, are = (sum(one.truth.claim == "never-there" for one in everyone(asked)) for asked in (1.0, share))
    assert abs(are - share * may) <= 4 * sqrt(may * share * (1 - share))


def test_the_files_of_the_field_have_such_a_child_too(tmp_path: Path) -> None:
    population = Population(PROFILES["demo"], as_of=DAY, rates=replace(MOVING, never_there=1.0), students=COUNT)
    alder = population.states[0]
    feigned = [one for one in made(1.0)[0] if one.truth.claim == "never-there"][:20]
    write_edfi(tmp_path / "edfi.zip", alder, feigned, as_of=DAY)
    parsed = read_edfi_xml(Archive.of_zip((tmp_path / "edfi.zip").read_bytes()))
    assert parsed.findings.faults.told() == ()
    assert len(parsed.students) == 20
    assert all(one.record is not None and one.record.attendance is None for one in parsed.students)
    package = OneRosterPackage(tmp_path / "oneroster.zip", alder, as_of=DAY)
    for one in feigned:
        package.add(one)
    package.close()
    with zipfile.ZipFile(tmp_path / "oneroster.zip") as files:
        users = files.read("users.csv").decode()
    assert all(one.source_id in users for one in feigned)


def test_by_its_days_such_a_claim_looks_like_a_move() -> None:
    """Case 22 of the hard ones, between states: the district that never had the child asks for the record.

    No hold is due where the child is at the old school since before: a move would look the same. It is of another state that claims the
    child in truth, or of the child's coming after that day, that the transfer is held.
    """
    held = Counter[tuple[str, ...]]()
    for feigned, attends in pairs():
        claims, at_school = stays(feigned)[0], stays(attends)
        codes = holds(claims, at_school)
        assert codes == (("concurrent-enrollment",) if claims["entry_date"] < at_school[0]["entry_date"] else ())
        held[codes] += 1
    assert held[()] > 100
