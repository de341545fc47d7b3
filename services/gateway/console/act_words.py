"""How something ended, and what is owed for it, in a few words. Data; a test compares the lists with what the services write."""

from collections.abc import Mapping
from typing import Final

from services.gateway.console.words import word

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
    "done": word("Done"),
    "fallen": word("No longer stands"),
    "filed": word("Filed"),
    "found": word("Found"),
    "given": word("Was given"),
    "given-up": word("Was given up"),
    "held": word("Held"),
    "issued": word("Issued"),
    "known": word("Known"),
    "lifted": word("Was lifted"),
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
