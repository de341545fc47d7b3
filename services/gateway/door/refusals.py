"""Who was refused at the door is counted per minute and reason into one entry each: a stranger cannot grow the log (decisions 2).

Of who had proven who they are each has entries of their own, so that the log says whom: clients are registered, and people sign in.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Self
from uuid import UUID

from authlib.oauth2.rfc6749.errors import OAuth2Error

from safepassage.canonical import digest_of
from safepassage.ids import uuid7
from safepassage.wire import Digest
from shared.contracts.audit import Actor, Context, Event
from shared.database import Database
from shared.internal_token import CallerClaims
from shared.outbox import Outbox

_MINUTE: Final = timedelta(minutes=1)
MOST_REASONS: Final = 64
"""Reasons are words of this service; more than these would be a fault of ours."""
MOST_OF_THE_PROVEN: Final = 1_000
"""In one minute, of whom and for what reason; who comes after so many others is counted as strangers are."""
PROVEN: Final = "proven"
"""The attribute of an OAuth error that says whom it is told, where they had proven who they are."""
_STRANGERS: Final = Actor(kind="system", job="gateway-door")


class Proven(NamedTuple):
    """Who was refused, as the log has them: neither address nor key, of which one may have many."""

    kind: str
    """client, peer or person"""
    client_id: str | None
    organisation_id: UUID
    role: str
    person: Digest | None
    for_client: str | None = None
    profile: str | None = None

    @classmethod
    def caller(cls, claims: CallerClaims) -> Self:
        """The client whose token was good, and for whom it acts."""
        kind = "peer" if claims.organisation_kind == "peer" else "client"
        about = (claims.client_id, claims.organisation_id, claims.role, claims.person, claims.for_client, claims.profile)
        return cls(kind, *about)

    @classmethod
    def somebody(cls, actor: Actor) -> Self | None:
        """Whom an entry would name: a person who signed in, or a client that has authenticated. None of whom nobody could say whose."""
        if actor.kind in ("system", "operator") or actor.organisation_id is None:
            return None
        about = (actor.client_id, actor.organisation_id, actor.role or "", actor.person, actor.for_client, actor.profile)
        return cls(actor.kind, *about)


class Refusals:
    """Counts in memory; `flush` makes the entries of the minutes that are over."""

    def __init__(self, holder: str) -> None:
        self._holder = holder
        self._counts: dict[datetime, Counter[tuple[str, Proven | None]]] = {}
        self._latest: tuple[datetime, datetime] | None = None
        """The minute of the last refusal, and its end."""

    def count(self, reason: str, now: datetime, who: Proven | None = None) -> None:
        """One refusal more, for a reason of a closed list. `who`: had proven who they are."""
        if self._latest is None or not self._latest[0] <= now < self._latest[1]:
            minute = now.replace(second=0, microsecond=0)
            self._latest = minute, minute + _MINUTE
        minute = self._latest[0]
        counter = self._counts.get(minute)
        if counter is None:
            counter = self._counts[minute] = Counter()
        if who is not None and (reason, who) not in counter and len(counter) >= MOST_REASONS + MOST_OF_THE_PROVEN:
            who = None
        if who is None and (reason, None) not in counter and sum(one is None for _, one in counter) >= MOST_REASONS:
            reason = "other"
        counter[reason, who] += 1

    def count_error(self, error: OAuth2Error, now: datetime) -> None:
        """One that an endpoint of the authorization server answers."""
        self.count(getattr(error, "reason", "other"), now, getattr(error, PROVEN, None))

    def take(self, now: datetime, *, all_of_them: bool = False) -> list[Event]:
        """The entries of the minutes that are over (or of all), which are then counted no more."""
        over = [minute for minute in sorted(self._counts) if all_of_them or minute + _MINUTE <= now]
        events = []
        for minute in over:
            for (reason, who), count in sorted(self._counts.pop(minute).items(), key=str):
                tag = digest_of(f"{self._holder}\0{reason}".encode())[:16]
                context = Context(
                    operation="authenticate" if who is None else "request-refused", outcome="refused", reason=reason, count=count
                )
                actor = _STRANGERS if who is None else Actor(**{**who._asdict(), "role": who.role or None})
                events.append(Event(class_="refusal", key=f"refusal:{uuid7(minute)}:{tag}", actor=actor, context=context))
        return events

    def put_back(self, events: list[Event], now: datetime) -> None:
        """Count again what could not be stored."""
        minute = now.replace(second=0, microsecond=0)
        for event in events:
            who = Proven.somebody(event.actor)
            self._counts.setdefault(minute, Counter())[event.context.reason or "other", who] += event.context.count or 0

    async def flush(self, database: Database, outbox: Outbox, now: datetime, *, all_of_them: bool = False) -> None:
        """Store the entries of the minutes that are over, for the log."""
        events = self.take(now, all_of_them=all_of_them)
        if not events:
            return
        try:
            async with database.transaction() as tx:
                outbox.record(tx, *events)
        except Exception:
            self.put_back(events, now)
            raise
