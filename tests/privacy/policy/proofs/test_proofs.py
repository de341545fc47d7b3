"""The claims, proved over all requests of the schema; and that each of them can fail."""

import json
from collections.abc import Iterable

import pytest
from cvc5 import pythonic as smt

from services.privacy.policy.rule_pack import read_packs
from tests.privacy.policy.proofs.claims import CLAIMS, Claim
from tests.privacy.policy.proofs.mutations import doubled
from tests.privacy.policy.proofs.prover import Rules

pytestmark = pytest.mark.slow

PACKS = read_packs()
SAID_TWICE = frozenset({"ferpa-99.3-ssn-is-no-directory-information"})
"""A forbid that says in the law's own words what a permit leaves out already: the element is not of the category that it permits. It stays,
for it still holds when somebody puts the element into that category; that it changes nothing until then is proved like the rest."""


@pytest.fixture(scope="module")
def rules() -> Rules:
    return Rules(PACKS)


def dead(rules: Rules, among: Iterable[str]) -> list[str]:
    """Rules that decide nothing: a permit that never permits, a forbid that stands only where another does, a duty that never arises."""
    found = []
    for name in among:
        if name in rules.obliging:
            request = rules.example(rules.matches(name), rules.allowed)
        elif name in rules.permits:
            request = rules.example(rules.matches(name), smt.Not(rules.forbidden()))
        else:
            request = rules.example(rules.matches(name), rules.permitted, smt.Not(rules.forbidden(without=[name])))
        if request is None:
            found.append(name)
            continue
        permits, forbids = rules.compiled.matching(*request.asked)
        expected = ([name], []) if name in rules.permits else (permits, [] if name in rules.obliging else [name])
        assert (permits, forbids) == expected, f"the encoder and the engine differ on {name}: {request}"
    return found


@pytest.mark.requirement("POL-proved")
@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.sentence)
def test_a_claim_holds_of_every_request(rules: Rules, claim: Claim) -> None:
    found = rules.counterexample(claim.holds(rules))
    assert found is None, f"{claim.sentence}: it does not hold of\n{found}"


@pytest.mark.requirement("POL-proved")
@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.sentence)
def test_rules_that_break_a_claim_refute_it(rules: Rules, claim: Claim) -> None:
    """And what the solver found to refute it breaks it in the engine too."""
    broken = Rules(claim.refuted_by(PACKS), like=rules)
    found = broken.counterexample(claim.holds(broken))
    assert found is not None
    assert claim.shown(broken, found), found
    assert json.loads(str(found))["action"] == found.action


@pytest.mark.requirement("POL-proved")
def test_every_rule_decides_something(rules: Rules) -> None:
    assert set(dead(rules, rules.encoded)) == SAID_TWICE


def test_a_rule_that_decides_nothing_is_found(rules: Rules) -> None:
    twice = Rules(doubled(PACKS), like=rules)
    (again,) = (name for name in twice.encoded if name.endswith("-again"))
    assert dead(twice, [again.removesuffix("-again"), again]) == [again.removesuffix("-again"), again]
