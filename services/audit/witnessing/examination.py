"""What an operator has to know of witnessing: whether the log is frozen, what was found lately, whether anybody still cosigns."""

from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.checkpoints import latest_checkpoint
from services.audit.heads import newest_log
from services.audit.tables import CosignatureRow, LogRow, WitnessFindingRow
from services.audit.witnessing.findings import KINDS

LATELY: Final = timedelta(days=7)
COSIGNED_WITHIN: Final = timedelta(hours=1)
_SENTENCES: Final[dict[str, str]] = dict(KINDS.items())
FROZEN_REMEDY: Final = 'docs/witnessing.md, "A frozen log": restore the newest copy of the store; verify-log says whether one is whole'
ENDED: Final = "it was ended before its year was over: its last entries are lost"
FINDING_REMEDY: Final = 'docs/witnessing.md, "What a finding means"'


class Examined(NamedTuple):
    """One thing that was looked at."""

    what: str
    state: Literal["good", "warning", "bad"]
    detail: str = ""
    remedy: str = ""


async def examine_witnessing(tx: AsyncSession, now: datetime) -> list[Examined]:
    """Look at the log's state, the findings of a week, and how old the newest cosignature is. Nothing is changed."""
    log = await newest_log(tx)
    if log is None:
        return []
    found: list[Examined] = []
    frozen = log.state == "frozen"
    found.append(Examined("log", "bad", "it is frozen: nothing is appended", FROZEN_REMEDY) if frozen else Examined("log", "good"))
    ended = select(LogRow.origin).where(LogRow.state == "ended", LogRow.year >= now.year).order_by(LogRow.year)
    found += [Examined(f"log, {origin}", "warning", ENDED, FROZEN_REMEDY) for origin in await tx.scalars(ended)]
    rows = (await tx.execute(select(WitnessFindingRow).where(WitnessFindingRow.last_at > now - LATELY))).scalars()
    for row in sorted(rows, key=lambda one: one.last_at, reverse=True):
        times = f"{row.count} times, last {row.last_at:%Y-%m-%d %H:%M}"
        sentence = _SENTENCES.get(row.kind, row.kind)
        found.append(Examined(f"witnessing, {row.about}", "bad", f"{sentence} ({times})", FINDING_REMEDY))
    newest = (await tx.execute(select(func.max(CosignatureRow.t)).where(CosignatureRow.log == log.year))).scalar_one()
    if newest is not None:
        found.append(await _age(tx, log.year, int(newest), now))
    return found


async def _age(tx: AsyncSession, year: int, newest: int, now: datetime) -> Examined:
    size = (await tx.execute(select(func.max(CosignatureRow.size)).where(CosignatureRow.log == year))).scalar_one()
    checkpoint = await latest_checkpoint(tx, year)
    waits = checkpoint is not None and checkpoint.size > size and checkpoint.signed_at < now - COSIGNED_WITHIN
    hours = int((now.timestamp() - newest) // 3600)
    if not waits:
        return Examined("witnesses", "good")
    return Examined(
        "witnesses", "warning", f"none has cosigned a checkpoint for {hours} hours", "look at the witnesses' addresses in witnesses.policy"
    )
