"""What a code of the rules or of the log is called: a reason, an obligation, an operation, an outcome, a problem."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from safepassage.problems import REGISTRY
from services.gateway.console.act_words import ALERT_REASONS, OBLIGATION_WORDS, OUTCOME_WORDS, SUSPENSION_REASONS
from services.gateway.console.alert_words import ALERT_WORDS
from services.gateway.console.duty_words import DUTY_WORDS
from services.gateway.console.exchange_words import LETTER_REASONS
from services.gateway.console.log_words import CLASS_WORDS
from services.gateway.console.match_words import RESTS_ON_WORDS
from services.gateway.console.operation_words import OPERATION_WORDS
from services.gateway.console.policy_set_words import REASONS as ACTIVATION_REASONS
from services.gateway.console.reason_words import REASON_WORDS
from services.gateway.console.state_words import WITNESS_FINDINGS
from services.gateway.console.student_words import HOLD_REASONS
from services.gateway.console.words import spaced

Translate = Callable[[str], str]

REASONS_OF_ACTS: Final[tuple[Mapping[Any, str], ...]] = (
    SUSPENSION_REASONS,
    ALERT_REASONS,
    HOLD_REASONS,
    LETTER_REASONS,
    RESTS_ON_WORDS,
    ACTIVATION_REASONS,
)
"""Which somebody chose in a form; an entry of what they did has the code."""

CODE_WORDS: Final[Mapping[str, str]] = {
    **DUTY_WORDS,
    **{str(rule): said for rule, said in ALERT_WORDS.items()},
    **{kind: said for kind, (said, _remedy) in WITNESS_FINDINGS.items()},
    **{str(code): said for code, said in CLASS_WORDS.items()},
    **OPERATION_WORDS,
    **OBLIGATION_WORDS,
    **REASON_WORDS,
    **{str(reason): said for words in REASONS_OF_ACTS for reason, said in words.items()},
}
ACRONYMS: Final = frozenset({"coppa", "ferpa", "hipaa", "idea", "iep", "ppra", "ssn"})


def said_of(code: str, translate: Translate) -> str:
    """A code of an entry: a reason, an operation, a duty, a finding. What is an agency's own has no word of ours: it is said as it is."""
    if code in CODE_WORDS:
        return translate(CODE_WORDS[code])
    if code in REGISTRY:
        return translate(REGISTRY[code].title)
    return " ".join(word.upper() if word.lower() in ACRONYMS else word for word in spaced(code).split(" "))


def outcome_of(code: str, translate: Translate) -> str:
    """How an operation ended."""
    return translate(OUTCOME_WORDS[code]) if code in OUTCOME_WORDS else said_of(code, translate)
