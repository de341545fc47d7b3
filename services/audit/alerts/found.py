"""Keeping what was found, once: rows first, then their entries, so that whoever is killed between them leaves nothing half done.

# INVARIANT: of one rule, subject and day there is one alert, and of one alert one entry. A row without its entry is not shown; the entry's
# key is the row's id, so that who comes second appends nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import digest_of_json, sha256
from safepassage.ids import uuid7
from services.audit.alerts.habits import Span
from services.audit.alerts.node_rules import NodeFinding
from services.audit.alerts.rules import Finding, is_reopened
from services.audit.drafts import event_key
from services.audit.group_commit import Place
from services.audit.tables import AlertCursorRow, AlertRow, AppendedRow, WitnessFindingRow
from services.audit.witnessing.findings import finding_key
from shared.clock import EPOCH
from shared.contracts.audit import Actor, Context, Digests, Event
from shared.inserts import insert_into, insert_of

JOB: Final = "alerts"
_NO_ACTOR: Final = b"\x00"
NODE: Final = _NO_ACTOR + bytes(16)
"""The subject of alerts about the node."""
ENTERED_AT_ONCE: Final = 20
"""So that who waits for the log or its store does not wait long."""


class SpanTaken(Exception):
    """Another process has looked at these entries."""


class Found(NamedTuple):
    """A finding about an actor."""

    subject: bytes
    finding: Finding


def day_of(now: datetime) -> int:
    """The day (UTC), since the Unix epoch."""
    return (now - EPOCH).days


async def keep_span(tx: AsyncSession, span: Span, found: Iterable[Found], now: datetime) -> None:
    """Keep what a span has shown, and move on over it. Raises SpanTaken."""
    blank = {"log": span.year, "at": 0, "day": 0}
    await tx.execute(insert_into(tx, AlertCursorRow).values(**blank).on_conflict_do_nothing())
    moved = update(AlertCursorRow).where(AlertCursorRow.log == span.year, AlertCursorRow.at == span.start)
    if (await tx.execute(moved.values(at=span.end, day=span.day))).rowcount != 1:  # type: ignore[attr-defined]  # of an UPDATE it has one
        raise SpanTaken
    findings = [
        {"rule": one.rule, "subject": subject, "day": span.day, "count": one.amount, "usual": one.usual}
        | {"log": span.year, "first": one.first, "last": one.last}
        for subject, one in found
    ]
    await _put(tx, span.day, findings, now)


async def keep_of_node(tx: AsyncSession, found: Iterable[NodeFinding], now: datetime) -> None:
    """Keep what was found of the node today."""
    day = day_of(now)
    blank = {"subject": NODE, "day": day, "usual": 0, "log": None, "first": None, "last": None}
    await _put(tx, day, [blank | {"rule": rule, "count": count} for rule, count in found], now)


async def _put(tx: AsyncSession, day: int, findings: Sequence[dict[str, Any]], now: datetime) -> None:
    """Of a day, keep what is new, and what has grown. What was found before costs nothing again."""
    if not findings:
        return
    query = select(AlertRow.rule, AlertRow.subject, AlertRow.seen_count).where(AlertRow.day == day)
    held = {(rule, subject): seen for rule, subject, seen in await tx.execute(query)}
    fresh = []
    for one in findings:
        seen = held.get((one["rule"], one["subject"]))
        if seen is None:
            fresh.append(one | {"id": uuid7(now), "found_at": now, "seen_count": one["count"], "reopened": 0, "reopened_entered": 0})
        elif one["count"] > seen:
            await _grow(tx, (one["rule"], one["subject"], day), one["count"])
    if fresh:
        await tx.execute(insert_of(tx.get_bind().dialect.name, AlertRow.__table__).on_conflict_do_nothing(), fresh)


async def _grow(tx: AsyncSession, key: tuple[str, bytes, int], count: int) -> None:
    held = await tx.get_one(AlertRow, key, with_for_update=True)
    held.seen_count = max(held.seen_count, count)
    if held.acknowledged_count is not None and is_reopened(held.rule, held.acknowledged_count, count):
        held.acknowledged_count, held.reopened = None, held.reopened + 1


async def link_witness_findings(tx: AsyncSession, now: datetime) -> list[AlertRow]:
    """Alerts of what witnesses and witnessed logs should never have said. The log has it already: that entry is the alert's."""
    made = []
    for row in (await tx.scalars(select(WitnessFindingRow).where(WitnessFindingRow.entered_on.is_not(None)))).all():
        assert row.entered_on is not None  # noqa: S101 the query says so
        day = day_of(datetime.fromisoformat(f"{row.entered_on}T00:00:00+00:00"))
        subject = _NO_ACTOR + sha256(f"{row.kind}\0{row.about}".encode())[:16]
        if await tx.get(AlertRow, ("witness-finding", subject, day)) is not None:
            continue
        entry = await tx.get(AppendedRow, event_key("audit", finding_key(row.kind, row.about, row.entered_on)))
        if entry is None:
            continue
        one = AlertRow(
            rule="witness-finding", subject=subject, day=day, id=uuid7(now), found_at=now, count=1, usual=0, seen_count=1,
            about=f"{row.kind}: {row.about}"[:300], reopened=0, reopened_entered=0, entry_log=entry.log, entry_idx=entry.idx,
        )  # fmt: skip
        tx.add(one)
        made.append(one)
    await tx.flush()
    return made


async def not_entered(tx: AsyncSession) -> list[AlertRow]:
    """Alerts that the log has not yet, the oldest first."""
    return list((await tx.scalars(select(AlertRow).where(AlertRow.entry_idx.is_(None)).order_by(AlertRow.id).limit(ENTERED_AT_ONCE))).all())


async def reopened(tx: AsyncSession) -> list[AlertRow]:
    """Alerts that went on after they were acknowledged, which the log has not yet."""
    query = select(AlertRow).where(AlertRow.reopened > AlertRow.reopened_entered, AlertRow.entry_idx.is_not(None))
    return list((await tx.scalars(query.order_by(AlertRow.id).limit(ENTERED_AT_ONCE))).all())


async def entered(tx: AsyncSession, row: AlertRow, place: Place) -> bool:
    """Note where an alert's entry is. False if another process has done so before."""
    noted = update(AlertRow).where(AlertRow.id == row.id, AlertRow.entry_idx.is_(None)).values(entry_log=place.log, entry_idx=place.at)
    return bool((await tx.execute(noted)).rowcount)  # type: ignore[attr-defined]  # of an UPDATE it has one


def alert_digest(row: AlertRow) -> str:
    """Of what was found: it does not change, so the entry pins it. The subject is a keyed tag."""
    members = ("rule", "day", "log", "first", "last", "count", "usual")
    return digest_of_json({"id": str(row.id), "subject": row.subject.hex()} | {name: getattr(row, name) for name in members})


def found_event(row: AlertRow) -> Event:
    """The entry of an alert: the same, whoever makes it and whenever."""
    return _event(row, f"alert:{row.id}", "alert", row.count)


def reopened_event(row: AlertRow) -> Event:
    """The entry of an alert that went on after it was acknowledged."""
    return _event(row, f"alert:{row.id}:reopened:{row.reopened}", "alert-reopened", None)


def _event(row: AlertRow, key: str, operation: str, count: int | None) -> Event:
    return Event(
        class_="alert",
        key=key,
        actor=Actor(kind="system", job=JOB),
        context=Context(operation=operation, outcome="alarm", reason=row.rule, about=f"alert:{row.id}", count=count),
        digests=Digests(ct=alert_digest(row)),
    )
