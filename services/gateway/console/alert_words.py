"""What an alert says in a few words (docs/alerts.md says what each means and what to do). Data."""

from collections.abc import Mapping
from typing import Final

from safepassage.wire_alerts import AlertRule

ALERT_WORDS: Final[Mapping[AlertRule, str]] = {
    "bulk-read": "Many more students were read than is usual",
    "after-hours": "Records were read outside working hours",
    "first-seen-actor": "Somebody new read many records",
    "first-seen-purpose": "Records were read for a purpose that is new for who did it",
    "denied-then-permitted": "Many denials, and then a permit",
    "enumeration": "Identifiers were tried one after the other",
    "break-glass": "The rules were overridden in an emergency",
    "export-after-bulk-read": "An export followed a large read",
    "dormant-credential": "A credential that had rested was used",
    "exchange-difference": "Two nodes count different exchanges",
    "log-silence": "Nothing was written into the log for long",
    "index-lag": "The log's index is behind",
    "clock-skew": "A clock is wrong",
    "unwitnessed": "No other node has witnessed the log of late",
    "witness-finding": "A witness found something",
}
"""By rule."""
