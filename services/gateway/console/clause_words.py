"""Clauses of agreements, in a few words. Data; a test compares the list with what the law asks of each kind of agreement."""

from collections.abc import Mapping
from typing import Final

from services.gateway.console.code_words import Translate
from services.gateway.console.state_names import STATE_NAMES
from services.gateway.console.words import spaced, word

CLAUSE_WORDS: Final[Mapping[str, str]] = {
    "activity": word("The audit or evaluation is described"),
    "breach_notice": word("A breach is told"),
    "designation": word("The representative is designated"),
    "destruction": word("The data is destroyed"),
    "destruction_period": word("By when it is destroyed"),
    "direct_control": word("The agency’s direct control"),
    "information": word("Which information is given"),
    "institutional_service": word("The service that employees would do"),
    "legitimate_interest": word("The legitimate educational interest"),
    "no_identification": word("No student is identified"),
    "protection": word("How the data is protected"),
    "purpose": word("For what it is given"),
    "purpose_and_scope": word("Purpose, scope and duration"),
    "redisclosure_limits": word("The data is not passed on"),
    "security": word("How the data is secured"),
    "use_limit": word("The data is used for this alone"),
}
"""By the member of an agreement that says where the clause stands."""
NOT_APPLICABLE: Final = "-not-applicable"
"""At the end of the code of a state's clause: the document says that the law's paragraph is about nothing in it."""


def clause_of(code: str, citation: str | None, translate: Translate) -> tuple[str, str]:
    """A clause as it can be read, and the law that asks for it. `code`: a member, or a state's clause: state, section, paragraph."""
    _ = translate
    if code in CLAUSE_WORDS:
        return _(CLAUSE_WORDS[code]), citation or ""
    state, _dash, paragraph = code.removesuffix(NOT_APPLICABLE).partition("-")
    if state.upper() not in STATE_NAMES:
        return spaced(code), citation or ""
    said = _("Said not to apply: law of %(state)s") if code.endswith(NOT_APPLICABLE) else _("Asked for by the law of %(state)s")
    return said % {"state": _(STATE_NAMES[state.upper()])}, f"{state.upper()} {paragraph.replace('-', ' ')}"
