"""The built-in table of cases is that of the law's own tests, and says what it found."""

import pytest

from safepassage.wire_policy_sets import PolicyCase
from services.privacy.policy import PolicySet
from services.privacy.policy_cases import FILE, NotFacts, built_in, case_id, changed, input_of, run
from tests.privacy.built_in_cases import document


def test_the_table_that_is_shipped_is_that_of_the_tests() -> None:
    assert FILE.read_text() == document(), "run `make policies`"


@pytest.mark.slow
def test_every_row_is_true_of_the_releases_own_set(policy_set: PolicySet) -> None:
    table = built_in()
    assert [result for _, result in run(table.cases, table.situations, policy_set) if result is not None] == []
    assert len({case_id(case) for case in table.cases}) == len(table.cases) > 400


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"permitted": False, "reason": "ssn-never-leaves", "policy": "exchange-ssn"}, "permitted by ferpa-99.31a2-transfer"),
        ({"policy": "ferpa-99.30-consent"}, "permitted by ferpa-99.31a2-transfer"),
        ({"element": "identity.ssn"}, "ssn-never-leaves by exchange-ssn"),
        ({"obligations": ("record:99.32(a)",)}, "permitted by ferpa-99.31a2-transfer, obliging to "),
        ({"situation": "no such one"}, "no such situation"),
        ({"changes": {"purpose": None}}, "not the form of facts: purpose"),
        ({"changes": {"nowhere.at.all": 1}}, "a path of `changes` leads nowhere"),
        ({"changes": {"groups.7.student": {}}}, "a path of `changes` leads nowhere"),
        ({"changes": {"shoe_size": 43}}, "not the form of facts: an unknown member"),
    ],
    ids=str,
)
def test_a_row_that_is_not_true_says_what_was_found(change: dict[str, object], found: str, policy_set: PolicySet) -> None:
    row: dict[str, object] = {
        "citation": "local policy 7",
        "situation": "transfer",
        "element": "academics.transcript",
        "permitted": True,
        "policy": "ferpa-99.31a2-transfer",
    }
    assert [result for _, result in run([PolicyCase.model_validate(row)], built_in().situations, policy_set)] == [None]
    ((_, result),) = run([PolicyCase.model_validate(row | change)], built_in().situations, policy_set)
    assert result is not None
    assert result.found.startswith(found)


def test_what_is_not_the_form_of_facts_is_told_by_its_place_and_never_by_its_value() -> None:
    facts = changed(built_in().situations["transfer"], {"groups.0.student.homeless": "canary"})
    with pytest.raises(NotFacts) as refused:
        input_of(facts)
    assert "groups.0.student.homeless" in str(refused.value)
    assert "canary" not in str(refused.value)
