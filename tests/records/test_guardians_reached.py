"""Where parents and guardians are reached follows the rosters; whose the rights are does not."""

from typing import Any
from uuid import uuid4

import pytest

from safepassage.record.contacts import Guardian
from safepassage.record.loads import LoadedRecord
from services.records.formats.edfi_api import read_edfi_api
from services.records.loading_rosters import over
from tests.records.formats.edfi_bodies import bodies

MOTHER = {"name": {"first": "Mariana", "last_1": "L\u00f3pez"}, "relation": {"system": "ceds:000425", "code": "Mother"}}
OLD = [{"number": "(950) 555-0001"}]
NEW = [{"number": "(950) 555-0002"}]
AUNT = {"name": {"first": "Eva", "last_1": "Pratt"}, "relation": {"system": "ed-fi", "code": "Aunt"}}
DOCUMENTS = [{"kind": "rights-revoked", "reference": "23-1187"}]
ENDED = {"ended_on": "2024-05-01", "ended_by": "23-1187"}


def record(*guardians: dict[str, Any]) -> LoadedRecord:
    return LoadedRecord.model_validate({"contacts": {"guardians": list(guardians)}})


def after(before: LoadedRecord, *said: dict[str, Any]) -> list[Guardian]:
    made = over(before, record(*said), carries=frozenset(), updates=frozenset()).contacts
    assert made is not None
    return list(made.guardians or ())


@pytest.mark.requirement("FERPA-99.4")
def test_where_a_guardian_is_reached_is_as_the_roster_says_and_the_rights_are_as_they_were() -> None:
    held = {**MOTHER, "person_id": str(uuid4()), "rights": ENDED, "court_documents": DOCUMENTS, "telephones": OLD, "priority": 1}
    roster = {**MOTHER, "relation": {"system": "ed-fi", "code": "mother"}, "rights": {}, "telephones": NEW, "language": "spa"}
    [one] = after(record(held), roster)
    assert [telephone.number for telephone in one.telephones or ()] == ["(950) 555-0002"]
    assert (one.language, one.priority) == ("spa", 1)
    assert one == Guardian.model_validate({**held, "telephones": NEW, "language": "spa"})


@pytest.mark.requirement("FERPA-99.4")
def test_whoever_is_new_comes_as_one_to_reach_and_never_as_one_who_holds_rights() -> None:
    father = {**MOTHER, "name": {"first": "Luis", "last_1": "Ortega"}, "rights": {}}
    told = after(record({**MOTHER, "rights": {}}), {**MOTHER, "rights": {}}, AUNT, father)
    assert [one.name.first for one in told] == ["Mariana", "Eva"]
    assert [one.rights is None for one in told] == [False, True]


def test_of_two_of_one_name_and_relation_nobody_is_taken_for_the_other() -> None:
    senior, junior = ({**MOTHER, "telephones": [{"number": number}]} for number in ("1", "2"))
    assert after(record(senior, junior), {**MOTHER, "telephones": NEW}) == list(record(senior, junior).contacts.guardians)  # type: ignore[union-attr,arg-type]  # there is one
    assert after(record({**MOTHER, "telephones": OLD}), senior, junior)[0].telephones[0].number == "(950) 555-0001"  # type: ignore[index]  # there is one


def test_an_address_that_is_protected_stays_so_and_another_too_unless_the_roster_says_no() -> None:
    shelter = {"street": "5 Quiet Lane", "city": "Alder", "postal_code": "00501"}
    held = {**MOTHER, "addresses": [{**shelter, "protected": True}]}
    [same] = after(record(held), {**MOTHER, "addresses": [{**shelter, "street": "5 QUIET LANE"}]})
    [moved] = after(record(held), {**MOTHER, "addresses": [{**shelter, "street": "9 Elm"}]})
    [opened] = after(record(held), {**MOTHER, "addresses": [{**shelter, "street": "9 Elm", "protected": False}]})
    assert [one.addresses[0].protected for one in (same, moved, opened)] == [True, True, False]  # type: ignore[index]  # there is one


def test_a_telephone_that_an_ed_fi_system_has_changed_arrives() -> None:
    first = read_edfi_api(bodies())
    said = bodies()
    said["contacts"][0]["telephones"][0]["telephoneNumber"] = "(950) 555-0177"
    roster = read_edfi_api(said)
    before, now = first.students[0].record, roster.students[0].record
    assert before is not None
    assert now is not None
    made = over(before, now, carries=roster.carries, updates=roster.updates).document()["contacts"]["guardians"]
    assert made == now.document()["contacts"]["guardians"] != before.document()["contacts"]["guardians"]
