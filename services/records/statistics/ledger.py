"""The budget of an organisation: what its answers may tell of one student in a school year, charged in the answer's own transaction.

INVARIANT: an answer is stored and charged together, or neither; an organisation is never charged beyond its budget.
"""

from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.statistics import BudgetSpent
from services.records.tables import StatisticsBudgetRow
from shared.inserts import insert_into

MILLIONTHS: Final = 1_000_000
JULY: Final = 7


def school_year_of(day: date) -> int:
    """The year in which the day's school year ends."""
    return day.year + (day.month >= JULY)


def charge_of(epsilon: float) -> int:
    """Millionths, rounded up."""
    return -int(-epsilon * MILLIONTHS // 1)


async def spent(tx: AsyncSession, organisation_id: UUID, day: date) -> int:
    """Millionths of epsilon, in the school year of the day."""
    held: StatisticsBudgetRow | None = await tx.get(StatisticsBudgetRow, (organisation_id, school_year_of(day)))
    return 0 if held is None else held.spent


async def locked(tx: AsyncSession, organisation_id: UUID, day: date) -> StatisticsBudgetRow:
    """The account, so that nobody else charges it in this transaction's time; a new one where there is none."""
    year = school_year_of(day)
    opened = insert_into(tx, StatisticsBudgetRow).values(organisation_id=organisation_id, school_year=year, spent=0)
    await tx.execute(opened.on_conflict_do_nothing())
    query = select(StatisticsBudgetRow).where(
        StatisticsBudgetRow.organisation_id == organisation_id, StatisticsBudgetRow.school_year == year
    )
    return (await tx.execute(query.with_for_update())).scalar_one()


def require_left(spent: int, epsilon: float, budget: float) -> int:
    """What the account stands at after the charge. Raises BudgetSpent."""
    after = spent + charge_of(epsilon)
    if after > int(budget * MILLIONTHS):
        raise BudgetSpent
    return after
