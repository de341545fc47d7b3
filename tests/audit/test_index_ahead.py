"""What was prepared for the index beside the service is what reading the log gives, and counts for nothing where it might not be."""

from collections.abc import Sequence
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete

from services.audit.driver import Driver
from services.audit.index.ahead import MOST_HELD, Ahead, Stretch, joined
from services.audit.index.bitmaps import BLOCK, bits_of
from services.audit.index.forgetting import forget
from services.audit.index.postings import Postings, postings_of
from services.audit.index.reading import Indexed
from services.audit.index.terms import Facts, Kind, TermKeys, TermMaker, term_of
from services.audit.sealed_ahead import SealedAhead
from services.audit.tables import SealedRow
from tests.audit.audit_node import ELM, event
from tests.audit.beside import YEAR, Beside, numbered
from tests.audit.test_index import Rows, alone, page, rows_of
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

KEYS = TermKeys(b"i" * 32, {2026: b"1" * 32, 2027: b"2" * 32})


async def without_reading(beside: Beside) -> Rows:
    """The rows of the index where nothing of an entry can be opened any more."""
    async with beside.node.database.transaction() as tx:
        held = list(await tx.execute(SealedRow.__table__.select()))
        await tx.execute(delete(SealedRow))
    await beside.node.app.state.projector.catch_up()
    written = await rows_of(beside.node)
    async with beside.node.database.transaction() as tx:
        await tx.execute(SealedRow.__table__.insert(), [row._asdict() for row in held])  # type: ignore[attr-defined]  # a table
    return written


@pytest.mark.requirement("LOG-I7")
async def test_what_was_prepared_gives_the_rows_that_reading_the_log_gives(beside: Beside, clock: StandingClock) -> None:
    projector = await alone(beside.node)
    await projector.catch_up()
    for _ in range(2):
        students = [uuid4() for _ in range(4)]
        await beside.append(*numbered(300), event("load", custodian=None), event("trust", custodian=ELM))
        about_many = page(beside.node, students, [ELM, *[uuid4() for _ in range(3)]])
        await beside.append(about_many.model_copy(update={"class_": "request", "decision_token": None}))
        clock.advance(minutes=50)
    written = await without_reading(beside)
    assert {row[3][0] for row in written["posting"]} >= {Kind.REASON, Kind.CUSTODIAN, Kind.ACTOR, Kind.ELEMENT, Kind.CATEGORY}
    await projector.rebuild()
    assert await rows_of(beside.node) == written


@pytest.mark.requirement("LOG-I7")
async def test_what_goes_over_the_end_of_a_block_is_in_both(beside: Beside) -> None:
    projector = await alone(beside.node)
    for count in (*[1_000] * 7, 400):
        await beside.append(*numbered(count))
    await projector.catch_up()
    await beside.append(*numbered(900))
    written = await without_reading(beside)
    assert sum(row[1:3] == (0, 1) for row in written["posting"]) > 600
    await projector.rebuild()
    assert await rows_of(beside.node) == written


async def test_where_some_of_a_request_was_there_before_the_log_is_read(beside: Beside) -> None:
    projector = await alone(beside.node)
    events = numbered(200)
    await beside.append(*events[50:60])
    await beside.append(*events)
    await beside.node.append(event("match", student=uuid4()))
    await beside.append(*numbered(20))
    await projector.catch_up()
    written = await rows_of(beside.node)
    assert sum(row[3][0] == Kind.REASON and row[1] == 0 for row in written["posting"]) == 200
    await projector.rebuild()
    assert await rows_of(beside.node) == written


async def test_what_was_destroyed_before_the_index_had_it_is_not_put_from_memory(beside: Beside) -> None:
    projector, keys = await alone(beside.node), beside.node.app.state.keys
    await beside.node.append(event("match", student=uuid4()))
    await projector.catch_up()
    await beside.append(*numbered(20))
    async with beside.node.database.transaction() as tx:
        held = list(await tx.execute(SealedRow.__table__.select().where(SealedRow.idx > 0)))
        await tx.execute(delete(SealedRow).where(SealedRow.idx > 0))
        await tx.run_sync(lambda session: forget(Driver(session.connection()), keys, [(YEAR, at) for at in range(1, 21)]))
    await projector.catch_up()
    written = await rows_of(beside.node)
    async with beside.node.database.transaction() as tx:  # what the whole log's check asks for
        await tx.execute(SealedRow.__table__.insert(), [row._asdict() for row in held])  # type: ignore[attr-defined]  # a table
    assert not [row for row in written["posting"] if row[3][0] == Kind.REASON]


