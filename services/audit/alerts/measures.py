"""What the readiness scorecard is told of alerts: how many there are, and whether somebody looks at them."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.alerts.reviews import weeks_of
from services.audit.alerts.weeks import last_over
from services.audit.tables import AlertRow

DAY: Final = timedelta(days=1)
WEEKS: Final = 4


async def looked_at_alerts(tx: AsyncSession, now: datetime) -> dict[str, int]:
    """Members of AuditMeasures."""
    end = now - DAY
    of_week = select(func.count()).where(AlertRow.entry_idx.is_not(None), AlertRow.found_at > end - 7 * DAY, AlertRow.found_at <= end)
    weeks = await weeks_of(tx, last_over(now), WEEKS)
    return {
        "alerts": await tx.scalar(of_week) or 0,
        "alerts_reviewed": await tx.scalar(of_week.where(AlertRow.acknowledged_count.is_not(None))) or 0,
        "alert_weeks": len(weeks),
        "alert_weeks_signed": sum(weeks.values()),
    }
