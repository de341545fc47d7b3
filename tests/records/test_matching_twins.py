"""Twins are never matched without a person: 500 pairs, swapped ids among them; and ordinary children are."""

from datetime import date
from uuid import UUID

import pytest

from node.synthetic import ALDER, students, twin_pairs
from safepassage.record import StudentRecord
from services.records.matching import Certain, NeedsPerson, match
from services.records.matching_person import Candidate, candidate_of


@pytest.mark.requirement("HARD-1")
@pytest.mark.parametrize("knows", ["everything", "no id", "id only", "no guardian"])
def test_five_hundred_pairs_of_twins_never_match_automatically(knows: str) -> None:
    asked = 0
    for pair in twin_pairs(500):
        both = [candidate_of(twin.student_id, twin.record) for twin in pair]
        for twin in pair:
            selector = twin.selector
            if knows == "no id":
                selector = selector.model_copy(update={"state_student_id": None})
            elif knows == "id only":
                selector = selector.model_copy(
                    update={"former_school_nces_id": None, "former_district_nces_id": None, "guardian_last_name": None}
                )
            elif knows == "no guardian":
                selector = selector.model_copy(update={"guardian_last_name": None})
            found = match(selector, both)
            assert isinstance(found, NeedsPerson)
            assert set(found.student_ids) == {twin.student_id for twin in pair}
            asked += 1
    assert asked == 1000


def test_a_twin_whose_sibling_is_not_here_needs_a_person_if_the_record_says_twin() -> None:
    for one, _ in twin_pairs(50):
        found = match(one.selector, [candidate_of(one.student_id, one.record)])
        assert isinstance(found, NeedsPerson) or not one.record.document()["identity"].get("multiple_birth")


def test_the_synthetic_state_matches_ordinary_children_and_asks_about_the_hard_ones() -> None:
    everyone = list(students(ALDER, as_of=date(2026, 10, 20), count=200))
    origin = {"originating_agency": "x", "source_system": "y", "as_of": "2026-10-20T00:00:00.000Z"}
    candidates: list[Candidate] = []
    for number, one in enumerate(everyone):
        document = one.load.record.document()
        contested = {"discipline": {"contested_by": [s["id"] for s in document.get("statements", [])]}}
        provenance = {name: origin | contested.get(name, {}) for name in document if name != "statements"}
        candidates.append(candidate_of(UUID(int=number), StudentRecord.model_validate(document | {"provenance": provenance})))
    by_day: dict[date | None, list[Candidate]] = {}
    for candidate in candidates:
        by_day.setdefault(candidate.birth_date, []).append(candidate)
    right = person = 0
    for number, one in enumerate(everyone):
        near = [c for c in candidates if one.true_state_id in c.state_ids]
        near += [c for c in by_day.get(one.selector.birth_date, ()) if c not in near]
        found = match(one.selector, near)
        if isinstance(found, Certain):
            assert found.student_id == UUID(int=number)
            right += 1
        else:
            assert isinstance(found, NeedsPerson)
            assert UUID(int=number) in found.student_ids
            assert one.twin_of is not None or one.case is not None
            person += 1
    assert right / len(everyone) > 0.9
    assert person >= 4
