"""What a duty is called in a few words. Data; a test compares the list with the rules that start the clocks."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from services.gateway.console.state_names import STATE_NAMES
from services.gateway.console.words import spaced, word
from shared.breach_clocks import CLOCK_OF_DUTY

DUTY_WORDS: Final[Mapping[str, str]] = {
    "inspect-records": "Let a parent inspect the records",
    "inspect-records-before-meeting": "Let a parent inspect the records before a meeting",
    "decide-amendment": "Decide on an amendment",
    "inform-of-hearing-right": "Tell of the right to a hearing",
    "amend-record": "Amend the record and say so in writing",
    "hold-hearing": "Hold the hearing",
    "decide-hearing": "Give the hearing's decision in writing",
    "inform-of-statement-right": "Tell of the right to place a statement",
    "load-statement": "Put the statement into the record",
    "copy-of-disclosure-record": "Give the district its copy of the disclosures",
    "copy-of-what-was-disclosed": "Give the family a copy of what was disclosed",
    "notify-of-conflict": "Tell the Department of a conflict of laws",
    "annual-notice": "Notify families of their rights this year",
    "mic3-request-records": "Request a military child's official records",
    "mic3-send-records": "Send a military child's official records",
    "mic3-unofficial-records": "Furnish a military child's unofficial records",
    "mic3-immunisations": "End of a military child's time for immunizations",
    "idea-obtain-records": "Obtain the records of a child with a disability",
    "idea-send-records": "Answer the new school of a child with a disability",
    "idea-inform-no-longer-needed": "Tell parents that information is no longer needed",
    "mckinney-vento-contact-school": "Contact the last school of a homeless child",
    "mckinney-vento-send-records": "Have a homeless child's records available",
    "foster-contact-school": "Contact the last school of a child in foster care",
    "foster-send-records": "Answer the school of a child in foster care",
    "migrant-send-records": "Make a migratory child's records available",
    "msix-new-child": "Submit a new migratory child to MSIX",
    "msix-end-of-term": "Submit the term's data to MSIX",
    "msix-moved": "Submit the data of a child that moved to MSIX",
    "msix-acknowledge-correction": "Acknowledge a correction in MSIX",
    "msix-answer-correction": "Answer another state's correction in MSIX",
    "emergency-review": "Review an emergency disclosure",
    "answer-public-question": "Answer a question of the public",
    "breach-contractor-tells-agency-ny": "Be told of a breach by a contractor (New York)",
    "breach-agency-tells-state-ny": "Tell the State of a breach (New York)",
    "breach-families-told-ny": "Tell families of a breach (New York)",
    "breach-operator-tells-school-il": "Be told of a breach by an operator (Illinois)",
    "breach-families-told-il": "Tell families of a breach (Illinois)",
    "breach-provider-tells-agency": "Be told of a breach under an agreement",
    "agreement-expiry": "Renew an agreement, or have what is held destroyed",
    "consent-expiry": "Ask for a new consent, or let it end",
}
"""By kind (docs/rights-and-clocks.md)."""

NOTICE_WORDS: Final[Mapping[str, str]] = {
    "breach-people-told": word("Tell the people affected"),
    "breach-authority-told": word("Tell the authorities"),
    "breach-contractor-tells-agency": word("Be told by the contractor"),
}
"""Of the general laws on breaches: each stands for the duties of all states. A test compares them with shared.breach_clocks."""

TO_WORDS: Final[Mapping[str, str]] = {
    "attorney-general": word("attorney general"),
    "state-police": word("state police"),
    "consumer-protection": word("consumer protection office"),
    "legislature": word("legislature"),
    "auditor": word("state auditor"),
    "district-attorney": word("district attorney"),
    "state-information-technology": word("state information technology office"),
    "education-agency": word("state education agency"),
    "homeland-security": word("state department of homeland security"),
}
"""Authorities. That people or the agency itself are told, a notice's own words say."""

KINDS: Final[Mapping[str, str]] = {**DUTY_WORDS, **NOTICE_WORDS}
"""By which a list is narrowed."""

OF_NO_LAW: Final[Mapping[str, str]] = {
    "none: the agency's own rule": word("The agency’s own rule"),
    "the agreement": word("The agreement"),
    "no text was found: ask counsel": word("No text of the law was found: ask counsel."),
}
"""Of clocks that no paragraph starts: by what stands in place of its citation."""


def duty_name(kind: str, translate: Callable[[str], str]) -> str:
    """What a duty is called; a notice of a general law on breaches with whom to tell, and with its state."""
    clock = CLOCK_OF_DUTY.get(kind)
    if clock is None or clock.kind not in NOTICE_WORDS:
        return translate(DUTY_WORDS.get(kind, kind))
    told = authorities(clock.to, translate)
    name, state = translate(NOTICE_WORDS[clock.kind]), clock.state or ""
    return f"{name}{f': {told}' if told else ''} ({translate(STATE_NAMES.get(state, state))})"


def authorities(to: Sequence[str], translate: Callable[[str], str]) -> str:
    """Whom to tell, other than the people affected and the agency itself."""
    return ", ".join(translate(TO_WORDS.get(one, spaced(one))) for one in to if one not in ("people", "agency"))


def law_of(citation: str, translate: Callable[[str], str]) -> str:
    """The paragraph, or what else a clock comes from."""
    return translate(OF_NO_LAW[citation]) if citation in OF_NO_LAW else citation
