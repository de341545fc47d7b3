"""What a duty is called in a few words. Data; a test compares the list with the rules that start the clocks."""

from collections.abc import Callable, Mapping
from typing import Final

from services.gateway.console.words import word

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

OF_NO_LAW: Final[Mapping[str, str]] = {
    "none: the agency's own rule": word("The agency’s own rule"),
    "the agreement": word("The agreement"),
}
"""Of clocks that no paragraph starts: by what stands in place of its citation."""


def law_of(citation: str, translate: Callable[[str], str]) -> str:
    """The paragraph, or what else a clock comes from."""
    return translate(OF_NO_LAW[citation]) if citation in OF_NO_LAW else citation
