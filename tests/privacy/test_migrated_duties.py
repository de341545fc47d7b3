"""Duties that were on record while each had a date keep it, and stand in the list where they stood."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from services.privacy.tables import Base, DutyExchangeRow, DutyRow
from shared.database import Database
from shared.migrations import differences, migrate

pytestmark = pytest.mark.anyio

BEFORE = "0012"
NEW = {"ranked_at", "waived_at", "waived_by", "waived_because"}
DUTY = sa.table("duty", *(sa.column(one.name, one.type) for one in DutyRow.__table__.columns if one.name not in NEW))
"""As it was."""
BEGAN = datetime(2026, 10, 20, 12, tzinfo=UTC)


async def test_duties_of_before_keep_their_dates_and_one_without_can_be_kept(empty_url: str) -> None:
    database = Database(empty_url)
    await migrate("privacy", database, to=BEFORE)
    of_all = {"kind": "annual-notice", "custodian_id": uuid4(), "sealed_details": b"d", "begins_at": BEGAN}
    async with database.transaction() as tx:
        for days in (3, 1, 2):
            at = BEGAN + timedelta(days=days)
            await tx.execute(sa.insert(DUTY).values(id=uuid4(), key=f"k{days}", due_from=BEGAN, overdue_at=at, **of_all))
        await tx.execute(sa.insert(DutyExchangeRow).values(exchange_key="e", duty_key="k1"))
    await migrate("privacy", database)
    async with database.transaction() as tx:
        await tx.execute(sa.insert(DutyRow).values(id=uuid4(), key="k0", ranked_at=BEGAN, **of_all))
    async with database.reading() as tx:
        rows = (await tx.execute(sa.select(DutyRow).order_by(DutyRow.ranked_at))).scalars().all()
        served = (await tx.execute(sa.select(DutyExchangeRow.duty_key))).scalars().all()
    dates = [(f"k{days}", BEGAN, BEGAN + timedelta(days=days), BEGAN + timedelta(days=days), None) for days in (1, 2, 3)]
    assert [(row.key, row.due_from, row.overdue_at, row.ranked_at, row.waived_at) for row in rows] == [
        ("k0", None, None, BEGAN, None),
        *dates,
    ]
    assert served == ["k1"], "none is lost"
    assert await differences("privacy", database, Base.metadata) == []
    await database.close()
