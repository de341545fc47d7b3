"""How something ended, and what is owed for it, in a few words. Data; a test compares the lists with what the services write."""

from collections.abc import Mapping
from typing import Final

from safepassage.wire_alerts import AlertReason
from safepassage.wire_suspensions import SuspensionReason
from services.gateway.console.words import word

SUSPENSION_REASONS: Final[Mapping[SuspensionReason, str]] = {
    "breach-suspected": word("A breach is suspected"),
    "agreement-broken": word("It broke the agreement"),
    "security-in-doubt": word("Its security is in doubt"),
    "asked-by-party": word("It asked for it"),
    "other": word("Something else"),
}
"""Why a party is suspended."""

ALERT_REASONS: Final[Mapping[AlertReason, str]] = {
    "expected": word("It is their work, and stays so"),
    "explained": word("It was looked into, and is explained"),
    "corrected": word("A fault or a setting was put right"),
    "incident": word("It is dealt with as an incident"),
    "false-finding": word("The rule or its threshold is wrong here"),
}
"""What came of an alert that somebody looked at."""

OBLIGATION_WORDS: Final[Mapping[str, str]] = {
    "after-review": word("Review it afterwards"),
    "attach-notice": word("Attach the notice"),
    "attach-statement": word("Attach the statement of disagreement"),
    "copy-on-request": word("Give a copy when asked"),
    "copy-to-district": word("Give the district a copy"),
    "destroy-by": word("Destroy it by a day"),
    "destroy-on-request": word("Destroy it when asked"),
    "do-not-notify": word("Do not notify the family"),
    "hearing-on-request": word("Give a hearing when asked"),
    "limit-to-order": word("Stay within the order"),
    "no-identify": word("Identify nobody"),
    "no-redisclose": word("Do not pass it on"),
    "notify-parent": word("Notify the family"),
    "provide": word("It has to be given"),
    "purpose-limit": word("Use it for this purpose alone"),
    "record": word("Record the disclosure"),
    "redact-others": word("Leave out what is about others"),
    "respond-within": word("Answer in time"),
    "route-to": word("A person decides"),
    "status-only": word("Nothing but the status"),
    "verify-identity": word("Verify who it is"),
}
"""By kind of obligation."""

OUTCOME_WORDS: Final[Mapping[str, str]] = {
    "accepted": word("Accepted"),
    "active": word("Active"),
    "alarm": word("Alarm"),
    "answered": word("Answered"),
    "created": word("Created"),
    "deny": word("Denied"),
    "enrolled": word("Students enrolled"),
    "counted-by-residence": word("People counted by where they live"),
    "counted-by-told": word("People counted by who was told of them"),
    "done": word("Done"),
    "fallen": word("No longer stands"),
    "filed": word("Filed"),
    "found": word("Found"),
    "given": word("Was given"),
    "given-up": word("Was given up"),
    "held": word("Held"),
    "id-reused": word("Another message under its id"),
    "issued": word("Issued"),
    "known": word("Known"),
    "lifted": word("Was lifted"),
    "left": word("Students who left in the last year"),
    "made": word("Made"),
    "never-sent": word("Never sent"),
    "not-active": word("Not active"),
    "not-found": word("Not found"),
    "not-provided": word("Not provided"),
    "not-sent": word("Not sent"),
    "overdue": word("Not done in time"),
    "package": word("Package"),
    "passed": word("Passed"),
    "person": word("Left to a person"),
    "planned": word("Planned"),
    "quarantined": word("Set apart"),
    "received": word("Was received"),
    "refused": word("Was refused"),
    "reviewed": word("Reviewed by counsel"),
    "sent": word("Was sent"),
    "stated": word("Stated"),
    "unconfirmed": word("Not confirmed"),
    "unofficial": word("Unofficial"),
    "unreviewed-draft": word("Draft not reviewed by counsel"),
    "updated": word("Updated"),
}
"""By outcome of an operation; those of decisions are in decision_words."""
