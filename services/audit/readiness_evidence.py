"""What audit measures for the readiness scorecard: the log's head, its entries by class, and a pass over all of it that never stops.

privacy asks once a minute, and each time a part of the log is hashed again and compared with the tree: in a day all of it, however long.
"""

import asyncio
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, NamedTuple, get_args

from fastapi import APIRouter, Request
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.proofs import leaf_hash
from safepassage.wire_log import EntrySearch
from services.audit.alerts.measures import looked_at_alerts
from services.audit.checkpoints import CheckpointSigner
from services.audit.drafts import SEALED_BY_COURT, SEALED_PARTITION
from services.audit.heads import LogDamaged, load_head, newest_log
from services.audit.subject_index import NEWEST_BLOCKS
from services.audit.tables import LogRow, SegmentRow, SubjectEntryRow, TreeStateRow
from services.audit.witnessing.cosignatures import witnesses_since
from shared.caller import sibling
from shared.contracts.audit import EntryClass
from shared.contracts.readiness import AuditMeasures, AuditReport
from shared.database import Database
from shared.internal_token import Principal
from shared.readiness_evidence import key_encryption_in
from shared.request_clock import Now

router = APIRouter(tags=["internal"])

WEEK: Final = timedelta(days=7)
DAY: Final = timedelta(days=1)
PASSES_A_DAY: Final = 2
ASKED_A_DAY: Final = 24 * 60
ENTRIES_OF_A_STEP: Final = 5_000
SEGMENTS_OF_A_READ: Final = 64
READS_OF_A_STEP: Final = 64
HOUR: Final = 3600

_CLASS: Final = re.compile(rb'\{"class":"([a-z-]{1,32})","commitments":')
CLASSES: Final[frozenset[str]] = frozenset(name for group in get_args(EntryClass) for name in (get_args(group) or (group,)))

Position = tuple[int, int]
"""Year of the log, and index of the next segment's first entry."""


class Pass(NamedTuple):
    """A whole pass over the log."""

    ended_at: datetime
    good: int
    altered: int
    missing: int
    """Entries that the log says to have and the store does not."""


@dataclass
class Watch:
    """What this process has read of the log so far."""

    classes: dict[int, Counter[str]] = field(default_factory=dict)
    """Entries by class, for each hour since the epoch."""
    counted_to: Position | None = None
    passed_to: Position = (0, 0)
    passed: int = 0
    """Entries of the pass under way that are as they were written."""
    altered: int = 0
    """Entries of the pass under way that are not."""
    last_pass: Pass | None = None


@router.get("/internal/readiness-evidence")
async def readiness_evidence(_: Annotated[Principal, sibling("privacy")], request: Request, now: Now) -> AuditReport:
    """The log in figures; nothing of anybody in it."""
    state = request.app.state
    if not hasattr(state, "readiness_watch"):
        state.readiness_watch = Watch()
    watch: Watch = state.readiness_watch
    await count_classes(state.database, watch, now=now)
    await pass_on(state.database, watch, now=now)
    async with state.database.reading() as tx:
        figures = await _figures(tx, state.signer, now)
    done = watch.last_pass
    measures = AuditMeasures(
        **figures,
        entries_missing=0 if done is None else done.missing,
        pass_age_hours=None if done is None else max(int((now - done.ended_at).total_seconds()), 0) // HOUR,
        pass_entries=0 if done is None else done.good,
        entries_altered=watch.altered + (0 if done is None else done.altered),
        by_class=_by_class(watch, now),
        sealed_bases=len(SEALED_BY_COURT),
        index_behind_entries=state.projector.behind.entries,
        index_behind_seconds=state.projector.behind.seconds,
        searchable_by_client="client_ids" in EntrySearch.model_fields,
        key_encryption=key_encryption_in(state.settings.keys_directory, now=now),
    )
    return AuditReport(measured_at=now, measures=measures)


