"""Statements of several sources beside one record: none twice, none lost, and a record that is read whatever others send (99.21(c))."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID, uuid4, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.problems.requests import InvalidRequest
from safepassage.record import StatementOfDisagreement, StudentRecord
from safepassage.record.loads import LoadedRecord
from services.records.loading_students import as_record
from services.records.reading import read_record
from services.records.record_sources import chosen_sources, merged, parts_of, record_of
from services.records.statements_beside import MOST
from tests.records.conftest import NOON
from tests.records.test_storing import LEA, Store, arriving, store
from tests.records.whole_record import whole_record

__all__ = ["store"]

pytestmark = pytest.mark.anyio

SECTIONS = ("identity", "health", "discipline", "attendance")
WHOLE = dict(whole_record().sections())


def statement(*about: str, id_: UUID | None = None, text: str = "That is not so.") -> StatementOfDisagreement:
    return StatementOfDisagreement(id=id_ or uuid4(), relates_to=about, statement=text, placed_by="parent", placed_on=date(2026, 1, 2))


def record(sections: Sequence[str], *statements: StatementOfDisagreement) -> StudentRecord:
    loaded = LoadedRecord.model_validate({**{name: WHOLE[name] for name in sections}, "statements": statements})
    return as_record(loaded, originating_agency=str(LEA), source_system="SIS", as_of=NOON)


def of_both(own: StudentRecord, received: StudentRecord) -> StudentRecord:
    return record_of(merged([*parts_of(received, source="theirs", version=2), *parts_of(own, source="own", version=1)]))


def test_a_statement_whose_parts_are_of_two_sources_stands_once_and_names_both() -> None:
    one = uuid4()
    both = of_both(record(["health"], statement("health", id_=one)), record(["discipline"], statement("discipline.incidents", id_=one)))
    assert [(held.id, held.relates_to) for held in both.statements] == [(one, ("health", "discipline.incidents"))]
    assert [both.provenance[name].contested_by for name in ("health", "discipline")] == [(one,), (one,)]


def test_two_statements_under_one_id_both_stand_each_beside_its_own_part() -> None:
    one = uuid4()
    received = record(["discipline"], statement("discipline", id_=one, text="Nor is that."))
    both = of_both(record(["health"], statement("health", id_=one)), received)
    another = uuid5(one, "theirs")
    assert {held.id: (held.relates_to, held.statement) for held in both.statements} == {
        one: (("health",), "That is not so."),
        another: (("discipline",), "Nor is that."),
    }
    assert both.provenance["discipline"].contested_by == (another,)


def test_what_comes_with_more_statements_than_a_record_may_have_stays_with_its_source() -> None:
    own = record(["identity", "health"], *[statement("health") for _ in range(MOST)])
    received = record(["discipline", "attendance"], statement("discipline"))
    both = of_both(own, received)
    assert [name for name, _ in both.sections()] == ["identity", "attendance", "health"]
    assert both.statements == own.statements
    parts = [*parts_of(received, source="theirs", version=2), *parts_of(own, source="own", version=1)]
    assert chosen_sources(parts) == {"identity": "own", "health": "own", "attendance": "theirs"}


@st.composite
def sources(draw: st.DrawFn) -> StudentRecord:
    """A record with statements whose ids and texts others may have too."""
    there = draw(st.lists(st.sampled_from(SECTIONS), min_size=1, unique=True))
    ids = draw(st.lists(st.integers(1, 60), unique=True, max_size=50))
    return record(
        there,
        *(
            statement(*draw(st.lists(st.sampled_from(there), min_size=1, unique=True)), id_=UUID(int=one), text=draw(st.sampled_from("ab")))
            for one in ids
        ),
    )


@given(st.lists(sources(), min_size=1, max_size=3))
def test_a_record_is_read_whatever_its_sources_say(said: list[StudentRecord]) -> None:
    read = record_of(merged([part for n, one in enumerate(said) for part in parts_of(one, source=f"s{n}", version=n)]))
    assert read.sections()  # and the model has checked statements and marks


async def test_a_child_who_comes_back_with_a_statement_is_filed(store: Store) -> None:
    one = uuid4()
    [stored] = await store.store(arriving(record(["identity", "health"], statement("health", id_=one))))
    await store.receive(record(["identity", "discipline"], statement("discipline", id_=one)), stored.student_id)
    async with store.database.reading() as tx:
        read = (await read_record(tx, store.vault, stored.student_id)).record
    assert [(held.id, held.relates_to) for held in read.statements] == [(one, ("health", "discipline"))]


async def test_more_statements_than_a_record_may_have_are_refused_and_none_is_left_out_for_them(store: Store) -> None:
    first = record(["identity", "health"], *[statement("health") for _ in range(30)])
    [stored] = await store.store(arriving(first))
    with pytest.raises(InvalidRequest) as refused:
        await store.store(arriving(record(["identity", "health"], *[statement("health") for _ in range(30)]), student_id=stored.student_id))
    assert refused.value.as_problem().field == "record.statements"
    async with store.database.reading() as tx:
        assert (await read_record(tx, store.vault, stored.student_id)).record.statements == first.statements
