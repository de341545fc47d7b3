"""Children as records have them, for the hard cases."""

from typing import Any
from uuid import UUID

from safepassage.record import StudentRecord
from safepassage.wire_exchange import PersonSelector
from services.records.linking.persons import LinkedPerson, linked_person
from services.records.matching import Match, match
from services.records.matching_person import Candidate, candidate_of

SCHOOL, DISTRICT = "030001000012", "0300010"
HOME = {"street": "12 Lantern Way", "city": "Tinsmith", "state": "XA", "postal_code": "00014"}
MOTHER = {"first": "Ana", "last_1": "Okafor"}
ORIGIN = {"originating_agency": "x", "source_system": "y", "as_of": "2026-10-20T00:00:00.000Z"}

Child = dict[str, Any]


def child(**changes: Any) -> Child:
    """One child's facts, as changed: first, middle, last_1, last_2, suffix, born, twin, state_id, mother, address, telephone, others."""
    return {"first": "Jordan", "last_1": "Hadley", "born": "2012-05-20", "sex": "Female", "mother": MOTHER, "address": HOME, **changes}


def record(of: Child) -> StudentRecord:
    """A record of these facts."""
    name = {part: of[part] for part in ("first", "middle", "last_1", "last_2", "suffix") if of.get(part)}
    identity: dict[str, Any] = {"name": name, "birth_date": {"birth_date": of["born"]}, "sex": {"system": "s", "code": of["sex"]}}
    if "twin" in of:
        identity["multiple_birth"] = {"indicator": of["twin"]}
    if "state_id" in of:
        identity["identifiers"] = [{"kind": "state", "system": "XA", "value": of["state_id"]}]
    if "others" in of:
        identity["other_names"] = of["others"]
    contacts: dict[str, Any] = {}
    if of["address"]:
        contacts["addresses"] = [of["address"]]
    if "telephone" in of:
        contacts["telephones"] = [{"number": of["telephone"]}]
    if of["mother"]:
        contacts["guardians"] = [{"name": of["mother"], "relation": {"system": "s", "code": "Mother"}, "rights": {}}]
    grade = {"grade": {"system": "ceds:000100", "code": of["grade"]}} if "grade" in of else {}
    enrolled = [{"school": {"nces_id": SCHOOL}, "district": {"nces_id": DISTRICT}, "entry_date": "2026-08-24", **grade}]
    document = {"identity": identity, "enrollment": {"enrollments": enrolled}} | ({"contacts": contacts} if contacts else {})
    return StudentRecord.model_validate(document | {"provenance": dict.fromkeys(document, ORIGIN)})


def candidate(number: int, of: Child) -> Candidate:
    """As matching has it."""
    return candidate_of(UUID(int=number), record(of))


def person(key: str, of: Child) -> LinkedPerson:
    """As linking has it."""
    held = record(of)
    return linked_person(key, held, candidate_of(UUID(int=1), held))


def asked(of: Child, *candidates: Child, **knows: Any) -> Match:
    """What is answered to a request for the child `of` by a node that has these; the family knows the school and the mother's name."""
    said = {
        "first_name": of["first"],
        "middle_name": of.get("middle"),
        "last_name": " ".join(part for part in (of["last_1"], of.get("last_2")) if part),
        "birth_date": of["born"],
        "state_student_id": of.get("state_id"),
        "former_school_nces_id": SCHOOL,
        "guardian_last_name": of["mother"]["last_1"] if of["mother"] else None,
        **knows,
    }
    return match(PersonSelector.model_validate(said), [candidate(number, one) for number, one in enumerate(candidates, 1)])
