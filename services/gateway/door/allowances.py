"""How often a client may come, and its organisation: at once, on average and in a day. Whatever is used up first refuses."""

from dataclasses import dataclass
from uuid import UUID

from safepassage.problems.quotas import QuotaSpent
from safepassage.problems.requests import TooManyRequests
from services.gateway.door.limits import RateLimit
from services.gateway.door.quotas import DAY_SECONDS, Came, Quotas, quotas_of
from services.gateway.limit_settings import LimitSettings

Fields = tuple[tuple[bytes, bytes], tuple[bytes, bytes]]


@dataclass(frozen=True)
class Allowances:
    """Of one process."""

    client: RateLimit
    organisation: RateLimit
    quotas: Quotas

    def take(self, client_id: str, organisation_id: UUID, *, bulk: bool, now: float) -> tuple[Fields, TooManyRequests | None]:
        """Count a request of a client of this node: the fields RateLimit-Policy and RateLimit, and why it is refused, if it is.

        What is refused counts nowhere.
        """
        organisation = str(organisation_id)
        try:
            first = self.client.take(client_id, now)
        except TooManyRequests as refused:
            return _told(self.client, refused), refused
        try:
            second = self.organisation.take(organisation, now)
        except TooManyRequests as refused:
            self.client.give_back(client_id)
            return _told(self.organisation, refused), refused
        try:
            policies, lefts = self.quotas.take(client_id, organisation_id, bulk=bulk, now=now)
        except QuotaSpent as spent:
            self.client.give_back(client_id)
            self.organisation.give_back(organisation)
            name, seconds = spent.quota.encode(), spent.retry_after_seconds or 1
            policy = b'"%b";q=%d;w=%d' % (name, spent.limit, DAY_SECONDS)
            return ((b"ratelimit-policy", policy), (b"ratelimit", b'"%b";r=0;t=%d' % (name, seconds))), spent
        policy = b"%b, %b, %b" % (self.client.policy, self.organisation.policy, policies)
        return ((b"ratelimit-policy", policy), (b"ratelimit", b"%b, %b, %b" % (first, second, lefts))), None

    def know(self, came: Came, now: float) -> None:
        """Count at the rates what other processes have let through. What is in bulk is in the day too."""
        for limit, day in ((self.client, "client-day"), (self.organisation, "organisation-day")):
            limit.know({str(holder): uses for (holder, quota), uses in came.items() if quota == day}, now)

    def change(self, limits: LimitSettings, now: float) -> None:
        """Other limits from now on. What was used is used."""
        self.client.change(per_second=limits.client_requests_per_second, burst=limits.client_burst, now=now)
        self.organisation.change(per_second=limits.organisation_requests_per_second, burst=limits.organisation_burst, now=now)
        self.quotas.change(quotas_of(limits))


def _told(limit: RateLimit, refused: TooManyRequests) -> Fields:
    return limit.fields(limit.left(0, refused.retry_after_seconds or 1))
