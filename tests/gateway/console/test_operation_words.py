"""Every operation and outcome that a service writes into the log has words, in English and Spanish (test_words): a new one fails here."""

import ast
from typing import Final, get_args

import pytest

from safepassage.record.loads import MatchReason
from safepassage.wire_alerts import AlertReason
from safepassage.wire_dead_letters import LetterReason
from safepassage.wire_retention import HoldReason
from safepassage.wire_statistics import Population
from safepassage.wire_suspensions import SuspensionReason
from services.audit.destinations.changes import Change as DestinationChange
from services.gateway.console.act_words import OUTCOME_WORDS
from services.gateway.console.code_words import CODE_WORDS
from services.gateway.console.decision_words import OUTCOMES
from services.gateway.console.operation_words import OPERATION_WORDS
from services.gateway.console.policy_set_words import REASONS as ACTIVATION_REASONS
from services.privacy.clocks.request_states import FIRST, STEPS
from services.privacy.safeguard_lists import Kind as SafeguardKind
from services.records.exchange.operator_events import Act as OperatorAct
from services.records.exchange.request_events import MATCHES
from services.records.exchange.stating_counts import OPERATION as RECONCILIATION
from services.records.party_documents import FORMATS
from shared.contracts.audit import EntryClass
from shared.contracts.own_keys import KEYS_CHANGED
from tests.gateway.console.written_codes import codes_of


def rights() -> set[str]:
    """What may happen to a family's request, as its operation says it: `amendment-granted`. What a hearing decided is said apart."""
    happened = {kind: {FIRST[kind], *(event for steps in STEPS[kind].values() for event in steps)} for kind in STEPS}
    happened["inspection"] = (happened["inspection"] - {"outstanding"}) | {"requested"}
    happened["amendment"] -= {"hearing-requested"}
    happened["hearing"] = (happened["hearing"] - {"amend", "stands", "statement-placed", "withdrawn"}) | {"decided"}
    return {f"{kind}-{event}" for kind, events in happened.items() for event in events}


COMPOSED: Final = {
    "MATCHES[operation_of(selector)]": set(MATCHES.values()),
    "KEYS_CHANGED": {KEYS_CHANGED},
    "OPERATION": {RECONCILIATION},
    "request_events.operation_of(selector)": set(MATCHES),
    "operation_of(selector)": set(MATCHES),
    "f\"consent-{kind.partition(':')[0]}\"": {"consent-granted", "consent-narrowed", "consent-withdrawn"},
    "f'client-registration-{state}'": {"client-registration-approved", "client-registration-refused"},
    "f'destruction-{done}'": {"destruction-destroyed", "destruction-kept"},
    "f'duty-{happened}'": {"duty-done", "duty-opened", "duty-reopened", "duty-waived"},
    "f'evidence-{happened}'": {"evidence-recorded", "evidence-revoked"},
    "f'exchange-{act}'": {f"exchange-{act}" for act in get_args(OperatorAct)},
    "f'log-destination-{change}'": {f"log-destination-{change}" for change in get_args(DestinationChange)},
    "f'roster-document-{format_}'": {f"roster-document-{one}" for one in FORMATS},
    "f'{row.kind}-{happened}'": {
        *rights(),
        *(f"{kind}-opt-out-{happened}" for kind in ("directory", "recruiter") for happened in ("recorded", "rescinded")),
        *(f"{kind}-{happened}" for kind in get_args(SafeguardKind) for happened in ("recorded", "ended")),
    },
}
"""Operations that a service puts together, by the text that does it."""


@pytest.mark.requirement("CON-words")
def test_every_operation_and_outcome_that_a_service_writes_into_the_log_has_words() -> None:
    operations, outcomes = codes_of("operation"), codes_of("outcome")
    # Pythons quote what they unparse in different ways.
    assert operations.composed == {ast.unparse(ast.parse(text)) for text in COMPOSED}, "say what may come of it"
    known = {*operations.codes, *(code for codes in COMPOSED.values() for code in codes)}
    assert sorted(known - set(CODE_WORDS)) == []
    assert sorted(set(OPERATION_WORDS) - known) == []
    assert sorted(outcomes.codes - set(OUTCOME_WORDS) - set(OUTCOMES)) == []
    assert sorted(set(get_args(EntryClass)) - set(CODE_WORDS)) == []
    assert sorted(set(get_args(Population)) - set(OUTCOME_WORDS)) == [], "the outcome of a question of statistics"


@pytest.mark.requirement("CON-words")
def test_every_reason_that_somebody_chooses_in_a_form_has_words_in_the_entry_of_what_they_did() -> None:
    chosen = (SuspensionReason, AlertReason, HoldReason, LetterReason, MatchReason)
    known = {*ACTIVATION_REASONS, *(reason for reasons in chosen for reason in get_args(reasons))}
    assert len(known) > 30
    assert sorted(known - set(CODE_WORDS)) == []
