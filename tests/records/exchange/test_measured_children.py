"""Why a burst of exchanges seemed to stall: a child near one who came before waits for a person. Those who are measured are told apart."""

from datetime import date
from uuid import uuid4

from bench.exchange_children import told_apart
from node.synthetic import ALDER, SyntheticStudent, students
from safepassage.record import StudentRecord
from services.records.matching import NeedsPerson, match, transposed
from services.records.matching_person import candidate_of


def waits_for_a_person(child: SyntheticStudent, before: list[SyntheticStudent]) -> bool:
    """Whether the receiver, who has the others, asks a person whether this one is one of them."""
    born = child.selector.birth_date
    near = [one for one in before if one.selector.birth_date in (born, transposed(born))]
    candidates = [candidate_of(uuid4(), StudentRecord.model_validate(record_of(one))) for one in near]
    return isinstance(match(child.selector, candidates), NeedsPerson)


def record_of(one: SyntheticStudent) -> dict[str, object]:
    record = one.load.record
    origin = {"originating_agency": str(uuid4()), "source_system": "test", "as_of": "2026-09-01T00:00:00Z"}
    loaded = record.model_dump(mode="json", exclude_none=True, exclude={"statements"})
    return {**loaded, "v": 1, "statements": [], "provenance": {name: origin for name, _ in record.sections()}}


def test_among_ordinary_children_some_wait_for_a_person_and_of_those_who_are_measured_none() -> None:
    ordinary = [one for one in students(ALDER, as_of=date(2026, 9, 1), count=400) if one.case is None and one.twin_of is None]
    measured = list(told_apart(ordinary))
    assert any(waits_for_a_person(child, ordinary[:place]) for place, child in enumerate(ordinary))
    assert not any(waits_for_a_person(child, measured[:place]) for place, child in enumerate(measured))
