"""Keys are wrapped again beside what privacy does, whose acts take rows in the order in which they come: nobody waits for good."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from safepassage.canonical import from_base64url
from services.privacy.duty_exchanges import serve, serving
from services.privacy.key_wrapping import rewrap
from services.privacy.tables import Base
from shared.database import Database
from shared.key_encryption import version_of
from shared.keys import SigningKey
from tests.conftest import StandingClock
from tests.postgres.waiting import somebody_waits
from tests.privacy.rights import Staff
from tests.privacy.test_key_wrapping import keys, lived_in, running
from tests.privacy.test_served_duties import opened

__all__ = ["keys"]

pytestmark = [pytest.mark.anyio, pytest.mark.postgres, pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)]

SECONDS: Final = 30
Act = Callable[[AsyncConnection, Any], Awaitable[object]]


async def changes_a_student(act: AsyncConnection, student_id: Any) -> None:
    await act.execute(text("UPDATE subject SET facts_version = facts_version WHERE student_id = :key"), {"key": student_id})


async def names_a_duty(act: AsyncConnection, duty_id: Any) -> None:
    """As the decision about an exchange does that serves it."""
    key = await act.scalar(text("SELECT key FROM duty WHERE id = :key"), {"key": duty_id})
    rows = serving(SigningKey.generate(), uuid4(), [str(key)])
    await act.run_sync(lambda connection: serve(connection, rows))


async def sends_what_waits(act: AsyncConnection, number: Any) -> None:
    await act.execute(text("UPDATE outbox SET attempts = attempts WHERE id = :key"), {"key": number})


@pytest.mark.requirement("KEYS-rotation")
@pytest.mark.parametrize(
    ("table", "column", "does"),
    [("subject", "sealed", changes_a_student), ("duty", "sealed_details", names_a_duty), ("outbox", "body", sends_what_waits)],
)
async def test_an_act_that_holds_a_row_and_wants_one_before_it_gets_it_and_all_are_wrapped_again(
    store_url: str, keys: Path, clock: StandingClock, table: str, column: str, does: Act
) -> None:
    async with running(store_url, keys, clock) as world:
        await lived_in(world)
        for _ in range(2):
            await opened(Staff(world), "idea-obtain-records")
        sealer, database = world.node.app.state.sealer, world.node.app.state.database
        first, *_, last = [key for key, _ in await wrapped(database, table, column)]
        newest = sealer.provider.rotate()
        async with asyncio.timeout(SECONDS), database.engine.connect() as act:
            await does(act, last)
            working = asyncio.ensure_future(rewrap(database, sealer))
            for _ in range(500):  # until it has done the other one, or waits for this
                if working.done() or (await wrapped(database, table, column))[0] == (first, newest) or await somebody_waits(database):
                    break
                await asyncio.sleep(0.01)
            await does(act, first)
            await act.commit()
            await working
        assert {version for _, version in await wrapped(database, table, column)} == {newest}


async def wrapped(database: Database, name: str, column: str) -> list[tuple[Any, int]]:
    """By their keys, in order, which version wraps each row."""
    table = Base.metadata.tables[name]
    [key] = table.primary_key.columns
    async with database.reading() as tx:
        rows = (await tx.execute(select(key, table.c[column]).order_by(key))).all()
    return [(row, version_of(from_base64url(sealed[:8]) if isinstance(sealed, str) else sealed)) for row, sealed in rows]
