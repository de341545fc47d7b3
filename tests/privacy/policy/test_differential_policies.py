"""The compiler against Cedar itself: policies at random, over every operator, each asked about generated requests."""

import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import cedarpy
import pytest

from services.privacy.policy.compile import among, compile_policies
from services.privacy.policy.context import contexts
from services.privacy.policy.entities import Record, entity
from services.privacy.policy.policy_input import PolicyInput
from services.privacy.policy.taxonomy import RECIPIENTS, TAXONOMY
from tests.privacy.policy.cedar import CEDAR_SCHEMA, Reference, cedar_request
from tests.privacy.policy.perturbations import perturbed
from tests.privacy.policy.policy_generator import PolicyGenerator
from tests.privacy.policy.test_differential_requests import KNOWN_ROWS

pytestmark = pytest.mark.slow

SETS, POLICIES, REQUESTS = 220, 10, 20
OPERATORS = {
    "&&", "||", "!", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "neg", "in", "is", "has", ".", "like", "if-then-else", "contains",
    "containsAll", "containsAny", "isEmpty", "Set", "Record", "datetime", "duration", "offset", "durationSince", "toDate", "toTime",
    "toMilliseconds", "toSeconds", "toMinutes", "toHours", "toDays",
}  # fmt: skip
"""Every operator that a policy validated against the schema may use, decimals and IP addresses apart: those fail the load."""


def _valid(generator: PolicyGenerator, name: str) -> str:
    for _ in range(1_000):
        text = generator.policy(name)
        if cedarpy.validate_policies(text, CEDAR_SCHEMA).validation_passed:
            return text
    raise AssertionError("the generator makes nothing that is valid")


def _est_of(text: str) -> dict[str, Mapping[str, Any]]:
    policies = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"].values()
    return {policy["annotations"]["id"]: policy for policy in policies}


def _operators(est: Any) -> Iterator[str]:
    if isinstance(est, dict):
        yield from OPERATORS.intersection(est)
        for part in est.values():
            yield from _operators(part)
    elif isinstance(est, list):
        for part in est:
            yield from _operators(part)


def _asked(policy_input: PolicyInput, element: str) -> tuple[Any, ...]:
    (context,) = contexts(policy_input, TAXONOMY)
    assert isinstance(context, Record)
    resource = TAXONOMY.elements[element]
    principal = entity(RECIPIENTS[policy_input.recipient.kind], policy_input.recipient.id)
    return principal, entity("Action", policy_input.action), resource, TAXONOMY.ancestors[resource], context


@pytest.mark.requirement("POL-cedar")
def test_cedar_decides_every_generated_policy_alike() -> None:
    randomness = random.Random(20261126)
    generator = PolicyGenerator(randomness)
    disclosing = [row for row in KNOWN_ROWS if not row.situation.startswith(("request", "educator"))]
    requests = list(perturbed(disclosing, 600, randomness))
    matched: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    permitted = erred = 0
    for number in range(SETS):
        text = "\n".join(_valid(generator, f"generated-{number}-{at}") for at in range(POLICIES))
        policies = _est_of(text)
        compiled = compile_policies(policies, TAXONOMY.ancestors)
        sample = randomness.sample(requests, REQUESTS)
        answers = Reference(text).asked(cedar_request(*one) for one in sample)
        found: set[str] = set()
        for one, (allowed, ids) in zip(sample, answers, strict=True):
            try:
                principal, action, resource, ancestors, context = _asked(*one)
                permits, forbids = among(compiled.plain(principal, action, context), principal, action, resource, ancestors, context)
            except OverflowError:
                erred += 1
                assert not allowed
                continue
            assert allowed == bool(permits and not forbids), (text, one)
            assert ids == frozenset(forbids or permits), (text, one)
            if number % 10 == 0:
                specialised = compiled.candidates(principal, action, context)
                assert among(specialised, principal, action, resource, ancestors, context) == (permits, forbids), (text, one)
            permitted += allowed
            found |= {*permits, *forbids}
        for identifier, policy in policies.items():
            (matched if identifier in found else missed).update(set(_operators(policy["conditions"])))
    assert permitted >= SETS * REQUESTS / 5
    assert 0 < erred < SETS * REQUESTS / 10
    assert {operator for operator in OPERATORS if matched[operator] < 3} == set()
    assert {operator for operator in OPERATORS if matched[operator] + missed[operator] < 20} == set()
