"""Looking at the log and the node as they are at an instant."""

from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.tlog_policy import Policy
from services.audit.alerts.node_rules import Glance
from services.audit.driver import Driver
from services.audit.heads import newest_log
from services.audit.index.lookup import Query, Stretch, find
from services.audit.index.terms import Kind, digest_of
from services.audit.subject_keys import SubjectKeys
from services.audit.tables import AlertRow, CheckpointRow, DisclosureCopyRow
from services.audit.witnessing.cosignatures import largest_witnessed
from shared.contracts.audit import MAY_WRITE
from shared.database import Database

COPY_OVERDUE: Final = "copy-overdue"
OTHERS: Final = frozenset().union(*(classes for service, classes in MAY_WRITE.items() if service != "audit"))
"""Classes of entries that the other services make."""


async def glance_of(
    state: Any, *, now: datetime, serving_since: datetime, clock_jump_seconds: float, zone: ZoneInfo, copies_of: date | None
) -> Glance:
    """What the rules about the node are told.

    zone       the state agency's
    copies_of  the day there, where it is to be looked whether copies are late: none becomes so but at midnight
    """
    database: Database = state.database
    policy: Policy | None = state.publisher.policy
    newest, behind, last = await database.read(lambda connection: _of_log(Driver(connection), state.keys, int(now.timestamp())))
    async with database.reading() as tx:
        unwitnessed = None if policy is None else await _unwitnessed_since(tx, policy)
        overdue = 0 if copies_of is None else await _overdue_copies(tx, zone, copies_of)
    return Glance(now, serving_since, _instant(last), _instant(newest), behind, clock_jump_seconds, unwitnessed, overdue)


async def _overdue_copies(tx: AsyncSession, zone: ZoneInfo, today: date) -> int:
    """Copies that districts have not got in time, once one is among them that was not when it was told last; else 0: each is told once.

    One that was made after it was due, by a node that was down meanwhile, is among those as well.
    """
    row = DisclosureCopyRow
    late = row.logged, row.given_at.is_(None), row.due_on < today
    last = await tx.scalar(select(AlertRow.found_at).where(AlertRow.rule == COPY_OVERDUE).order_by(AlertRow.day.desc()).limit(1))
    news = late if last is None else (*late, or_(row.due_on >= last.astimezone(zone).date(), row.made_at >= last))
    if await tx.scalar(select(row.id).where(*news).limit(1)) is None:
        return 0
    return await tx.scalar(select(func.count()).select_from(row).where(*late)) or 0


def _of_log(driver: Driver, keys: SubjectKeys, now: int) -> tuple[int | None, int, int | None]:
    """Times of the newest entry and of the newest of another service, and for how many seconds the first has waited that is not indexed."""
    cursors = dict(driver.rows("SELECT log, at FROM index_cursor"))
    logs = driver.rows("SELECT log, size, last_t FROM tree_state ORDER BY log DESC")
    filled = [t for _, size, t in logs if size]
    waiting = [(log, cursors.get(log, 0)) for log, size, _ in logs if cursors.get(log, 0) < size]
    behind = max((now - _time_at(driver, *first) for first in waiting), default=0)
    stretches = [Stretch(log, 0, min(size, cursors.get(log, 0))) for log, size, _ in logs]
    term_key = keys.index_key(driver)
    others = Query((), (frozenset(digest_of(Kind.CLASS, name, term_key) for name in OTHERS),))
    # what the index has not yet may be another service's: then nothing is silent
    places = [] if waiting else find(driver, keys, others, [one for one in stretches if one.end], limit=1).places
    last = _time_at(driver, *places[0]) if places else None
    return max(filled, default=None), max(behind, 0), last


def _time_at(driver: Driver, log: int, at: int) -> int:
    ((t,),) = driver.rows("SELECT t FROM segment WHERE log = ? AND start <= ? ORDER BY start DESC LIMIT 1", log, at)
    return int(t)


async def _unwitnessed_since(tx: AsyncSession, policy: Policy) -> datetime | None:
    newest = await newest_log(tx)
    if newest is None:
        return None
    witnessed = await largest_witnessed(tx, newest.year, policy)
    size = 0 if witnessed is None else witnessed.size
    query = select(CheckpointRow.signed_at).where(CheckpointRow.log == newest.year, CheckpointRow.size > size)
    since: datetime | None = await tx.scalar(query.order_by(CheckpointRow.size).limit(1))
    return since


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
