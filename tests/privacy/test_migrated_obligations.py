"""A destruction that had been shown before stays on record, and what a party receives after it is owed anew."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from services.privacy.tables import DecisionRow, ObligationRow
from shared.database import Database
from shared.migrations import migrate

pytestmark = pytest.mark.anyio

BEFORE = "0013"
AT = datetime(2026, 10, 20, 12, tzinfo=UTC)
DECIDED = UUID("0192a000-0000-7000-8000-000000000001")


async def test_a_duty_that_was_met_before_is_free_and_an_open_one_is_not(empty_url: str) -> None:
    database = Database(empty_url)
    await migrate("privacy", database, to=BEFORE)
    of_all = {"decision_id": DECIDED, "custodian_id": uuid4(), "kind": "destroy-by", "due_at": AT, "waivers": 0}
    async with database.transaction() as tx:
        await tx.execute(_a_decision())
        for duty, met in (("open", None), ("met", AT)):
            await tx.execute(sa.insert(ObligationRow).values(id=uuid4(), duty=duty, discharged_at=met, **of_all))
    await migrate("privacy", database)
    async with database.transaction() as tx:
        await tx.execute(sa.insert(ObligationRow).values(id=uuid4(), duty="met", **of_all))
    async with database.reading() as tx:
        kept = {row.duty.partition(":met:")[0]: row.discharged_at for row in await tx.scalars(sa.select(ObligationRow))}
        count = await tx.scalar(sa.select(sa.func.count()).select_from(ObligationRow))
        named = set(await tx.scalars(sa.select(ObligationRow.duty)))
    assert (count, {"open", "met"} <= named, kept.keys()) == (3, True, {"open", "met"})
    await database.close()


def _a_decision() -> sa.Insert:
    columns = {"id": DECIDED, "decided_at": AT, "valid_until": AT, "action": "disclose", "policy_hash": "p", "secret": False}
    sealed = {f"sealed_{part}": b"s" for part in ("record", "input", "outcome")}
    return sa.insert(DecisionRow).values(**columns, **sealed)