async def test_what_was_sealed_anew_in_its_turn_is_read_from_the_log(beside: Beside, clock: StandingClock) -> None:
    async def pass_by() -> None:
        clock.advance(days=1)

    projector = await alone(beside.node)
    beside.before_sealing(pass_by)
    await beside.append(*numbered(3))
    await projector.catch_up()
    written = await rows_of(beside.node)
    assert {row[0] for row in written["activity"]} == {int(clock().timestamp()) // 86_400}
    await projector.rebuild()
    assert await rows_of(beside.node) == written


# Which stretches are taken

NOTHING = Postings({}, {}, {}, {}, {})


def as_bits(made: Postings) -> dict[bytes, int]:
    return {term: bits_of(some) for term, some in made.sets.items()}


def held(*stretches: tuple[int, int, int]) -> Ahead:
    ahead = Ahead()
    for start, end, corrections in stretches:
        ahead.keep(Stretch(YEAR, start, end, corrections, NOTHING))
    return ahead


def taken(ahead: Ahead, at: int, corrections: int = 0, most: int = 4_096) -> Sequence[tuple[int, int]]:
    return [(one.start, one.end) for one in ahead.next_of(YEAR, at, corrections, most=most)]


def test_stretches_are_taken_that_follow_one_another() -> None:
    stretches = [(0, 1_000, 0), (1_000, 1_500, 0), (1_501, 1_600, 0)]
    assert taken(held(*stretches), 0) == [(0, 1_000), (1_000, 1_500)]
    assert taken(held(*stretches), 1_000) == [(1_000, 1_500)]
    assert taken(held(*stretches), 1_500) == []
    assert taken(held(*stretches), 500) == []
    assert held(*stretches).first(YEAR, 1_500, 0) == 1_501
    assert held(*stretches).first(YEAR + 1, 1_500, 0) is None


def test_no_stretch_is_taken_from_before_a_correction() -> None:
    assert taken(held((0, 10, 3)), 0, corrections=3) == [(0, 10)]
    assert taken(held((0, 10, 3)), 0, corrections=4) == []
    assert held((5, 10, 3)).first(YEAR, 0, 4) is None


def test_stretches_end_with_the_one_that_fills_the_block_or_the_step() -> None:
    stretches = [(at, at + 1_000, 0) for at in range(0, 10_000, 1_000)]
    assert taken(held(*stretches), 0)[-1] == (4_000, 5_000)
    assert taken(held(*stretches), 5_000)[-1] == (7_000, 8_000)


def test_the_newest_stretches_are_remembered() -> None:
    stretches = held(*[(at, at + 1, 0) for at in range(MOST_HELD + 5)])
    assert taken(stretches, 0) == []
    assert stretches.first(YEAR, 0, 0) == 5


@given(st.integers(0, BLOCK - 1), st.lists(st.integers(1, 300), min_size=1, max_size=4), st.data())
def test_stretches_together_add_what_their_entries_add(first: int, sizes: list[int], data: st.DataObject) -> None:
    """At any place, over the end of a block too."""
    count = sum(sizes)
    classes = data.draw(st.lists(st.sampled_from(("load", "trust", "match")), min_size=count, max_size=count))
    entries = [
        Indexed(first + n, 3_600 * (n // 100), 2027, Facts(one, reason=f"r-{n % 7}", actor=f"job:{n % 3}"), n % 2, True)
        for n, one in enumerate(classes)
    ]
    stretches, at = [], 0
    for size in sizes:
        own = [entry._replace(at=n) for n, entry in enumerate(entries[at : at + size])]
        stretches.append(Stretch(YEAR, first + at, first + at + size, 0, postings_of(own, KEYS)))
        at += size
    together = joined(stretches)
    for block, made in together.items():
        assert as_bits(made) == as_bits(postings_of([entry for entry in entries if entry.at // BLOCK == block], KEYS))
    whole = postings_of(entries, KEYS)
    assert list(together.values())[-1]._replace(sets={}) == whole._replace(sets={})


@given(
    st.sampled_from(list(Kind)),
    st.text() | st.uuids(version=4).map(lambda one: str(one).replace("-4", "-7", 1)),
    st.sampled_from((2025, 2026, 2027)),
)
def test_terms_that_are_made_many_at_once_are_the_same(kind: Kind, value: str, epoch: int) -> None:
    assert TermMaker(KEYS, epoch).of(kind, value) == term_of(kind, value, KEYS, epoch)


def test_what_was_sealed_for_a_step_has_what_its_entries_add() -> None:
    assert SealedAhead("o", 1, ()).of(range(3)).posted is None
