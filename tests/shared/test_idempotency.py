"""A key has its effect once, whoever comes with it at the same moment, on either engine."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, select

from safepassage.problems.requests import IdempotencyKeyReused
from shared.clock import system_clock
from shared.database import Database
from shared.idempotency import KEPT, claim_at
from tests.shared.tables import IdempotencyRow

pytestmark = pytest.mark.anyio

ABOUT = {"client_id": "school", "operation": "ask", "key": "0123456789", "digest": "A" * 43}


def claim(connection: Connection, effect: UUID, **about: Any) -> UUID | None:
    return claim_at(connection, IdempotencyRow, **{**ABOUT, "now": system_clock(), "effect_id": effect, **about})


async def test_the_first_claims_a_key_and_the_second_is_told_what_it_made(empty_database: Database) -> None:
    first, second = uuid4(), uuid4()
    assert await empty_database.write(lambda connection: claim(connection, first)) is None
    assert await empty_database.write(lambda connection: claim(connection, second)) == first
    assert await empty_database.write(lambda connection: claim(connection, second, key="another-key")) is None


async def test_of_many_at_once_one_claims_and_all_others_hear_of_it(empty_database: Database) -> None:
    several = [uuid4() for _ in range(8)]
    made = await asyncio.gather(*(empty_database.write(lambda connection, one=one: claim(connection, one)) for one in several))
    [first] = [one for one, before in zip(several, made, strict=True) if before is None]
    assert [before for before in made if before is not None] == [first] * 7


async def test_a_key_that_another_request_used_is_refused(empty_database: Database) -> None:
    await empty_database.write(lambda connection: claim(connection, uuid4()))
    with pytest.raises(IdempotencyKeyReused):
        await empty_database.write(lambda connection: claim(connection, uuid4(), digest="B" * 43))


async def test_a_claim_that_is_rolled_back_leaves_the_key_to_the_next(empty_database: Database) -> None:
    def fail(connection: Connection) -> None:
        claim(connection, uuid4())
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await empty_database.write(fail)
    assert await empty_database.write(lambda connection: claim(connection, uuid4())) is None


async def test_what_others_claimed_a_day_ago_is_forgotten(empty_database: Database) -> None:
    await empty_database.write(lambda connection: claim(connection, uuid4(), now=system_clock() - KEPT - timedelta(seconds=1)))
    await empty_database.write(lambda connection: claim(connection, uuid4(), key="another-key"))
    assert await empty_database.read(lambda connection: connection.execute(select(IdempotencyRow.key)).scalars().all()) == ["another-key"]
