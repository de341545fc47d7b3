"""What states and steps of exchanges are called, and their marks. Data; tests compare it with what the services say."""

from collections.abc import Mapping
from typing import Final, Literal

from safepassage.wire_dead_letters import LetterKind, LetterReason, LetterState
from safepassage.wire_exchanges import ExchangeAbout, ExchangeDirection, ExchangeStanding
from services.gateway.console.words import word

Tone = Literal["good", "warn", "danger", "plain"]

STANDINGS: Final[Mapping[ExchangeStanding, tuple[Tone, str, str]]] = {
    "requested": ("plain", "dot", word("Asked, not taken yet")),
    "accepted": ("plain", "half", word("Taken, not answered yet")),
    "waiting": ("warn", "half", word("Nothing provided yet")),
    "not-provided": ("warn", "half", word("Nothing provided so far")),
    "answered": ("good", "check", word("Answer made ready")),
    "received": ("plain", "half", word("Record came, being filed")),
    "applied": ("good", "check", word("Record filed")),
    "closed": ("plain", "check", word("Over")),
    "refused": ("danger", "cross", word("Refused by the other state")),
    "rejected": ("danger", "cross", word("Record could not be filed")),
    "expired": ("danger", "clock", word("No answer in time")),
}
"""Tone, mark and words by state."""

DIRECTIONS: Final[Mapping[ExchangeDirection, str]] = {"out": word("We asked"), "in": word("We were asked")}

ABOUT: Final[Mapping[ExchangeAbout, str]] = {
    "record": word("A child’s record"),
    "credentials": word("An educator’s credentials"),
    "whereabouts": word("Whether a child is there (no name is told)"),
}

ANSWERS: Final[Mapping[str, str]] = {
    "package": word("The record, sealed"),
    "perhaps": word("“Perhaps”: the child may be there"),
    "credentials": word("Credentials, sealed"),
    "not-provided": word("Nothing is provided"),
}
"""By an envelope's kind."""

ANSWER_STATES: Final[Mapping[str, str]] = {
    "sealed": word("sealed, waits for the log"),
    "queued": word("waits to leave"),
    "in-flight": word("left; no receipt yet"),
    "received": word("stored by who asked"),
    "processed": word("filed by who asked"),
    "rejected": word("not filed"),
    "withdrawn": word("withdrawn before it arrived"),
    "expired": word("not taken in time"),
    "stored": word("came; waits for the log"),
    "matching": word("a person says whose it is"),
    "applied": word("filed here"),
}
"""By an envelope's state at either end."""

LETTER_KINDS: Final[Mapping[LetterKind, str]] = {
    "request": word("Our request"),
    "answer": word("Our answer"),
    "notice": word("Our notice"),
    "refused-here": word("A message that we refused"),
}

LETTER_STATES: Final[Mapping[LetterState, tuple[Tone, str, str]]] = {
    "open": ("danger", "clock", word("Waits for somebody")),
    "requeued": ("plain", "check", word("Sent again")),
    "given-up": ("plain", "cross", word("Given up")),
    "settled": ("good", "check", word("Settled by itself")),
}

LETTER_CODES: Final[Mapping[str, str]] = {
    "expired": word("It was not taken in the time that it had."),
    "unanswered": word("No answer came in the time that it had."),
    "not-a-member": word("The other node is suspended or revoked."),
    "recalled": word("An operator of this node recalled it."),
    "receipt-overdue": word("It was received; what became of it was never told."),
}
"""What went wrong, by the codes that are no problem's."""

LETTER_REMEDIES: Final[Mapping[str, str]] = {
    "expired": word("Give it up. The agency that asked can ask anew."),
    "unanswered": word("Ask the other agency whether its node runs. Then send it again, or give it up."),
    "not-a-member": word("Once it is a member again, send it again. Or give it up."),
    "recalled": word("Send it again once what was wrong is put right. Or give it up."),
    "receipt-overdue": word("Call the other agency. A receipt that still comes settles this by itself."),
    "match-not-decided": word("The agency that asked did not say in time whose record it is. It asks anew, and says so under Matches."),
}

LETTER_REASONS: Final[Mapping[LetterReason, str]] = {
    "fault-corrected": word("The fault is put right"),
    "other-agency-asked": word("The other agency asked for it"),
    "wrong-recipient": word("It was for somebody else"),
    "record-in-error": word("The record was wrong"),
    "no-longer-wanted": word("It is not wanted any more"),
    "sent-otherwise": word("It was sent another way"),
    "looked-into": word("It was looked into"),
}
