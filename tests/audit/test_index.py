"""The index: what the log makes it and nothing else, whoever writes it, and without what was destroyed."""

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, select, text

from services.audit.driver import Driver
from services.audit.index.bitmaps import BLOCK, MOST_SPARSE, between, loaded, positions, set_of, stored
from services.audit.index.forgetting import forget
from services.audit.index.lookup import Stretch, find, query_of
from services.audit.index.postings import add, postings_of
from services.audit.index.projector import ENTRIES_OF_A_STEP, CursorMoved, Projector, step_end
from services.audit.index.reading import Indexed
from services.audit.index.terms import Facts, Kind, TermKeys, digest_of, term_keys, terms_of
from services.audit.openings import Place
from services.audit.tables import (
    ActivityRow,
    IndexCursorRow,
    IndexedActorRow,
    PostingRow,
    SealedRow,
    ShapeRow,
    TermRow,
)
from shared.contracts.audit import Actor, Context, Event
from tests.audit.audit_node import ELM, OAK, VENDOR, AuditNode, disclosure, event, running
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

Rows = dict[str, list[tuple[Any, ...]]]


def projector_of(node: AuditNode) -> Projector:
    projector: Projector = node.app.state.projector
    return projector


async def alone(node: AuditNode) -> Projector:
    """The projector, which from now on does nothing by itself."""
    (task,) = [task for task in node.app.state.tasks if task.get_coro().__name__ == "_keep_index"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return projector_of(node)


async def plain_term(node: AuditNode, kind: Kind, value: str) -> bytes:
    keys = await node.database.read(lambda connection: term_keys(Driver(connection), node.app.state.keys))
    return digest_of(kind, value, keys.words)


async def rows_of(node: AuditNode) -> Rows:
    """Every row of the index, but for the count of corrections."""
    found: Rows = {}
    async with node.database.reading() as tx:
        for row in (PostingRow, TermRow, ActivityRow, ShapeRow, IndexedActorRow):
            found[row.__tablename__] = sorted((tuple(one) for one in await tx.execute(select(row.__table__))), key=repr)
        found["index_cursor"] = [tuple(one) for one in await tx.execute(select(IndexCursorRow.log, IndexCursorRow.at))]
    return found


def page(node: AuditNode, students: list[UUID], custodians: list[UUID]) -> Event:
    return Event(
        class_="read",
        key=f"page:{uuid4()}",
        subjects=tuple(students),
        custodians=tuple(custodians),
        actor=Actor(kind="client", client_id="vendor"),
        context=Context(operation="roster", recipient_organisation=str(VENDOR), elements=("identity.name",)),
        decision_token=node.decision(None, recipient=str(VENDOR), elements=("identity.name",))[1],
    )


async def a_log(node: AuditNode) -> None:
    """Some of everything, over a few days and the change of the school year."""
    for day in range(3):
        students = [uuid4() for _ in range(4)]
        await node.append(*[event("match", student=student) for student in students], event("load", custodian=None))
        await node.append(
            disclosure(node, students[0], elements=("identity.name", "health.alerts")), disclosure(node, uuid4(), custodian=ELM)
        )
        await node.append(page(node, students, [OAK, OAK, ELM, ELM]), headers=node.on_behalf_of("vendor", VENDOR))
        if day == 1:
            await projector_of(node).catch_up()
        node.clock.advance(days=140)  # type: ignore[attr-defined]  # the standing clock of the tests


@pytest.mark.requirement("LOG-I7")
async def test_an_index_that_is_made_again_has_the_same_rows(node: AuditNode) -> None:
    await a_log(node)
    projector = projector_of(node)
    await projector.catch_up()
    written = await rows_of(node)
    assert len(written["posting"]) > 60
    await projector.rebuild()
    assert await rows_of(node) == written
    assert projector.behind == (0, 0)


async def test_one_that_follows_entry_by_entry_has_the_rows_of_one_that_comes_late(
    store_url: str, node_keys: Any, clock: StandingClock
) -> None:
    async with running(store_url, node_keys, clock) as node:
        projector = projector_of(node)
        for at in range(40):
            await node.append(event("match", student=uuid4(), outcome=f"o{at % 3}"))
            await projector.catch_up()
        written = await rows_of(node)
        await projector.rebuild()
        assert await rows_of(node) == written
        assert max(row[2] for row in written["posting"]) == 0


async def test_projectors_that_run_together_put_each_entry_once(node: AuditNode) -> None:
    state = node.app.state
    for _ in range(6):
        await node.append(*[event("match", student=uuid4()) for _ in range(50)])
    several = [Projector(state.database, state.keys, node.clock) for _ in range(4)]
    counts = await asyncio.gather(*(one.catch_up() for one in several))
    written = await rows_of(node)
    assert sum(row[4] for row in written["activity"]) == 300 >= sum(counts)
    await several[0].rebuild()
    assert await rows_of(node) == written


async def test_a_block_that_is_full_is_followed_by_another(node: AuditNode) -> None:
    await alone(node)
    of_terms = await node.database.read(lambda connection: term_keys(Driver(connection), node.app.state.keys))
    entries = [Indexed(at, 0, 2027, Facts("load" if at % 2 else "trust"), 0, True) for at in range(BLOCK + 100)]

    def write(connection: Connection) -> None:
        driver = Driver(connection)
        for block in (0, 1):
            add(driver, 2026, block, postings_of([entry for entry in entries if entry.at // BLOCK == block], of_terms), of_terms.words)
        driver.merge(IndexCursorRow, [(2026, BLOCK + 100, 0)], on_conflict="DO UPDATE SET at = excluded.at")

    def look(connection: Connection, *, oldest_first: bool = False, limit: int = 100) -> list[Place]:
        trust = query_of([frozenset({(Kind.CLASS, "trust")})], of_terms)
        stretches = [Stretch(2026, 4, BLOCK + 100)]
        return find(Driver(connection), node.app.state.keys, trust, stretches, limit=limit, oldest_first=oldest_first).places

    await node.database.write(write)
    async with node.database.reading() as tx:
        held = {
            (row.level, row.block): loaded(row.bits)
            for row in await tx.scalars(select(PostingRow).where(PostingRow.term == await plain_term(node, Kind.CLASS, "load")))
        }
    assert held == {(0, 0): set_of(range(1, BLOCK, 2)), (0, 1): set_of(range(1, 100, 2)), (1, 0): 0b11}
    assert await node.database.read(look) == [Place(2026, at) for at in range(BLOCK + 98, BLOCK - 102, -2)]
    assert await node.database.read(partial(look, oldest_first=True)) == [Place(2026, at) for at in range(4, 204, 2)]
    every = partial(look, limit=BLOCK)
    assert await node.database.read(partial(every, oldest_first=True)) == (await node.database.read(every))[::-1]


async def test_blocks_are_looked_into_from_the_newest_or_from_the_oldest(node: AuditNode) -> None:
    await alone(node)
    of_terms = await node.database.read(lambda connection: term_keys(Driver(connection), node.app.state.keys))
    blocks = [*range(18), BLOCK + 1, BLOCK + 2]
    end = (BLOCK + 3) * BLOCK

    def write(connection: Connection) -> None:
        driver = Driver(connection)
        for block in blocks:
            entry = Indexed(block * BLOCK, 0, 2027, Facts("trust"), 0, True)
            add(driver, 2026, block, postings_of([entry], of_terms), of_terms.words)
        driver.merge(IndexCursorRow, [(2026, end, 0)], on_conflict="DO UPDATE SET at = excluded.at")

    def look(connection: Connection, *, oldest_first: bool) -> list[Place]:
        trust = query_of([frozenset({(Kind.CLASS, "trust")})], of_terms)
        stretches, keys = [Stretch(2026, 0, end)], node.app.state.keys
        return find(Driver(connection), keys, trust, stretches, limit=3, oldest_first=oldest_first).places

    await node.database.write(write)
    places = [Place(2026, block * BLOCK) for block in blocks]
    assert await node.database.read(partial(look, oldest_first=True)) == places[:3]
    assert await node.database.read(partial(look, oldest_first=False)) == places[:-4:-1]


@given(st.integers(0, 3 * BLOCK), st.integers(1, 3 * BLOCK))
def test_a_step_is_of_one_block_and_goes_on(at: int, more: int) -> None:
    end = step_end(at, at + more)
    assert at < end <= min(at + more, at + ENTRIES_OF_A_STEP)
    assert at // BLOCK == (end - 1) // BLOCK


async def test_what_was_destroyed_leaves_the_index_and_stays_out(node: AuditNode) -> None:
    oak, elm, kept = uuid4(), uuid4(), uuid4()
    await node.append(disclosure(node, oak), event("match", student=kept))
    await node.append(page(node, [kept, elm], [OAK, ELM]), headers=node.on_behalf_of("vendor", VENDOR))
    projector, keys = projector_of(node), node.app.state.keys
    await projector.catch_up()
    before = await rows_of(node)
    async with node.database.transaction() as tx:
        await tx.execute(delete(SealedRow).where(SealedRow.idx == 0))
        await tx.execute(delete(SealedRow).where(SealedRow.idx == 2, SealedRow.part == 2))
        count = await tx.run_sync(lambda session: forget(Driver(session.connection()), keys, [(2026, 0), (2026, 2)]))
    assert count == 2
    after = await rows_of(node)
    terms = {row[3] for row in after["posting"] if row[1] == 0}
    assert await plain_term(node, Kind.CUSTODIAN, str(ELM)) not in terms
    assert {await plain_term(node, Kind.CLASS, "disclosure"), await plain_term(node, Kind.CUSTODIAN, str(OAK))} <= terms
    assert terms < {row[3] for row in before["posting"]}
    assert {row[3] for row in after["posting"] if row[1] == 1} == terms
    await projector.rebuild()
    assert (await rows_of(node))["posting"] == after["posting"]


async def test_who_read_an_entry_before_it_was_destroyed_does_not_index_it_after(node: AuditNode) -> None:
    projector, keys = await alone(node), node.app.state.keys
    await node.append(disclosure(node, uuid4()))
    step = await node.database.read(projector._next)
    assert step is not None
    entries = await projector._read(step)
    async with node.database.transaction() as tx:
        await tx.execute(delete(SealedRow))
        await tx.run_sync(lambda session: forget(Driver(session.connection()), keys, [(2026, 0)]))
    with pytest.raises(CursorMoved):
        await projector._put(step, entries)
    await projector.catch_up()
    kinds = {row[3][0] for row in (await rows_of(node))["posting"]}
    assert kinds == {Kind.CLASS, Kind.POLICY}


async def test_no_id_of_a_person_or_client_is_in_the_index(node: AuditNode) -> None:
    student, parent = uuid4(), uuid4()
    acted = Event(
        class_="rights",
        key="right",
        subjects=(student,),
        custodians=(OAK,),
        actor=Actor(kind="client", client_id="registrar-ms-jones", organisation_id=OAK, acting_for=parent),
        context=Context(operation="inspect", recipient_organisation=str(parent)),
    )
    await node.append(acted, service="privacy")
    await projector_of(node).catch_up()
    text_of_all = repr(await rows_of(node))
    assert await plain_term(node, Kind.OPERATION, "inspect") in {row[3] for row in (await rows_of(node))["posting"]}
    for secret in (str(student), str(parent), "jones", "inspect"):
        assert secret not in text_of_all


async def test_an_actor_of_a_new_school_year_is_known_by_the_name_of_the_year_before(store_url: str, node_keys: Any) -> None:
    clock = StandingClock(datetime(2026, 6, 20, tzinfo=UTC))
    async with running(store_url, node_keys, clock) as node:
        await node.append(event("match", student=uuid4()))
        clock.instant = datetime(2026, 7, 10, tzinfo=UTC)
        await node.append(event("match", student=uuid4()))
        await projector_of(node).catch_up()
        actors = {row[0]: row[1] for row in (await rows_of(node))["index_actor"]}
        (old,) = [actor for actor, former in actors.items() if former is None or former not in actors]
        assert [former for actor, former in actors.items() if actor != old] == [old]


async def test_how_far_the_index_is_behind_is_told(node: AuditNode) -> None:
    projector = await alone(node)
    await node.append(*[event("match", student=uuid4()) for _ in range(5)])
    node.clock.advance(seconds=9)  # type: ignore[attr-defined]  # the standing clock of the tests
    await node.database.read(projector._next)
    assert projector.behind == (5, 9)
    metrics = (await node.send("GET", "/metrics", {})).body
    assert b"safe_passage_index_behind_entries 5.0" in metrics
    assert b"safe_passage_index_behind_seconds 9.0" in metrics
    await projector.catch_up()
    assert b"safe_passage_index_behind_entries 0.0" in (await node.send("GET", "/metrics", {})).body


async def test_an_entry_that_does_not_open_is_indexed_as_what_was_destroyed(node: AuditNode) -> None:
    await node.append(event("match", student=uuid4()), event("match", student=uuid4()))
    async with node.database.transaction() as tx:
        await tx.execute(text("UPDATE sealed SET groups = :broken WHERE idx = 0"), {"broken": bytes(80)})
    await projector_of(node).catch_up()
    by_term = {row[3]: loaded(row[4]) for row in (await rows_of(node))["posting"] if row[1] == 0}
    assert by_term[await plain_term(node, Kind.CLASS, "match")] == 0b11
    assert by_term[await plain_term(node, Kind.OPERATION, "test")] == 0b10


def some_or_all() -> st.SearchStrategy[list[int]]:
    """Positions that lie anywhere, or all between two."""
    anywhere = st.sets(st.integers(0, BLOCK - 1), min_size=1, max_size=200).map(sorted)
    return anywhere | st.tuples(st.integers(0, BLOCK - 1), st.integers(1, 300)).map(lambda run: list(range(run[0], min(sum(run), BLOCK))))


@given(some_or_all())
def test_a_set_is_stored_and_loaded(places: list[int]) -> None:
    bits = set_of(places)
    assert list(positions(bits)) == places[::-1]
    assert loaded(stored(bits)) == bits
    assert len(stored(bits)) == (2 * len(places) if len(places) <= MOST_SPARSE else BLOCK // 8)


@given(st.integers(-10, BLOCK + 10), st.integers(-10, BLOCK + 10))
def test_a_stretch_is_bound_by_its_block(start: int, end: int) -> None:
    assert set(positions(between(start, end))) == set(range(max(start, 0), min(end, BLOCK)))


def test_a_person_has_another_term_in_each_epoch_and_a_word_the_same() -> None:
    facts = Facts("read", purpose="audit-evaluation", actor="client:x", recipient="p", person="p", key="k", exchange="p", signed_in="p")
    keys = TermKeys(b"i" * 32, {2026: b"1" * 32, 2027: b"2" * 32})
    one, two = terms_of(facts, keys, 2026), terms_of(facts, keys, 2027)
    assert {term[0] for term in one & two} == {Kind.CLASS, Kind.PURPOSE}
    assert {term[0] for term in one - two} == {Kind.ACTOR, Kind.PERSON, Kind.RECIPIENT, Kind.KEY, Kind.EXCHANGE, Kind.SIGNED_IN}
    assert {term[0] for term in terms_of(facts, keys, 2025)} == {Kind.CLASS, Kind.PURPOSE}
    assert digest_of(Kind.PERSON, "p", b"1" * 32)[1:] != digest_of(Kind.RECIPIENT, "p", b"1" * 32)[1:]
