"""What the headers of a refusal say to a program, put where its error has it: when to come again, how recent a sign-in, which quota."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from safepassage.client.retries import seconds_of
from safepassage.problems import SuiteError
from safepassage.problems.people import PersonNotRecentlySeen
from safepassage.problems.quotas import QuotaSpent

_MAX_AGE: Final = re.compile(r'\bmax_age="?([0-9]{1,9})\b')
_ACR_VALUES: Final = re.compile(r'\bacr_values="([^"]{0,1000})"')
_POLICY: Final = re.compile(r'^"([a-z-]{1,64})";q=([0-9]{1,12})\b')


def take_headers(error: SuiteError, headers: Mapping[str, str], *, now: datetime) -> None:
    """Retry-After (RFC 9110), the challenge of a step-up (RFC 9470), the policy of a spent quota. What is not there stays unsaid."""
    seconds = seconds_of(headers.get("retry-after"), now=now)
    error.retry_after_seconds = None if seconds is None else int(seconds)
    challenge, policy = headers.get("www-authenticate", ""), headers.get("ratelimit-policy", "")
    if isinstance(error, PersonNotRecentlySeen):
        age, words = _MAX_AGE.search(challenge), _ACR_VALUES.search(challenge)
        error.max_age_seconds = 0 if age is None else int(age[1])
        error.acr_values = () if words is None else tuple(words[1].split())
    if isinstance(error, QuotaSpent) and (said := _POLICY.search(policy)) is not None:
        error.quota, error.limit = said[1], int(said[2])
