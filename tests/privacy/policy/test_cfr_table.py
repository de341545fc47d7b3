"""Row by row: what the law's paragraphs make of a situation, and of one fact less."""

import json
from collections import Counter

import pytest

from services.privacy.policy import PolicySet, decide
from services.privacy.policy.taxonomy import BASES, JURISDICTIONS, PURPOSES, RECIPIENTS, TAXONOMY
from tests.privacy.policy import (
    cfr_table_audits,
    cfr_table_consent,
    cfr_table_contractor,
    cfr_table_directory,
    cfr_table_educators,
    cfr_table_family,
    cfr_table_neighbours,
    cfr_table_officials,
    cfr_table_process,
    cfr_table_programmes,
    cfr_table_states,
    cfr_table_transfer,
)
from tests.privacy.policy.cedar import Reference, cedar_request, text_of
from tests.privacy.policy.cfr_rows import Row
from tests.privacy.policy.every_situation import SITUATIONS
from tests.privacy.policy.situations import changed, policy_input

TABLES = (
    cfr_table_audits,
    cfr_table_consent,
    cfr_table_contractor,
    cfr_table_directory,
    cfr_table_educators,
    cfr_table_family,
    cfr_table_neighbours,
    cfr_table_officials,
    cfr_table_process,
    cfr_table_programmes,
    cfr_table_states,
    cfr_table_transfer,
)
ROWS = tuple(row for table in TABLES for row in table.ROWS)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_paragraph_of_the_law_decides_as_it_says(row: Row, policy_set: PolicySet) -> None:
    outcome = decide(policy_input(SITUATIONS[row.situation], {**row.changes, "elements": [row.element]}), policy_set)
    (subject,) = outcome.subjects
    if row.permitted:
        assert (subject.permitted, subject.withheld) == ((row.element,), ())
        assert row.policy in outcome.policies
        assert {f"{one.kind}:{one.argument}" for one in outcome.obligations} == row.obligations
        assert not outcome.alerts
    else:
        assert subject.permitted == ()
        (withheld,) = subject.withheld
        assert (withheld.element, withheld.reason, withheld.policy) == (row.element, row.reason, row.policy)
        assert {f"{one.kind}:{one.argument}" for one in outcome.obligations} == row.obligations
        assert bool(outcome.alerts) == (row.citation == "unknown")


@pytest.mark.slow
def test_cedar_itself_decides_every_row_alike() -> None:
    rows = [row for row in ROWS if _is_known(row)]
    inputs = [policy_input(SITUATIONS[row.situation], {**row.changes, "elements": [row.element]}) for row in rows]
    answers = Reference(text_of("permits", "forbids")).asked(cedar_request(it, row.element) for it, row in zip(inputs, rows, strict=True))
    different = [str(row) for row, (allowed, _) in zip(rows, answers, strict=True) if allowed != row.permitted]
    assert different == []
    unnamed = [str(row) for row, (_, ids) in zip(rows, answers, strict=True) if (row.permitted or ids) and row.policy not in ids]
    assert unnamed == []
    assert len(rows) > 900


def test_every_policy_permits_or_forbids_in_the_table(policy_set: PolicySet) -> None:
    seen = Counter(row.policy for row in ROWS if row.permitted or not row.policy or not policy_set.policies[row.policy].conditions)
    deciding = {identifier for identifier in policy_set.policies if identifier not in _obligations_only(policy_set)}
    assert deciding <= set(seen)


def test_every_reason_of_every_permit_is_in_the_table(policy_set: PolicySet) -> None:
    said = {(row.policy, row.reason) for row in ROWS if not row.permitted}
    for identifier, policy in policy_set.policies.items():
        for rule in policy.conditions:
            assert (identifier, rule.reason.code) in said


def test_no_row_stands_there_twice() -> None:
    said = Counter((row.citation, row.situation, row.element, json.dumps(dict(row.changes), default=str, sort_keys=True)) for row in ROWS)
    assert [one for one, count in said.items() if count > 1] == []


def _obligations_only(policy_set: PolicySet) -> set[str]:
    claimed = {id(policy) for policy in policy_set.claims.values()}
    return {
        identifier for identifier, policy in policy_set.policies.items() if id(policy) not in claimed and policy.annotations.obligations
    }


def _is_known(row: Row) -> bool:
    facts = changed(SITUATIONS[row.situation], row.changes)
    return (
        row.element in TAXONOMY.elements
        and facts["purpose"] in PURPOSES
        and facts["basis"] in BASES
        and facts["recipient"]["kind"] in RECIPIENTS
        and facts["action"] in TAXONOMY.actions
        and ("groups" not in facts or facts["groups"][0]["student"]["jurisdiction"] in JURISDICTIONS)
    )
