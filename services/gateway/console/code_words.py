"""What a code of the rules or of the log is called: a reason, an obligation, an operation, an outcome, a problem."""

from collections.abc import Callable, Mapping
from typing import Final

from safepassage.problems import REGISTRY
from services.gateway.console.act_words import OBLIGATION_WORDS, OUTCOME_WORDS
from services.gateway.console.log_words import CLASS_WORDS
from services.gateway.console.operation_words import OPERATION_WORDS
from services.gateway.console.reason_words import REASON_WORDS
from services.gateway.console.words import spaced

Translate = Callable[[str], str]

CODE_WORDS: Final[Mapping[str, str]] = {
    **{str(code): said for code, said in CLASS_WORDS.items()},
    **OPERATION_WORDS,
    **OBLIGATION_WORDS,
    **REASON_WORDS,
}
ACRONYMS: Final = frozenset({"coppa", "ferpa", "hipaa", "idea", "iep", "ppra", "ssn"})


def said_of(code: str, translate: Translate) -> str:
    """A reason, obligation, operation or class of entries. What is an agency's own has no word of ours: it is said as its code says it."""
    if code in CODE_WORDS:
        return translate(CODE_WORDS[code])
    if code in REGISTRY:
        return translate(REGISTRY[code].title)
    return " ".join(word.upper() if word.lower() in ACRONYMS else word for word in spaced(code).split(" "))


def outcome_of(code: str, translate: Translate) -> str:
    """How an operation ended."""
    return translate(OUTCOME_WORDS[code]) if code in OUTCOME_WORDS else said_of(code, translate)
