"""What the log is told of loads, look-ups, reads and matches. A read is appended before its answer leaves; the others follow behind."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import FastAPI

from safepassage.ids import uuid7
from shared.actors import client_actor
from shared.caller import Caller
from shared.contracts.audit import Actor, AppendRequest, AppendResponse, Context, Event
from shared.siblings import Siblings

LARGEST = 1000
"""Students of one entry."""


async def log_ahead(app: FastAPI, caller: Caller, event: Event, scope: Mapping[str, Any]) -> None:
    """Append a `read` before its answer leaves. INVARIANT: nothing is answered unless the log has it. Raises LogUnavailable."""
    await log_all_ahead(app, caller, [event], scope)


async def log_all_ahead(app: FastAPI, caller: Caller, events: Sequence[Event], scope: Mapping[str, Any]) -> None:
    """As `log_ahead`, for an answer that rests on several decisions; at least one event."""
    siblings: Siblings = app.state.siblings
    body = AppendRequest(events=tuple(events))
    await siblings.call("audit", "POST", "/internal/entries", answer=AppendResponse, by=caller.principal, body=body, scope=scope)


def read_event(
    caller: Caller,
    *,
    key: str,
    operation: str,
    students: Sequence[tuple[UUID, UUID]],
    elements: Sequence[str] = (),
    outcome: str | None = None,
) -> Event:
    """A read inside the agency. `students` are (student, custodian)."""
    return Event(
        class_="read",
        key=key,
        subjects=tuple(student for student, _ in students),
        custodians=tuple(custodian for _, custodian in students),
        actor=client_actor(caller.claims),
        context=Context(operation=operation, outcome=outcome, purpose=caller.purpose, elements=tuple(elements), count=len(students)),
    )


def load_events(actor: Actor, *, load_id: UUID, part: int, format_: str, students: Sequence[tuple[UUID, UUID]]) -> list[Event]:
    """A load, or a part of one: who was loaded. `students` are (student, custodian)."""
    return [
        Event(
            class_="load",
            # With how many: what is sent again after an upgrade may be cut into other parts.
            key=f"load:{load_id}:{part}:{start}:{len(students)}",
            subjects=tuple(student for student, _ in students[start : start + LARGEST]),
            custodians=tuple(custodian for _, custodian in students[start : start + LARGEST]),
            actor=actor,
            context=Context(operation="load", outcome=format_, count=len(students[start : start + LARGEST])),
        )
        for start in range(0, len(students), LARGEST)
    ]


def left_event(actor: Actor, *, students: Sequence[tuple[UUID, UUID]], now: datetime) -> Event:
    """What was kept of students is with their district's own system alone from now on. `students` are (student, custodian)."""
    return Event(
        class_="load",
        key=f"left:{uuid7(now)}",
        subjects=tuple(student for student, _ in students),
        custodians=tuple(custodian for _, custodian in students),
        actor=actor,
        context=Context(operation="left-with-source", count=len(students)),
    )


def union_event(actor: Actor, *, union_id: UUID, operation: str, students: Sequence[tuple[UUID, UUID]]) -> Event:
    """Two records were united, or separated again. `students` are (student, custodian)."""
    return Event(
        class_="match",
        key=f"union:{union_id}:{operation}",
        subjects=tuple(student for student, _ in students),
        custodians=tuple(custodian for _, custodian in students),
        actor=actor,
        context=Context(operation=operation, count=len(students)),
    )


def match_event(caller: Caller, *, match_id: UUID, outcome: str, reason: str | None, student: tuple[UUID, UUID] | None) -> Event:
    """A person has said who a child is."""
    return Event(
        class_="match",
        key=f"match:{match_id}:resolved",
        subjects=() if student is None else (student[0],),
        custodians=() if student is None else (student[1],),
        actor=client_actor(caller.claims),
        context=Context(operation="match-resolution", outcome=outcome, reason=reason),
    )
