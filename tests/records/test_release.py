"""What leaves is exactly what was permitted."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.elements import BY_ID, ELEMENTS
from safepassage.problems.records import NothingToRelease, StatementOfDisagreementMissing
from safepassage.record import StudentRecord
from services.records.release import carrying_statements, part_of, release, released_document
from shared.contracts.privacy import PlacedStatement
from tests.records.whole_record import CANARY, whole_record

WHOLE = whole_record()
EVERY = frozenset(BY_ID)
MASKS = st.sets(st.sampled_from([element.id for element in ELEMENTS]), min_size=1)


def _canaries(value: object) -> set[str]:
    if isinstance(value, dict):
        return set().union(*(_canaries(part) for part in value.values()))
    if isinstance(value, list):
        return set().union(*(_canaries(part) for part in value))
    return {value} if isinstance(value, str) and value.startswith(CANARY) else set()


def test_the_whole_record_has_every_element() -> None:
    assert set(WHOLE.elements()) == EVERY


@pytest.mark.requirement("EX-6")
@given(mask=MASKS)
def test_exactly_the_mask_leaves(mask: set[str]) -> None:
    released = release(WHOLE, mask)
    assert set(released.elements()) == mask
    document, source = released.document(), WHOLE.document()
    permitted = set().union(*(_canaries(source[BY_ID[e].section][BY_ID[e].member]) for e in mask))
    statements = set().union(*(_canaries(s) for s in document.get("statements", [])))
    outside = _canaries({k: v for k, v in document.items() if k != "statements"})
    assert outside <= permitted
    missing = permitted - outside
    stays = _canaries([g["addresses"] for g in source["contacts"]["guardians"]])
    assert missing <= (stays if "contacts.addresses" not in mask else set())
    touched = any(e.startswith("discipline.") for e in mask) + ("identity.sex" in mask)
    assert len(statements) == touched


@pytest.mark.requirement("EX-7")
@given(mask=MASKS)
def test_what_is_withheld_looks_exactly_like_what_the_source_does_not_have(mask: set[str]) -> None:
    without = WHOLE.document()
    for element in ELEMENTS:
        if element.id not in mask:
            del without[element.section][element.member]
    poorer = {name: part for name, part in without.items() if part != {}}
    if "contacts.addresses" not in mask:
        for guardian in poorer.get("contacts", {}).get("guardians", []):
            del guardian["addresses"]
    assert released_document(poorer, EVERY if "contacts.addresses" in mask else EVERY - {"contacts.addresses"}) == released_document(
        WHOLE.document(), mask
    )


def test_releasing_twice_is_releasing_once() -> None:
    mask = {"identity.name", "identity.sex", "discipline.incidents", "contacts.guardians"}
    assert release(release(WHOLE, mask), mask) == release(WHOLE, mask)


def test_the_nodes_own_ids_of_persons_do_not_leave() -> None:
    released = release(WHOLE, EVERY)
    assert released.contacts is not None
    assert released.contacts.guardians is not None
    assert [guardian.person_id for guardian in released.contacts.guardians] == [None]


@pytest.mark.requirement("HARD-14")
def test_a_guardians_address_is_withheld_with_the_students_own() -> None:
    released = release(WHOLE, EVERY - {"contacts.addresses"})
    assert released.contacts is not None
    assert released.contacts.guardians is not None
    [guardian] = released.contacts.guardians
    assert guardian.addresses is None
    assert guardian.telephones is not None


def test_a_sealed_name_never_leaves() -> None:
    document = WHOLE.document()
    document["identity"]["other_names"] = [
        {"kind": "previous-legal", "first": "Sealed", "sealed": True},
        {"kind": "nickname", "first": "Open", "sealed": False},
    ]
    released = released_document(document, EVERY)
    assert [name["first"] for name in released["identity"]["other_names"]] == ["Open"]
    document["identity"]["other_names"].pop()
    assert "other_names" not in released_document(document, EVERY)["identity"]


def test_a_section_of_which_nothing_may_leave_is_not_there_at_all() -> None:
    document = WHOLE.document()
    document["identity"]["other_names"] = [{"kind": "previous-legal", "first": "Sealed", "sealed": True}]
    assert set(released_document(document, {"identity.other_names", "health.alerts"})) == {"v", "provenance", "health"}
    with pytest.raises(NothingToRelease):
        released_document(document, {"identity.other_names"})


def test_inside_the_agency_nothing_stays_back_of_what_was_asked_for() -> None:
    document = WHOLE.document()
    document["identity"]["other_names"] = [{"kind": "previous-legal", "first": "Sealed", "sealed": True}]
    record = StudentRecord.model_validate(document)
    part = part_of(record, {"identity.other_names", "contacts.guardians"}).document()
    assert part["identity"] == {"other_names": document["identity"]["other_names"]}
    assert part["contacts"] == {"guardians": document["contacts"]["guardians"]}


def test_a_statement_travels_with_what_it_relates_to_and_names_only_what_leaves() -> None:
    released = release(WHOLE, {"discipline.incidents", "identity.name"})
    [statement] = released.statements
    assert statement.relates_to == ("discipline",)
    assert released.provenance["discipline"].contested_by == (statement.id,)
    assert released.provenance["identity"].contested_by == ()


def test_a_contested_section_without_its_statement_does_not_leave() -> None:
    document = WHOLE.document()
    document["statements"] = [s for s in document["statements"] if s["relates_to"] != ["discipline"]]
    with pytest.raises(StatementOfDisagreementMissing):
        released_document(document, {"discipline.restraint"})
    assert released_document(document, {"health.alerts"})["health"]


PLACED = PlacedStatement(id=UUID(int=77), relates_to=("academics.transcript", "health"))
"""A statement that a hearing led to, and that the record does not hold yet."""


@pytest.mark.requirement("FERPA-99.21")
@pytest.mark.parametrize(
    ("permitted", "leaves"),
    [
        ({"academics.transcript"}, False),
        ({"identity.name", "health.alerts"}, False),
        ({"identity.name", "academics.current_courses"}, True),
        ({"discipline.incidents"}, True),
    ],
)
def test_a_part_does_not_leave_before_the_statement_placed_about_it_was_loaded(permitted: set[str], leaves: bool) -> None:
    owed = [PLACED, *(PlacedStatement(id=one.id, relates_to=one.relates_to) for one in WHOLE.statements)]
    if leaves:
        assert set(release(WHOLE, permitted, owed=owed).elements()) == {one for one in permitted if one in EVERY}
    else:
        with pytest.raises(StatementOfDisagreementMissing):
            release(WHOLE, permitted, owed=owed)
    kept = carrying_statements(WHOLE.document(), sorted(permitted), owed)
    assert set(kept) == {one for one in permitted if leaves or one == "identity.name"}


def test_once_it_was_loaded_the_part_leaves_with_it() -> None:
    document = WHOLE.document()
    statement = {
        "id": str(PLACED.id),
        "relates_to": ["academics.transcript"],
        "statement": "no",
        "placed_by": "parent",
        "placed_on": "2026-11-06",
    }
    document["statements"].append(statement)
    document["provenance"]["academics"]["contested_by"] = [str(PLACED.id)]
    record = StudentRecord.model_validate(document)
    [carried] = release(record, {"academics.transcript"}, owed=[PLACED]).statements
    assert carried.id == PLACED.id
    assert list(carrying_statements(record.document(), ["academics.transcript"], [PLACED])) == ["academics.transcript"]


def test_nothing_permitted_or_nothing_there_is_nothing_to_release() -> None:
    for mask in (set(), {"no.such"}):
        with pytest.raises(NothingToRelease):
            release(WHOLE, mask)
    only_name = release(WHOLE, {"identity.name"})
    with pytest.raises(NothingToRelease):
        release(only_name, {"health.alerts"})


def test_a_statement_about_two_sections_tells_nothing_of_the_one_withheld() -> None:
    document = WHOLE.document()
    identifier = document["statements"][0]["id"]
    document["statements"][0]["relates_to"] = ["discipline", "health.alerts"]
    document["provenance"]["health"]["contested_by"] = [identifier]
    released = release(StudentRecord.model_validate(document), {"health.alerts"})
    [statement] = released.statements
    assert (statement.id, statement.relates_to) == (UUID(identifier), ("health.alerts",))
