"""The compiled rules against Cedar itself, over thousands of generated requests around the rows of the table."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from services.privacy.policy import PolicySet, decide
from services.privacy.policy.context import contexts
from services.privacy.policy.entities import entity
from services.privacy.policy.policy_input import PolicyInput
from services.privacy.policy.taxonomy import RECIPIENTS, TAXONOMY
from tests.privacy.policy.cedar import Reference, cedar_request, text_of
from tests.privacy.policy.cfr_rows import Row
from tests.privacy.policy.perturbations import perturbed
from tests.privacy.policy.test_cfr_table import ROWS, _is_known

KNOWN_ROWS = [row for row in ROWS if _is_known(row)]
NEAR_A_FORBID, NEAR_A_PERMIT = 18, 56
"""Requests generated around the rows of one policy, in a round."""
DETERMINING, ROUNDS = 100, 8


def _matching(policy_set: PolicySet, policy_input: PolicyInput, element: str) -> tuple[list[str], list[str], list[str]]:
    (context,) = contexts(policy_input, TAXONOMY)
    assert context is not None
    principal = entity(RECIPIENTS[policy_input.recipient.kind], policy_input.recipient.id)
    resource = TAXONOMY.elements[element]
    asked = (principal, entity("Action", policy_input.action), resource, TAXONOMY.ancestors[resource], context)
    permits, forbids = policy_set.grants.matching(*asked)
    return permits, forbids, policy_set.duties.matching(*asked)[0]


OBLIGATIONS = ("status-only:1758(b)(6)(B)", "record:300.614", "destroy-on-request:300.624(b)")
"""Of rules that few permits bring into play: their rows are seeds of their own."""

OF_EDUCATORS = ("educator-application", "educator-application-request")
"""Permits that few words of a request fit: their rows are seeds once more."""


def _seeds() -> Iterator[tuple[list[Row], int]]:
    for policy in sorted({row.policy for row in KNOWN_ROWS if row.policy}):
        rows = [row for row in KNOWN_ROWS if row.policy == policy]
        permitted = [row for row in rows if row.permitted]
        yield permitted or rows, NEAR_A_PERMIT if permitted else NEAR_A_FORBID
    for policy in OF_EDUCATORS:
        yield [row for row in KNOWN_ROWS if row.policy == policy and row.permitted], 2 * NEAR_A_PERMIT
    for obligation in OBLIGATIONS:
        yield [row for row in KNOWN_ROWS if obligation in row.obligations], 2 * NEAR_A_PERMIT


@pytest.mark.slow
@pytest.mark.requirement("POL-cedar")
def test_cedar_decides_every_generated_request_alike(policy_set: PolicySet) -> None:
    determining = _compared(policy_set, list(_seeds()), random.Random(20261021))
    assert {policy: determining[policy] for policy in policy_set.policies if determining[policy] < 8} == {}


@pytest.mark.slow
@pytest.mark.requirement("POL-cedar")
def test_every_rule_determines_a_hundred_generated_requests_as_it_does_in_cedar(policy_set: PolicySet) -> None:
    randomness, determining = random.Random(20261025), Counter[str]()
    for _ in range(ROUNDS):
        determining += _compared(policy_set, list(_seeds()), randomness)
    assert {policy: determining[policy] for policy in policy_set.policies if determining[policy] < DETERMINING} == {}


def _compared(policy_set: PolicySet, seeds: Sequence[tuple[list[Row], int]], randomness: random.Random) -> Counter[str]:
    """Both decide requests near the rows of the seeds, the same; how often each rule determined what was decided."""
    asked = [one for rows, count in seeds for one in perturbed(rows, count, randomness)]
    ours = [_matching(policy_set, *one) for one in asked]
    requests = [cedar_request(*one) for one in asked]
    decisions = Reference(text_of("permits", "forbids")).asked(requests)
    determining: Counter[str] = Counter()
    for (permits, forbids, _), (allowed, ids), (policy_input, element) in zip(ours, decisions, asked, strict=True):
        assert allowed == bool(permits and not forbids), (policy_input, element)
        assert ids == frozenset(forbids or permits), (policy_input, element)
        (subject,) = decide(policy_input, policy_set).subjects
        assert (subject.permitted == (element,)) == allowed
        determining.update(ids)
    permitted = [at for at, (allowed, _) in enumerate(decisions) if allowed]
    assert len(permitted) >= len(asked) / 5
    for at, (_, ids) in zip(permitted, Reference(text_of("obligations")).asked(requests[at] for at in permitted), strict=True):
        assert ids == frozenset(ours[at][2]), asked[at]
        determining.update(ids)
    return determining
