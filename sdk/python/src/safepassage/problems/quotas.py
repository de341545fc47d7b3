"""Problems of daily quotas."""

from typing import Any

from safepassage.problems.requests import TooManyRequests


class QuotaSpent(TooManyRequests):
    """The client, or its organisation, has had today what it may have in a day. The day is that of the node's time zone."""

    code, status, title = "quota-spent", 429, "Daily quota is spent"
    remedy = "Wait as long as Retry-After says, or ask an administrator of the node for a larger quota."
    retry = "after"

    def __init__(self, detail: str | None = None, *, quota: str = "", limit: int = 0, **about: Any) -> None:
        super().__init__(detail or (f"{limit} requests a day: {quota}" if quota else None), **about)
        self.quota, self.limit = quota, limit
