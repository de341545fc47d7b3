"""PostgreSQL is killed in the moment after a proof was used: it starts again, and the proof is still used."""

import asyncio
import os
import signal
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from safepassage.canonical import sha256
from safepassage.problems.access import ProofUsedBefore
from services.gateway.oauth.proof_of_possession import Proof
from services.gateway.oauth.replay import DatabaseProofStore
from shared.database import Database
from shared.migrations import migrate

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.anyio]

NOW = datetime(2026, 10, 20, 12, 0, 0, tzinfo=UTC)
ROUNDS = 3


@pytest.mark.requirement("DOOR-proof")
async def test_a_proof_that_was_used_before_a_crash_is_used_after_it(postgres_url: str) -> None:
    await _migrated(postgres_url)
    for number in range(ROUNDS):
        proof = Proof("thumbprint", int(NOW.timestamp()), None, sha256(f"proof {number}".encode()))
        database = Database(postgres_url)
        victim = await database.read(lambda tx: tx.execute(text("SELECT pg_backend_pid()")).scalar_one())
        await DatabaseProofStore(database).spend(proof, NOW, nonce_at=None)
        os.kill(victim, signal.SIGKILL)  # the server ends every other one, forgets what it shares in memory, and recovers
        await database.close()
        await _recovered(postgres_url, victim)
        database = Database(postgres_url)
        with pytest.raises(ProofUsedBefore):
            await DatabaseProofStore(database).spend(proof, NOW, nonce_at=None)
        await database.close()


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
