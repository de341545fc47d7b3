"""What an alert says in a few words (docs/alerts.md says what each means and what to do). Data."""

from collections.abc import Mapping
from typing import Final

from safepassage.wire_alerts import AlertReason, AlertRule, AlertState
from services.gateway.console.decision_words import Tone
from services.gateway.console.words import word

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
    "exchange-unsettled": "An exchange is not settled",
    "log-silence": "Nothing was written into the log for long",
    "index-lag": "The log's index is behind",
    "clock-skew": "A clock is wrong",
    "unwitnessed": "No other node has witnessed the log of late",
    "copy-overdue": "A district has not got its copy of disclosures in time",
    "witness-finding": "A witness found something",
}
"""By rule."""

STATES: Final[Mapping[AlertState, tuple[Tone, str, str]]] = {
    "open": ("warn", "half", word("Open")),
    "acknowledged": ("good", "check", word("Looked into")),
}
"""Tone, mark and word."""

REASONS: Final[Mapping[AlertReason, str]] = {
    "expected": word("It is their work, and stays so"),
    "explained": word("It has an explanation"),
    "corrected": word("What was wrong was put right"),
    "incident": word("It is dealt with as an incident"),
    "false-finding": word("The rule was wrong here"),
}
"""What came of it."""
