"""What records measures for the readiness scorecard: exchanges, receipts, matches, loads. Counts leave it; ids and contents do not."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import BigInteger, Connection, Select, and_, func, or_, select, type_coerce

from safepassage.compact import split
from safepassage.package import REDISCLOSURE_NOTICE_DIGEST
from services.records.exchange.arrived import arrived
from services.records.exchange.states import Asked, Outgoing
from services.records.matching_quality import matching_quality
from services.records.tables import (
    ExchangeRequestRow,
    IncomingEnvelopeRow,
    LeaseRow,
    LoadRow,
    MatchReviewRow,
    OutboxRow,
    OutgoingEnvelopeRow,
    PeerRequestRow,
    StudentRow,
)
from shared.clock import EPOCH
from shared.contracts.readiness import RecordsMeasures, RecordsReport
from shared.readiness_evidence import entries_waiting, keep_doing, key_encryption_in, tell_privacy

YEAR: Final = timedelta(days=365)
MONTH: Final = timedelta(days=30)
TEN_DAYS: Final = timedelta(days=10)
FIVE_DAYS: Final = timedelta(days=5)
SAMPLE: Final = 500
RECEIPTS: Final = 100
RANDOM_VERSION: Final = 4
NEAR: Final = 2**20

TRIED = (Outgoing.IN_FLIGHT, Outgoing.RECEIVED, Outgoing.PROCESSED, Outgoing.REJECTED)


def are_random(identifiers: Sequence[UUID]) -> int:
    """How many of the identifiers are random: of version 4, and with no neighbour so near that a sequence made both.

    Of 500 random ones a pair is as near as this once in ten million samples.
    """
    ordered = sorted(identifiers)
    heads = [identifier.int >> 64 for identifier in ordered]
    near = {at for at in range(1, len(heads)) if heads[at] - heads[at - 1] < NEAR}
    near |= {at - 1 for at in near}
    return sum(one.version == RANDOM_VERSION and at not in near for at, one in enumerate(ordered))


def measure(connection: Connection, keys_directory: Path, *, oldest_record_at: datetime | None, now: datetime) -> RecordsMeasures:
    """Of one snapshot. `oldest_record_at` is asked for once in the life of a process: the oldest record gets no older."""
    students = connection.execute(select(StudentRow.id).order_by(StudentRow.id).limit(SAMPLE)).scalars().all()
    return RecordsMeasures(
        students_sampled=len(students),
        students_random=are_random(students),
        oldest_record_age_days=0 if oldest_record_at is None else max((now - oldest_record_at).days, 0),
        **_requests(connection, now),
        **_reviews(connection, now),
        **_envelopes(connection, now),
        **_loads(connection, now),
        log_waiting=entries_waiting(connection, OutboxRow, now=now),
        match_cases=matching_quality().cases,
        match_precision_percent=matching_quality().precision_percent,
        match_recall_percent=matching_quality().recall_percent,
        key_encryption=key_encryption_in(keys_directory, now=now),
    )


def oldest_record(connection: Connection) -> datetime | None:
    """When the first of the records held was made here."""
    return connection.execute(select(func.min(StudentRow.created_at))).scalar_one()


def _requests(connection: Connection, now: datetime) -> dict[str, Any]:
    since, asked, taken = _first_id(now - YEAR), ExchangeRequestRow, PeerRequestRow
    answered = (
        select(_took(IncomingEnvelopeRow.stored_at, ExchangeRequestRow.requested_at).label("took"))
        .select_from(ExchangeRequestRow)
        .join(IncomingEnvelopeRow, IncomingEnvelopeRow.exchange_id == ExchangeRequestRow.id)
        .where(ExchangeRequestRow.id >= since, IncomingEnvelopeRow.kind == "package")
        .subquery()
    )
    unanswered = and_(ExchangeRequestRow.state.in_((Asked.PREPARED, Asked.ACCEPTED)), ExchangeRequestRow.requested_at < now - TEN_DAYS)
    with_record = _count(connection, select(answered))
    late = _count(connection, select(ExchangeRequestRow.id).where(ExchangeRequestRow.id >= since, unanswered))
    middle = select(answered.c.took).order_by(answered.c.took).offset(with_record // 2).limit(1)
    median = connection.execute(middle).scalar_one() if with_record else None
    return {
        "requests_sent": _count(connection, select(asked.id).where(asked.id >= since, asked.finding_id.is_(None), ~asked.is_educators)),
        "requests_taken": _count(connection, select(taken.id).where(taken.id >= since, taken.is_finding.is_(False), ~taken.is_educators)),
        "answers_awaited": with_record + late,
        "answers_in_ten_days": _count(connection, select(answered).where(answered.c.took <= _milliseconds(TEN_DAYS))),
        "answers_median_hours": None if median is None else max(median, 0) // _milliseconds(timedelta(hours=1)),
    }


def _reviews(connection: Connection, now: datetime) -> dict[str, int]:
    due = or_(MatchReviewRow.resolved_at.is_not(None), MatchReviewRow.opened_at < now - FIVE_DAYS)
    reviews = select(MatchReviewRow.id).where(MatchReviewRow.id >= _first_id(now - YEAR))
    in_time = _took(MatchReviewRow.resolved_at, MatchReviewRow.opened_at) <= _milliseconds(FIVE_DAYS)
    return {
        "reviews": _count(connection, reviews.where(due)),
        "reviews_in_five_days": _count(connection, reviews.where(MatchReviewRow.resolved_at.is_not(None), in_time)),
    }


def _envelopes(connection: Connection, now: datetime) -> dict[str, int]:
    row = OutgoingEnvelopeRow
    envelopes = select(row.id).where(row.id >= _first_id(now - YEAR))
    tried, packages = envelopes.where(row.state.in_(TRIED)), envelopes.where(row.kind == "package", arrived(row))
    pinned = select(row.recipient_node).where(row.id >= _first_id(now - MONTH), arrived(row)).distinct()
    newest = select(func.coalesce(row.r1, row.r2)).where(row.kind == "package", arrived(row)).order_by(row.id.desc()).limit(RECEIPTS)
    receipts = [token for token in connection.execute(newest).scalars() if token is not None]
    return {
        "envelopes_sent": _count(connection, tried),
        "envelopes_receipted": _count(connection, tried.where(arrived(row))),
        "envelopes_without_entry": _count(connection, tried.where(row.entry_index.is_(None))),
        "packages_receipted": _count(connection, packages),
        "packages_answered": _count(connection, packages.where(row.r2.is_not(None))),
        "packages_filed": _count(connection, packages.where(row.state == Outgoing.PROCESSED)),
        "notices_sampled": len(receipts),
        "notices_acknowledged": sum(split(one)[1].get("redisclosure_notice_digest") == REDISCLOSURE_NOTICE_DIGEST for one in receipts),
        "pinning_nodes": _count(connection, pinned),
    }


def _loads(connection: Connection, now: datetime) -> dict[str, int]:
    loads = select(LoadRow.organisation_id).where(LoadRow.id >= _first_id(now - MONTH))
    return {"loads": _count(connection, loads), "loading_organisations": _count(connection, loads.distinct())}


def _count(connection: Connection, query: Select[Any]) -> int:
    return connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()


def _took(end: Any, start: Any) -> Any:
    """Milliseconds, which is what both columns are."""
    return type_coerce(end, BigInteger) - type_coerce(start, BigInteger)


def _milliseconds(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)


def _first_id(at: datetime) -> UUID:
    """The least UUIDv7 of an instant: rows since then are one range of the primary key."""
    return UUID(int=_milliseconds(at - EPOCH) << 80)


async def report(app: FastAPI) -> None:
    """Measure, and tell privacy."""
    state = app.state
    now: datetime = state.clock()
    if getattr(state, "oldest_record_at", None) is None:
        state.oldest_record_at = await state.database.read(oldest_record)
    oldest, keys = state.oldest_record_at, state.settings.keys_directory
    measures = await state.database.read(lambda connection: measure(connection, keys, oldest_record_at=oldest, now=now))
    await tell_privacy(app, "records", RecordsReport(measured_at=now, measures=measures))


async def keep_reporting(app: FastAPI) -> None:
    """Every minute: a lifespan task."""
    await keep_doing(app, report, lease=LeaseRow)
