"""What stays of a record of which a parent has all destroyed but the permanent record (34 CFR 300.624(b))."""

from typing import Any

from safepassage.record import StudentRecord
from services.records.permanent_record import PERMANENT, permanent_parts
from services.records.record_sources import KEPT, Part, merged, parts_of, record_of
from services.records.tables import OWN
from tests.records.whole_record import whole_record

EXCHANGE = "01980000-0000-7000-8000-0000000000e1"
STATEMENT = "018f0000-0000-7000-8000-000000000001"
ORIGIN = {"originating_agency": "0300010", "source_system": "test", "as_of": "2026-03-01T00:00:00.000Z"}


def record(*, relates_to: tuple[str, ...]) -> StudentRecord:
    """One with a mark and an incident, of which a statement contests these parts."""
    contested = {target.partition(".")[0] for target in relates_to}
    sections: dict[str, Any] = {
        "identity": {"name": {"first": "Ana", "last_1": "Ortiz"}, "birth_date": {"birth_date": "2012-05-06"}},
        "academics": {"transcript": [{"course": {"title": "Algebra", "local_code": {"system": "x", "code": "A1"}}, "school_year": 2026}]},
        "discipline": {"incidents": [{"incident_date": "2025-10-01", "role": {"system": "ceds:001373", "code": "Perpetrator"}}]},
    }
    statement = {"id": STATEMENT, "relates_to": relates_to, "statement": "No.", "placed_by": "parent", "placed_on": "2025-11-02"}
    provenance = {name: ORIGIN | ({"contested_by": [STATEMENT]} if name in contested else {}) for name in sections}
    return StudentRecord.model_validate({**sections, "provenance": provenance, "statements": [statement]})


def test_what_the_paragraph_names_stays_of_each_source_and_nothing_else() -> None:
    whole = whole_record()
    parts = [
        *parts_of(whole, source=OWN, version=3),
        *parts_of(whole, source=EXCHANGE, version=2),
        Part(KEPT, OWN, 3, {"resources": b"{}"}),
    ]
    staying = permanent_parts(parts)
    assert {(part.source, part.version) for part in staying} == {(OWN, 3), (EXCHANGE, 2)}
    for source in (OWN, EXCHANGE):
        kept = record_of(merged([part for part in staying if part.source == source]))
        assert kept.elements() == PERMANENT
        assert kept.identity is not None
        assert kept.identity.name == whole.identity.name  # type: ignore[union-attr]  # a whole record has one


def test_a_statement_stays_with_what_it_contests_and_goes_with_what_goes() -> None:
    kept = record_of(merged(permanent_parts(parts_of(record(relates_to=("academics.transcript", "discipline")), source=OWN, version=1))))
    [statement] = kept.statements
    assert statement.relates_to == ("academics.transcript",)
    assert kept.discipline is None
    gone = record_of(merged(permanent_parts(parts_of(record(relates_to=("discipline.incidents",)), source=OWN, version=1))))
    assert gone.statements == ()


def test_of_who_has_nothing_of_it_nothing_stays() -> None:
    health = {"health": {"alerts": [{"condition": {"system": "x", "code": "asthma"}, "name": "Asthma"}]}, "provenance": {"health": ORIGIN}}
    assert permanent_parts(parts_of(StudentRecord.model_validate(health), source=OWN, version=1)) == []
