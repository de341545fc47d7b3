"""What is sealed is read back as it was; the node's own word goes before another's; statements stay with their source."""

from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.elements import BY_ID, ELEMENTS
from safepassage.record import StudentRecord
from safepassage.record.loads import LoadedRecord
from services.records.reading import opened
from services.records.record_sources import (
    STATEMENTS,
    Part,
    as_told_by,
    decoded,
    merged,
    parts_of,
    printed,
    record_of,
    written_sections,
)  # fmt: skip
from services.records.record_text import json_of
from services.records.release import members_of, part_of, release, released_document
from services.records.vault import DataKey
from tests.records.whole_record import whole_record

WHOLE = whole_record()
OTHER = whole_record(start=500_000)


def sealed_and_opened(record: StudentRecord, *, source: str = "own", version: int = 1) -> list[Part]:
    parts = parts_of(record, source=source, version=version)
    return [decoded(part.encoded(), section=part.section, source=source, version=version) for part in parts]


def test_a_record_is_the_same_after_it_was_sealed_in_parts() -> None:
    assert record_of(merged(sealed_and_opened(WHOLE))) == WHOLE


@given(mask=st.sets(st.sampled_from([element.id for element in ELEMENTS]), min_size=1))
def test_members_cut_out_of_the_json_of_a_record_are_as_each_is_written_by_itself(mask: set[str]) -> None:
    part = part_of(WHOLE, mask)
    loaded = LoadedRecord.model_validate({**dict(part.sections()), "statements": part.statements})
    cut = {name: one.members for name, one in written_sections(loaded, json_of(loaded)).items()}
    assert cut == {one.section: one.members for one in parts_of(part, source="own", version=1) if one.section != STATEMENTS}
    assert list(cut.get("identity", ())) == [one.partition(".")[2] for one in part.elements() if one.startswith("identity.")]


def test_the_json_of_a_record_is_what_a_load_knows_it_by() -> None:
    """By it a load knows again what it has loaded before: it is not to change."""
    for loaded in (LoadedRecord.model_validate(dict(WHOLE.sections())), LoadedRecord()):
        assert json_of(loaded) == loaded.model_dump_json(exclude_none=True).encode()


def test_a_member_that_changed_after_it_was_written_is_written_anew() -> None:
    assert WHOLE.identity is not None
    written, name = written_sections(WHOLE, json_of(WHOLE)), WHOLE.identity.name
    changed = WHOLE.model_copy(update={"identity": WHOLE.identity.model_copy(update={"name": None, "sex": OTHER.identity.sex})})  # type: ignore[union-attr]
    assert name is not None
    assert parts_of(changed, source="own", version=1, written=written) == parts_of(changed, source="own", version=1)
    assert parts_of(WHOLE, source="own", version=1, written=written) == parts_of(WHOLE, source="own", version=1)


@given(mask=st.sets(st.sampled_from([element.id for element in ELEMENTS]), min_size=1))
def test_cutting_the_texts_is_cutting_the_record(mask: set[str]) -> None:
    released = released_document(merged(sealed_and_opened(WHOLE)), mask)
    assert StudentRecord.model_validate_json(printed(released)) == release(WHOLE, mask)


@given(mask=st.sets(st.sampled_from([element.id for element in ELEMENTS]), min_size=1))
def test_opening_no_more_than_is_permitted_releases_the_same(mask: set[str]) -> None:
    """A page opens of each student what it releases; the statements come with it as with the whole record."""
    key = DataKey(UUID(int=1), bytes(32))
    parts = parts_of(WHOLE, source="own", version=1)
    place: dict[str, Any] = {part.section: {"section": part.section, "source": part.source, "version": part.version} for part in parts}
    rows = [SimpleNamespace(**place[part.section], sealed=key.seal(part.encoded(), **place[part.section])) for part in parts]
    only = members_of(mask) | {STATEMENTS: frozenset({STATEMENTS})}
    narrow = opened(key, rows, only=only)
    assert all(part.members.keys() <= only[part.section] for part in narrow)
    assert released_document(merged(narrow), mask) == released_document(merged(opened(key, rows)), mask)


def test_the_nodes_own_sections_go_before_those_that_another_node_sent() -> None:
    own = release(WHOLE, {element for element in BY_ID if element.startswith(("identity.", "enrollment."))})
    both = record_of(merged([*sealed_and_opened(OTHER, source=str(UUID(int=7)), version=9), *sealed_and_opened(own)]))
    assert both.identity == own.identity
    assert both.health == OTHER.health
    assert {statement.id for statement in both.statements} == {own.statements[0].id, OTHER.statements[0].id}


def test_what_came_last_goes_before_what_came_earlier() -> None:
    first, second = (release(one, {"health.alerts"}) for one in (WHOLE, OTHER))
    parts = [*sealed_and_opened(first, source="one", version=2), *sealed_and_opened(second, source="two", version=3)]
    assert record_of(merged(parts)).health == second.health


def test_a_statement_about_a_section_that_was_not_chosen_is_not_shown_beside_another() -> None:
    received = release(OTHER, {"discipline.incidents", "health.alerts"})
    own = release(WHOLE, {"discipline.restraint"})
    both = record_of(merged([*sealed_and_opened(received, source="one", version=5), *sealed_and_opened(own)]))
    assert {statement.id for statement in both.statements} == {own.statements[0].id}


@pytest.mark.requirement("EX-provenance")
def test_agencies_of_another_node_are_named_behind_it_and_once() -> None:
    told = as_told_by(WHOLE, "https://birch.example")
    agencies: set[Any] = {origin.originating_agency for origin in told.provenance.values()}
    assert agencies == {"https://birch.example#0300010"}
    assert as_told_by(told, "https://third.example") == told
