"""docs/law.md is what the rules say."""

from services.privacy.policy import PolicySet
from services.privacy.policy.law_document import DOCUMENT, document
from services.privacy.policy.rule_pack import read_packs
from services.privacy.policy.taxonomy import BASES


def test_the_table_of_the_law_is_made_from_the_rules(policy_set: PolicySet) -> None:
    assert DOCUMENT.read_text() == document(policy_set, read_packs()), "run `make policies`"


def test_every_basis_and_every_rule_is_in_it(policy_set: PolicySet) -> None:
    text = document(policy_set, read_packs())
    assert all(f"| `{basis}` (" in text for basis in BASES)
    assert all(f"`{identifier}`" in text for identifier in policy_set.policies)


def test_every_basis_has_a_permit(policy_set: PolicySet) -> None:
    assert {basis for basis, _ in policy_set.claims} == set(BASES)