async def count_classes(database: Database, watch: Watch, *, now: datetime) -> None:
    """Read on from where the last count ended, at first from a week ago; what is older than a week is forgotten."""
    since = int((now - WEEK).timestamp())
    for _ in range(READS_OF_A_STEP):
        async with database.reading() as tx:
            if watch.counted_to is None:
                watch.counted_to = await _first_since(tx, since)
            rows = await _segments(tx, watch.counted_to)
        for row in rows:
            of_hour = watch.classes.setdefault(row.logged_at // HOUR, Counter())
            of_hour.update(name.decode() for name in _CLASS.findall(row.data))
            watch.counted_to = (row.log, row.start + row.held)
        if len(rows) < SEGMENTS_OF_A_READ:
            break
        await asyncio.sleep(0)
    for hour in [hour for hour in watch.classes if hour < since // HOUR]:
        del watch.classes[hour]


async def pass_on(database: Database, watch: Watch, *, now: datetime) -> None:
    """Hash the next part of the log again. At the end of the log the pass is over, and the next one begins at the first entry."""
    left = ENTRIES_OF_A_STEP
    while left > 0:
        async with database.reading() as tx:
            size = await _size(tx)
            rows = await _segments(tx, watch.passed_to)
        left = max(left, size * PASSES_A_DAY // ASKED_A_DAY) if left == ENTRIES_OF_A_STEP else left
        for row in rows:
            good = _good_entries(row)
            watch.passed, watch.altered = watch.passed + good, watch.altered + row.held - good
            watch.passed_to, left = (row.log, row.start + row.held), left - row.held
        if len(rows) < SEGMENTS_OF_A_READ:
            missing = max(size - watch.passed - watch.altered, 0)
            watch.last_pass, watch.passed_to = Pass(now, watch.passed, watch.altered, missing), (0, 0)
            watch.passed, watch.altered = 0, 0
            return
        await asyncio.sleep(0)


def _good_entries(row: Any) -> int:
    """How many entries of a segment have the hash that the tree was made of."""
    hashes, data, position, good = row.hashes, row.data, 0, 0
    for at in range(row.held):
        end = position + 2 + int.from_bytes(data[position : position + 2], "big")
        good += end <= len(data) and leaf_hash(data[position + 2 : end]) == hashes[32 * at : 32 * at + 32]
        position = end
    return good if position == len(data) else 0


async def _segments(tx: AsyncSession, position: Position) -> Any:
    """The next segments from `position` on, of this log and of later ones."""
    year, start = position
    here = (SegmentRow.log == year) & (SegmentRow.start >= start)
    # `t` and `count` are names that a row has for itself
    columns = (SegmentRow.log, SegmentRow.start, SegmentRow.count.label("held"), SegmentRow.t.label("logged_at"))
    query = select(*columns, SegmentRow.hashes, SegmentRow.data)
    query = query.where(here | (SegmentRow.log > year)).order_by(SegmentRow.log, SegmentRow.start).limit(SEGMENTS_OF_A_READ)
    return (await tx.execute(query)).all()


async def _first_since(tx: AsyncSession, since: int) -> Position:
    log = await newest_log(tx)
    if log is None:
        return (0, 0)
    year = datetime.fromtimestamp(since, UTC).year
    query = select(SegmentRow.log, SegmentRow.start).where(SegmentRow.log >= year, SegmentRow.t >= since)
    found = (await tx.execute(query.order_by(SegmentRow.log, SegmentRow.start).limit(1))).one_or_none()
    return (log.year, 0) if found is None else (found.log, found.start)


async def _figures(tx: AsyncSession, signer: CheckpointSigner, now: datetime) -> dict[str, Any]:
    oldest = await tx.scalar(select(func.min(LogRow.created_at)))
    newest_block = await tx.scalar(select(func.coalesce(func.max(SubjectEntryRow.block), 0))) or 0
    sealed = select(func.count()).where(SubjectEntryRow.block > newest_block - NEWEST_BLOCKS, SubjectEntryRow.partition == SEALED_PARTITION)
    newest = await newest_log(tx)
    looked_at = await looked_at_alerts(tx, now)
    return {
        **looked_at,
        "witnesses": 0 if newest is None else await witnesses_since(tx, newest.year, int((now - DAY).timestamp())),
        "entries": await _size(tx),
        "oldest_age_days": 0 if oldest is None else max((now - oldest).days, 0),
        "head_verified": await _head_verifies(tx, signer),
        "sealed_entries": await tx.scalar(sealed) or 0,
    }


async def _size(tx: AsyncSession) -> int:
    """Entries of all years."""
    return int(await tx.scalar(select(func.coalesce(func.sum(TreeStateRow.size), 0))) or 0)


async def _head_verifies(tx: AsyncSession, signer: CheckpointSigner) -> bool:
    """The stored hashes make the root, and the last checkpoint is signed and of this tree (services.audit.heads)."""
    log = await newest_log(tx)
    if log is None or log.state == "frozen":
        return False
    try:
        await load_head(tx, log, keys=signer.verifiers(log.origin), thorough=True)
    except LogDamaged:
        return False
    return True


def _by_class(watch: Watch, now: datetime) -> dict[Any, int]:
    since = int((now - WEEK).timestamp()) // HOUR
    total: Counter[str] = Counter()
    for hour, counted in watch.classes.items():
        if hour >= since:
            total.update(counted)
    return {name: count for name, count in sorted(total.items()) if name in CLASSES}
