"""PostgreSQL is killed in the moment after a proof was used: it starts again without it, and whoever brings it again needs a nonce."""

import asyncio
import os
import signal
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from safepassage.canonical import sha256
from safepassage.problems.access import ProofNonceRequired, ProofUsedBefore
from services.gateway.oauth.proof_of_possession import FUTURE_SECONDS, Proof
from services.gateway.oauth.shared_proofs import DatabaseProofStore
from shared.database import Database
from shared.migrations import migrate

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.anyio]

NOW = datetime(2026, 10, 20, 12, 0, 0, tzinfo=UTC)
AFTER = NOW.timestamp() + 1
ROUNDS = 3


@pytest.mark.requirement("DOOR-proof")
async def test_a_proof_that_was_used_before_a_crash_is_not_accepted_after_it(postgres_url: str) -> None:
    await _migrated(postgres_url)
    given_at = NOW.timestamp() - 1
    for number in range(ROUNDS):
        plain, fast, named = (_proof(f"{name} {number}", ahead) for name, ahead in (("plain", 0), ("fast", FUTURE_SECONDS), ("named", 0)))
        database = Database(postgres_url)
        store = DatabaseProofStore(database)
        for proof in (plain, fast, named):
            await store.spend(proof, NOW, nonce_at=AFTER)  # from after the crash of the round before
        with pytest.raises(ProofUsedBefore):
            await store.spend(plain, NOW, nonce_at=AFTER)
        await database.close()
        await _crashed(postgres_url)
        databases = Database(postgres_url), Database(postgres_url)
        stores = [DatabaseProofStore(one) for one in databases]
        came = [store.spend(proof, NOW, nonce_at=at) for store in stores for proof, at in ((plain, None), (fast, None), (named, given_at))]
        refused = await asyncio.gather(*came, return_exceptions=True)
        assert {type(one) for one in refused} <= {ProofNonceRequired, ProofUsedBefore}, refused
        for one in databases:
            await one.close()


class Overtaken(DatabaseProofStore):
    """Another process begins the memory anew between what this one asks first and what it asks then."""

    other: DatabaseProofStore

    async def _insert(self, used: dict[bytes, datetime]) -> dict[bytes, datetime]:
        new = await super()._insert(used)
        await self.other.spend(_proof(f"another, after {len(new)}", 0), NOW, nonce_at=AFTER)
        return new


async def test_of_two_processes_that_begin_anew_at_once_neither_takes_a_new_proof_for_a_used_one(postgres_url: str) -> None:
    await _migrated(postgres_url)
    await _crashed(postgres_url)
    databases = Database(postgres_url), Database(postgres_url)
    store = Overtaken(databases[0])
    store.other = DatabaseProofStore(databases[1])
    await store.spend(_proof("new", 0), NOW, nonce_at=AFTER)
    with pytest.raises(ProofUsedBefore):
        await store.other.spend(_proof("new", 0), NOW, nonce_at=AFTER)
    for one in databases:
        await one.close()


async def test_after_a_crash_a_proof_counts_with_a_nonce_from_after_it_and_a_minute_later_without(postgres_url: str) -> None:
    await _migrated(postgres_url)
    await _crashed(postgres_url)
    database = Database(postgres_url)
    store = DatabaseProofStore(database)
    with pytest.raises(ProofNonceRequired):
        await store.spend(_proof("a", 0), NOW, nonce_at=None)
    await store.spend(_proof("b", 0), NOW, nonce_at=AFTER)
    later = NOW + timedelta(seconds=FUTURE_SECONDS + 1)
    await store.spend(_proof("c", FUTURE_SECONDS + 1), later, nonce_at=None)
    with pytest.raises(ProofUsedBefore):
        await store.spend(_proof("c", FUTURE_SECONDS + 1), later, nonce_at=None)
    await database.close()


async def test_proofs_at_resources_do_not_wait_for_the_disk_and_what_counts_with_a_token_does(postgres_url: str) -> None:
    """What is not in the write-ahead log is committed without it."""
    await _migrated(postgres_url)
    database = Database(postgres_url)
    kept = text("SELECT relname, relpersistence FROM pg_class WHERE relname IN ('used_proof', 'proof_memory', 'spent') ORDER BY relname")
    found = await database.read(lambda tx: tx.execute(kept).all())
    assert [(name, kind.decode()) for name, kind in found] == [("proof_memory", "u"), ("spent", "p"), ("used_proof", "u")]
    await database.close()


def _proof(name: str, ahead_seconds: int) -> Proof:
    return Proof("thumbprint", int(NOW.timestamp()) + ahead_seconds, None, sha256(name.encode()))


async def _crashed(url: str) -> None:
    database = Database(url)
    victim = await database.read(lambda tx: tx.execute(text("SELECT pg_backend_pid()")).scalar_one())
    os.kill(victim, signal.SIGKILL)  # the server ends every other one, forgets what it shares in memory, and recovers
    await database.close()
    await _recovered(url, victim)


async def _migrated(url: str) -> None:
    database = Database(url)
    await migrate("gateway", database)
    await database.close()


async def _recovered(url: str, victim: int) -> None:
    """Wait until the server lets somebody in, and the killed process is no more."""
    alive = text("SELECT count(*) FROM pg_stat_activity WHERE pid = :victim")
    async with asyncio.timeout(60):
        while True:
            database = Database(url)
            try:
                if await database.read(lambda tx: tx.execute(alive, {"victim": victim}).scalar_one()) == 0:
                    return
            except (OSError, SQLAlchemyError):
                await asyncio.sleep(0)  # it refuses while it starts: ask again
            finally:
                await database.close()
