import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from safepassage.canonical import sha256
from safepassage.problems.access import ProofNonceRequired, ProofUsedBefore
from safepassage.problems.requests import TemporarilyUnavailable
from services.gateway.oauth.proof_of_possession import Proof
from services.gateway.oauth.replay import ProcessProofStore, forget_expired
from services.gateway.oauth.shared_proofs import DatabaseProofStore
from services.gateway.proof_tables import UsedProofRow
from shared.database import Database
from shared.migrations import migrate

START = datetime(2026, 10, 20, 12, 0, 0, tzinfo=UTC)


def proof(name: str, at: datetime) -> Proof:
    return Proof("thumbprint", int(at.timestamp()), None, sha256(name.encode()))


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@pytest.mark.anyio
async def test_a_process_refuses_what_it_saw_for_as_long_as_it_could_come_again() -> None:
    store = ProcessProofStore(START, first=True)
    await store.spend(proof("a", after(10)), after(0), nonce_at=None)  # made by a clock ten seconds ahead
    for seconds in range(71):
        await store.spend(proof(f"other {seconds}", after(seconds)), after(seconds), nonce_at=None)
        if seconds <= 70:
            with pytest.raises(ProofUsedBefore):
                await store.spend(proof("a", after(10)), after(seconds), nonce_at=None)


@pytest.mark.anyio
async def test_what_is_forgotten_cannot_come_again() -> None:
    store = ProcessProofStore(START, first=True)
    await store.spend(proof("a", after(0)), after(0), nonce_at=None)
    for seconds in (70, 140, 210):
        await store.spend(proof(f"other {seconds}", after(seconds)), after(seconds), nonce_at=None)
    assert len(store._current) + len(store._previous) == 2
    with pytest.raises(ProofNonceRequired):  # only a clock that went back could bring it here
        await store.spend(proof("a", after(0)), after(30), nonce_at=None)


@pytest.mark.anyio
async def test_a_proof_that_may_be_from_before_the_start_needs_a_nonce_from_after_it() -> None:
    store = ProcessProofStore(START)
    for issued in (-30, 0, 10):  # a clock may be ten seconds ahead
        for given in (None, after(-5), after(0)):
            with pytest.raises(ProofNonceRequired):
                await store.spend(proof("a", after(issued)), after(1), nonce_at=given and given.timestamp())
    await store.spend(proof("a", after(-1)), after(1), nonce_at=after(0.5).timestamp())
    with pytest.raises(ProofNonceRequired):
        await store.spend(proof("named", after(11)), after(1), nonce_at=after(-5).timestamp())
    await store.spend(proof("b", after(11)), after(1), nonce_at=None)
    with pytest.raises(ProofUsedBefore):
        await store.spend(proof("b", after(11)), after(1), nonce_at=None)


@pytest.mark.anyio
async def test_what_may_have_been_forgotten_needs_a_nonce_and_nobody_else_does() -> None:
    """The clock goes back by a minute, after all of a generation was forgotten."""
    store = ProcessProofStore(START, first=True)
    for seconds in (0, 70, 140):
        await store.spend(proof(f"at {seconds}", after(seconds)), after(seconds), nonce_at=None)
    for issued in (70, 80):
        with pytest.raises(ProofNonceRequired):
            await store.spend(proof("old", after(issued)), after(80), nonce_at=None)
    await store.spend(proof("old", after(81)), after(80), nonce_at=None)
    await store.spend(proof("older", after(70)), after(80), nonce_at=after(70.5).timestamp())


@pytest.mark.anyio
async def test_a_full_memory_refuses_rather_than_forgets() -> None:
    store = ProcessProofStore(START, first=True, most=2)
    for name in ("a", "b"):
        await store.spend(proof(name, START), START, nonce_at=None)
    with pytest.raises(TemporarilyUnavailable):
        await store.spend(proof("c", START), START, nonce_at=None)


@pytest.fixture
async def sqlite_database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite+inline:///{tmp_path}/gateway.db")
    await migrate("gateway", database)
    yield database
    await database.close()


@pytest.fixture
async def postgres_database(postgres_url: str) -> AsyncIterator[Database]:
    database = Database(postgres_url)
    await migrate("gateway", database)
    yield database
    await database.close()


async def _one_of_many_counts(database: Database) -> None:
    """Two processes (two stores on one database), a hundred proofs, each sent to both at the same time, twice."""
    stores = [DatabaseProofStore(database), DatabaseProofStore(database)]

    async def spend(store: DatabaseProofStore, name: str) -> bool:
        try:
            await store.spend(proof(name, START), START, nonce_at=None)
        except ProofUsedBefore:
            return False
        return True

    names = [f"proof {number}" for number in range(100) for _ in range(2)]
    results = await asyncio.gather(*(spend(store, name) for name in names for store in stores))
    assert sum(results) == 100
    async with database.reading() as tx:
        assert (await tx.execute(select(func.count()).select_from(UsedProofRow))).scalar_one() == 100
    await forget_expired(database, after(70))
    assert not await spend(stores[0], "proof 1")
    await forget_expired(database, after(72))
    async with database.reading() as tx:
        assert (await tx.execute(select(func.count()).select_from(UsedProofRow))).scalar_one() == 0


@pytest.mark.anyio
async def test_of_several_processes_one_accepts_a_proof(sqlite_database: Database) -> None:
    await _one_of_many_counts(sqlite_database)


@pytest.mark.anyio
@pytest.mark.postgres
async def test_of_several_processes_one_accepts_a_proof_on_postgresql(postgres_database: Database) -> None:
    await _one_of_many_counts(postgres_database)


@pytest.mark.anyio
async def test_a_store_that_does_not_answer_accepts_nothing(sqlite_database: Database, tmp_path: Path) -> None:
    store = DatabaseProofStore(Database(f"sqlite+inline:///{tmp_path}/no-such-folder/gateway.db"))
    with pytest.raises(TemporarilyUnavailable):
        await store.spend(proof("a", START), START, nonce_at=None)
