"""The compiled rules against Cedar itself, over thousands of generated requests around the rows of the table."""

import random
from collections import Counter
from collections.abc import Iterator

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
"""Requests generated around the rows of one policy; five times as many in `make test-policies`."""


def _matching(policy_set: PolicySet, policy_input: PolicyInput, element: str) -> tuple[list[str], list[str], list[str]]:
    (context,) = contexts(policy_input, TAXONOMY)
    assert context is not None
    principal = entity(RECIPIENTS[policy_input.recipient.kind], policy_input.recipient.id)
    resource = TAXONOMY.elements[element]
    asked = (principal, entity("Action", policy_input.action), resource, TAXONOMY.ancestors[resource], context)
    permits, forbids = policy_set.grants.matching(*asked)
    return permits, forbids, policy_set.duties.matching(*asked)[0]


def _seeds(times: int) -> Iterator[tuple[list[Row], int]]:
    for policy in sorted({row.policy for row in KNOWN_ROWS if row.policy}):
        rows = [row for row in KNOWN_ROWS if row.policy == policy]
        permitted = [row for row in rows if row.permitted]
        yield permitted or rows, times * (NEAR_A_PERMIT if permitted else NEAR_A_FORBID)
    for obligation in ("status-only:1758(b)(6)(B)", "record:300.614", "destroy-on-request:300.624(b)"):
        yield [row for row in KNOWN_ROWS if obligation in row.obligations], 2 * times * NEAR_A_PERMIT


@pytest.mark.requirement("POL-cedar")
def test_cedar_decides_every_generated_request_alike(policy_set: PolicySet) -> None:
    _compare(policy_set, times=1)


@pytest.mark.slow
def test_cedar_decides_five_times_as_many_alike(policy_set: PolicySet) -> None:
    _compare(policy_set, times=5)


def _compare(policy_set: PolicySet, *, times: int) -> None:
    randomness = random.Random(20261020 + times)
    asked = [one for rows, count in _seeds(times) for one in perturbed(rows, count, randomness)]
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
    rare = {identifier: determining[identifier] for identifier in policy_set.policies if determining[identifier] < 8 * times}
    assert rare == {}
