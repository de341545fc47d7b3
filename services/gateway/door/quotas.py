"""How much a client and its organisation may ask for in a day: counted here, summed up over all processes each second in the store.

INVARIANT: at each summing up every process knows what all have let through; between two, each lets through at the most what it alone saw in
that second. A process that dies forgets what it has counted since the last one: a second.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from safepassage.problems.quotas import QuotaSpent
from services.gateway.limit_settings import LimitSettings

QuotaName = Literal["client-day", "client-bulk", "organisation-day", "organisation-bulk"]
DAY_SECONDS: Final = 86_400

Key = tuple[UUID, QuotaName]
Uses = Mapping[tuple[UUID, QuotaName, date], int]
Came = Mapping[Key, tuple[int, int]]
"""What has come here and elsewhere since the sums were known before."""


@dataclass(slots=True)
class Count:
    """Of one holder's quota today."""

    known: int = 0
    """What all processes had let through when it was last summed up."""
    own: int = 0
    """What this one has let through since."""
    summed: int = 0
    """`known`, less what this one has handed over since."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is counted for a client's requests, and how it is told."""

    counts: tuple[tuple[Key, Count, int], ...]
    policy: bytes
    left: bytes


def day_of(now: datetime, zone: ZoneInfo) -> tuple[date, datetime]:
    """The day that it is in a time zone, and the instant at which the next one begins: 23 to 25 hours after it began."""
    today = now.astimezone(zone).date()
    return today, datetime.combine(today + timedelta(days=1), time(), zone).astimezone(UTC)


def quotas_of(settings: LimitSettings) -> Mapping[QuotaName, int]:
    """The daily quotas."""
    return {
        "client-day": settings.client_requests_per_day,
        "client-bulk": settings.client_bulk_per_day,
        "organisation-day": settings.organisation_requests_per_day,
        "organisation-bulk": settings.organisation_bulk_per_day,
    }


class Quotas:
    """Of one process. `limits`: so many requests a day, unless a holder has another number."""

    def __init__(self, limits: Mapping[QuotaName, int], zone: ZoneInfo, now: datetime) -> None:
        self._limits, self.zone = limits, zone
        self._others: Mapping[Key, int] = {}
        self._counts: dict[Key, Count] = {}
        self._plans: dict[tuple[str, UUID, bool], Plan] = {}
        self._past: Counter[tuple[UUID, QuotaName, date]] = Counter()
        self._reached: set[tuple[UUID, QuotaName, date]] = set()
        self._today, ends = day_of(now, zone)
        self._ends = ends.timestamp()

    @property
    def resets_at(self) -> datetime:
        """When the next day begins."""
        return datetime.fromtimestamp(self._ends, UTC)

    @property
    def today(self) -> date:
        """In the node's time zone."""
        return self._today

    def limit_of(self, holder: UUID, quota: QuotaName) -> int:
        """What a holder may have in a day."""
        return self._others.get((holder, quota), self._limits[quota])

    def change(self, limits: Mapping[QuotaName, int]) -> None:
        """Other limits from now on, but for those who have others. What was used is used."""
        self._limits, self._plans = limits, {}

    def default(self, quota: QuotaName) -> int:
        """What the settings say."""
        return self._limits[quota]

    def is_default(self, holder: UUID, quota: QuotaName) -> bool:
        """Whether it may have what the settings say."""
        return (holder, quota) not in self._others

    def used(self, holder: UUID, quota: QuotaName) -> int:
        """What it has had today, as far as this process knows."""
        count = self._counts.get((holder, quota))
        return 0 if count is None else count.known + count.own

    def take(self, client_id: str, organisation_id: UUID, *, bulk: bool, now: float) -> tuple[bytes, bytes]:
        """Count one request; gives the items of RateLimit-Policy and RateLimit. Raises QuotaSpent, and then counts nothing."""
        if now >= self._ends:
            self._turn(now)
        plan = self._plans.get((client_id, organisation_id, bulk)) or self._plan(client_id, organisation_id, bulk=bulk)
        seconds = ceil(self._ends - now)
        lefts = []
        for (holder, quota), count, limit in plan.counts:
            left = limit - count.known - count.own - 1
            if left < 0:
                self._reached.add((holder, quota, self._today))
                raise QuotaSpent(quota=quota, limit=limit, retry_after_seconds=seconds)
            lefts += [left, seconds]
        for _, count, _ in plan.counts:
            count.own += 1
        return plan.policy, plan.left % tuple(lefts)

    def _plan(self, client_id: str, organisation_id: UUID, *, bulk: bool) -> Plan:
        """Kept until limits are learned anew, so that a request costs a few microseconds. A client may come for several organisations."""
        client = UUID(client_id)
        keys: list[Key] = [(client, "client-day"), (organisation_id, "organisation-day")]
        if bulk:
            keys += [(client, "client-bulk"), (organisation_id, "organisation-bulk")]
        counts = tuple((key, self._counts.setdefault(key, Count()), self.limit_of(*key)) for key in keys)
        policy = b", ".join(b'"%b";q=%d;w=%d' % (quota.encode(), limit, DAY_SECONDS) for (_, quota), _, limit in counts)
        left = b", ".join(b'"%b";r=%%d;t=%%d' % quota.encode() for (_, quota), _, _ in counts)
        plan = self._plans[client_id, organisation_id, bulk] = Plan(counts, policy, left)
        return plan

    def _turn(self, now: float) -> None:
        """A new day: what was not written down yet is of the one before."""
        for (holder, quota), count in self._counts.items():
            if count.own:
                self._past[holder, quota, self._today] += count.own
        self._counts, self._plans = {}, {}
        self._today, ends = day_of(datetime.fromtimestamp(now, UTC), self.zone)
        self._ends = ends.timestamp()

    def hand_over(self, now: float) -> tuple[dict[tuple[UUID, QuotaName, date], int], set[tuple[UUID, QuotaName, date]]]:
        """What has to be added in the store, and which quotas were reached; both are asked for once."""
        if now >= self._ends:
            self._turn(now)
        uses = dict(self._past)
        for (holder, quota), count in self._counts.items():
            if count.own:
                uses[holder, quota, self._today] = count.own
                count.known, count.own = count.known + count.own, 0
        reached, self._past, self._reached = self._reached, Counter(), set()
        return uses, reached

    def take_back(self, uses: Uses, reached: set[tuple[UUID, QuotaName, date]]) -> None:
        """What could not be stored is counted here again."""
        self._reached |= reached
        for (holder, quota, day), number in uses.items():
            count = self._counts.get((holder, quota))
            if day == self._today and count is not None:
                count.known, count.own = count.known - number, count.own + number
            else:
                self._past[holder, quota, day] += number

    def know(self, sums: Uses, others: Mapping[Key, int], zone: ZoneInfo) -> Came:
        """What all processes have let through by now, whose limits are other ones, and in which time zone the next day begins.

        Gives what has come since this was known before; of a process that starts, what has come in the day.
        """
        self._others, self.zone, self._plans = others, zone, {}
        came = {}
        for (holder, quota, day), number in sums.items():
            if day != self._today:
                continue
            count = self._counts.setdefault((holder, quota), Count())
            if number != count.summed:
                came[holder, quota] = count.known - count.summed, max(0, number - count.known)
            count.known = count.summed = number
        return came
