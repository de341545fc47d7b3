"""`/v1/log/witnesses`: who cosigns this node's log, whose logs it cosigns, and what was wrong with either."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.log import NoSuchLog
from safepassage.problems.requests import NotPermitted
from safepassage.tlog_policy import PolicyWitness
from safepassage.wire_log_witnesses import LogWitness, LogWitnesses, WitnessedLog, WitnessFinding
from services.audit.log_routes import Operator, Published
from services.audit.tables import WitnessedLogRow, WitnessFindingRow
from services.audit.witnessing.cosignatures import largest_cosigned, largest_witnessed
from services.audit.witnessing.publisher import Publisher
from services.audit.witnessing.witness import Witness
from shared.database import ReadOnly
from shared.problems import responses
from shared.trust_standing import trust_list_standing

router = APIRouter(tags=["log"])


@router.get("/v1/log/witnesses", responses=responses(NotPermitted, NoSuchLog))
async def list_log_witnesses(_: Operator, tx: ReadOnly, published: Published, request: Request) -> LogWitnesses:
    """Who cosigns this node's newest log, whose logs this node cosigns, and what a witness or a log should never have said."""
    state = request.app.state
    publisher: Publisher = state.publisher
    witness: Witness = state.witness
    year, policy = published.log.year, publisher.policy
    quorum = None if policy is None else await largest_witnessed(tx, year, policy)
    return LogWitnesses(
        log=published.log.origin,
        size=published.size,
        has_policy=policy is not None,
        witnessed_size=0 if quorum is None else quorum.size,
        witnesses=() if policy is None else tuple([await _told(tx, year, one) for one in policy.witnesses]),
        is_witness=witness.can_cosign,
        witnessed=await _witnessed(tx),
        findings=await _findings(tx),
        trust_list=trust_list_standing(state.trust),
    )


async def _told(tx: AsyncSession, year: int, one: PolicyWitness) -> LogWitness:
    size, t = await largest_cosigned(tx, year, [one.key])
    return LogWitness(vkey=one.key.vkey, url=one.url, size=size, cosigned_at=_instant(t) if t else None)


async def _witnessed(tx: AsyncSession) -> tuple[WitnessedLog, ...]:
    rows = (await tx.execute(select(WitnessedLogRow).order_by(WitnessedLogRow.origin))).scalars()
    return tuple(WitnessedLog(origin=row.origin, size=row.size, cosigned_at=_instant(row.t)) for row in rows)


async def _findings(tx: AsyncSession) -> tuple[WitnessFinding, ...]:
    row = WitnessFindingRow
    rows = (await tx.execute(select(row).order_by(row.last_at.desc(), row.kind, row.about))).scalars()
    return tuple(
        WitnessFinding(kind=one.kind, about=one.about, first_at=one.first_at, last_at=one.last_at, count=one.count) for one in rows
    )


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
