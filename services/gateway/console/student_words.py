"""What the log and the papers call things of one student, in words. Data; tests compare the lists with the vocabularies."""

from collections.abc import Mapping
from typing import Final, Literal

from safepassage.wire_log import Phase
from safepassage.wire_retention import HoldReason
from services.gateway.console.words import word

Tone = Literal["good", "warn", "danger", "plain"]

PHASES: Final[Mapping[Phase, tuple[str, str]]] = {
    "request": ("dot", word("Asked for")),
    "emergency": ("clock", word("Emergency put on record")),
    "disclosure": ("check", word("Given")),
    "withdrawal": ("cross", word("Called back")),
    "receipt": ("check", word("Receipt confirmed")),
    "onward": ("check", word("Passed on")),
}
"""Mark and words."""

REQUEST_KINDS: Final[Mapping[str, str]] = {
    "inspection": word("To inspect the records"),
    "amendment": word("To amend a record"),
    "hearing": word("For a hearing"),
    "statement": word("Statement of disagreement"),
}

REQUEST_STATES: Final[Mapping[str, str]] = {
    "outstanding": word("Not answered yet"),
    "complied": word("Complied with"),
    "refused": word("Refused"),
    "withdrawn": word("Taken back"),
    "received": word("Received"),
    "forwarded": word("Forwarded"),
    "granted": word("Granted"),
    "hearing": word("Goes to a hearing"),
    "requested": word("No day is set yet"),
    "scheduled": word("A day for it is set"),
    "held": word("It was held, and is not decided yet"),
    "amend": word("The record is to be amended"),
    "stands": word("The record stands"),
    "placed": word("On record"),
}
AWAITED: Final[Mapping[str, frozenset[str]]] = {
    "inspection": frozenset({"outstanding"}),
    "amendment": frozenset({"received", "forwarded"}),
    "hearing": frozenset({"requested", "scheduled"}),
    "statement": frozenset(),
}
"""By kind of request: where its own clock runs. What comes after has a clock of its own, among the duties."""
GOING_ON: Final = frozenset({("amendment", "hearing"), ("hearing", "held")})
"""Not over, though what its own clock is for was done."""

PREFERENCE_KINDS: Final[Mapping[str, str]] = {
    "directory-opt-out": word("No directory information"),
    "recruiter-opt-out": word("Nothing to recruiters"),
    "disclosure-refusal": word("A disclosure is refused"),
}

HOLD_REASONS: Final[Mapping[HoldReason, str]] = {
    "litigation": word("Lawsuit"),
    "investigation": word("Investigation"),
    "complaint": word("Complaint"),
    "inspection": word("Request to inspect"),
    "audit": word("Audit"),
    "subpoena": word("Subpoena"),
    "breach": word("Breach"),
}

STANDINGS: Final[Mapping[str, tuple[Tone, str, str]]] = {
    "in-force": ("good", "check", word("In force")),
    "withdrawn": ("plain", "cross", word("Withdrawn")),
    "expired": ("plain", "clock", word("Expired")),
    "taken-back": ("plain", "cross", word("Taken back")),
    "holds": ("warn", "clock", word("Nothing is destroyed")),
    "lifted": ("plain", "check", word("Lifted")),
}
"""How a consent, an opt-out or a hold stands: tone, mark and word."""

RELATIONS: Final[Mapping[str, str]] = {
    "mother": word("Mother"),
    "father": word("Father"),
    "parent": word("Parent"),
    "adoptive-parent": word("Adoptive parent"),
    "mother-foster": word("Foster mother"),
    "father-foster": word("Foster father"),
    "foster-parent": word("Foster parent"),
    "guardian": word("Guardian"),
    "legal-guardian": word("Legal guardian"),
    "courtappointedguardian": word("Guardian appointed by a court"),
}
"""Those whom the law calls parents, by the words of the formats that are read (34 CFR 99.3 "Parent")."""

IDENTIFIED_BY: Final[Mapping[str, str]] = {
    "in-person": word("In person, with a document"),
    "portal": word("By the agency’s portal"),
    "call-back": word("By calling back a number on record"),
}
"""How staff know who asks."""
