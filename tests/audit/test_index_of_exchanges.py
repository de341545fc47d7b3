"""A log that was indexed before exchanges or decisions were, or with terms that were random all through: after the migrations the index is
as if it had always been so. And what the term of an exchange or a decision says of its time.
"""

import hmac
import importlib
from functools import partial
from os import urandom
from pathlib import Path
from uuid import uuid4

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, func, select

from services.audit.index.terms import TERM_BYTES, Kind, digest_of
from services.audit.tables import IndexCursorRow, IndexRebuildRow, PostingRow
from tests.audit.audit_node import AuditNode, disclosure, event, running
from tests.audit.test_index import Rows, alone, projector_of, rows_of
from tests.audit.test_search_filters import search, state
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

KEY = b"k" * 32


def upgrade(connection: Connection, *, to: str) -> None:
    """What a migration does."""
    with Operations.context(MigrationContext.configure(connection)):
        importlib.import_module(f"services.audit.migrations.versions.{to}").upgrade()


async def without(node: AuditNode, kind: Kind) -> None:
    """The index as the version before made it."""
    async with node.database.transaction() as tx:
        await tx.execute(delete(PostingRow).where(func.substr(PostingRow.term, 1, 1) == bytes([kind])))


def _of(kind: Kind, rows: Rows) -> list[tuple[object, ...]]:
    return [row for row in rows["posting"] if row[3][0] == kind]


@pytest.mark.parametrize(
    ("kind", "member", "migration"),
    [(Kind.EXCHANGE, "exchange_id", "0009_index_of_exchanges"), (Kind.DECISION, "decision_id", "0024_decisions_in_the_index")],
)
async def test_an_indexed_log_finds_them_after_the_migration(
    kind: Kind, member: str, migration: str, store_url: str, node_keys: Path, clock: StandingClock
) -> None:
    async with running(store_url, node_keys, clock) as node:
        await alone(node)
        sent = disclosure(node, uuid4())
        await node.append(sent, *[event("match", student=uuid4()) for _ in range(20)])
        await projector_of(node).catch_up()
        as_ever = await rows_of(node)
        await without(node, kind)
        asked = {f"{member}s": [str(getattr(sent.context, member))]}
        assert (await search(node, state(node), **asked)).entries == ()
        async with node.database.transaction() as tx:
            corrections = await tx.scalar(select(IndexCursorRow.corrections))
        await node.database.write(partial(upgrade, to=migration))
        found = await search(node, state(node), **asked)
        assert [entry.index for entry in found.entries] == [0]
        await projector_of(node).catch_up()
        assert _of(kind, await rows_of(node)) == _of(kind, as_ever) != []
        await projector_of(node).rebuild()
        assert _of(kind, await rows_of(node)) == _of(kind, as_ever)
        async with node.database.reading() as tx:
            # who had read entries for the index before it was emptied writes nothing of them
            assert await tx.scalar(select(IndexCursorRow.corrections)) == (corrections or 0) + 2


async def test_random_terms_of_exchanges_go_with_the_migration(store_url: str, node_keys: Path, clock: StandingClock) -> None:
    async with running(store_url, node_keys, clock) as node:
        await alone(node)
        sent = [disclosure(node, uuid4()) for _ in range(3)]
        await node.append(*sent)
        await projector_of(node).catch_up()
        as_ever = await rows_of(node)
        former = [PostingRow(log=row[0], level=row[1], block=row[2], term=bytes([Kind.EXCHANGE]) + urandom(16), bits=row[4])
                  for row in _of(Kind.EXCHANGE, as_ever)]  # fmt: skip
        await without(node, Kind.EXCHANGE)
        async with node.database.transaction() as tx:
            tx.add_all(former)
        await node.database.write(partial(upgrade, to="0017_exchanges_by_time"))
        await projector_of(node).catch_up()
        assert await rows_of(node) == as_ever
        found = await search(node, state(node), exchange_ids=[str(sent[1].context.exchange_id)])
        assert [entry.index for entry in found.entries] == [1]


async def test_a_store_without_an_index_has_nothing_to_make_again(store_url: str, node_keys: Path, clock: StandingClock) -> None:
    async with running(store_url, node_keys, clock) as node:
        await alone(node)
        await node.database.write(partial(upgrade, to="0017_exchanges_by_time"))
        async with node.database.reading() as tx:
            assert await tx.scalar(select(func.count()).select_from(IndexRebuildRow)) == 0


@given(st.sampled_from([Kind.EXCHANGE, Kind.DECISION]), st.integers(0, 2**47), st.integers(0, 4_096) | st.integers(0, 2**47 - 1))
def test_terms_lie_in_the_order_of_their_times_and_say_no_more_of_them_than_a_leaf(kind: Kind, at: int, later: int) -> None:
    first, second = (digest_of(kind, _id_of(milliseconds), KEY) for milliseconds in (at, at + later))
    assert len(first) == TERM_BYTES
    if at // 1024 == (at + later) // 1024:
        assert first[:6] == second[:6]
    else:
        assert first < second


def test_an_exchange_whose_id_has_no_time_and_what_is_no_exchange_have_terms_of_digests_alone() -> None:
    timed = _id_of(2**40)
    assert (
        digest_of(Kind.EXCHANGE, timed, KEY)[6:] == digest_of(Kind.EXCHANGE, timed, KEY)[6:] != digest_of(Kind.EXCHANGE, timed, KEY[1:])[6:]
    )
    assert digest_of(Kind.PERSON, timed, KEY)[1:6] != digest_of(Kind.EXCHANGE, timed, KEY)[1:6]
    without = "01000000-0000-4000-8000-000000000000"
    assert digest_of(Kind.EXCHANGE, without, KEY)[1:] == hmac.digest(KEY, f"exchange\0{without}".encode(), "sha256")[:16]


def _id_of(milliseconds: int) -> str:
    digits = f"{milliseconds:012x}"
    return f"{digits[:8]}-{digits[8:]}-7000-8000-{uuid4().hex[:12]}"
