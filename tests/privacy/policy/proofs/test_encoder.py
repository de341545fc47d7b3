"""The encoder is itself nothing that was proved: its formulas against the engine, request by request, for our rules and for random ones."""

import random
from collections import Counter
from typing import Any

import pytest
from cvc5 import pythonic as smt

from services.privacy.policy.compile import compile_policies
from services.privacy.policy.rule_pack import SCHEMA, Pack, read_packs
from services.privacy.policy.taxonomy import ACTIONS, TAXONOMY
from tests.privacy.policy.perturbations import perturbed
from tests.privacy.policy.policy_generator import PolicyGenerator
from tests.privacy.policy.proofs.encoder import Encoder
from tests.privacy.policy.proofs.prover import Request, Rules
from tests.privacy.policy.proofs.schema import SchemaNotRead, read_schema
from tests.privacy.policy.proofs.symbols import NotEncoded, Symbols
from tests.privacy.policy.rule_texts import CONSENT, annotated, est_of
from tests.privacy.policy.test_differential_policies import _asked, _est_of, _valid
from tests.privacy.policy.test_differential_requests import KNOWN_ROWS

pytestmark = pytest.mark.slow

REQUESTS, GENERATED = 100, 250


def request_of(policy_input: Any, element: str) -> Request:
    """A generated input as the solver gives its requests."""
    principal, _, _, _, context = _asked(policy_input, element)
    return Request(policy_input.action, principal.kind.rpartition("::")[2], element, context)


@pytest.mark.requirement("POL-proved")
def test_the_formulas_of_our_rules_match_where_the_engine_does() -> None:
    rules = Rules(read_packs())
    randomness = random.Random(20261126)
    every = {name: compile_policies({name: policy}, TAXONOMY.ancestors).matching for name, policy in rules.policies.items()}
    matched: Counter[str] = Counter()
    for one in perturbed(KNOWN_ROWS, REQUESTS, randomness):
        request = request_of(*one)
        found = rules.matching(request)
        expected = {name for name, matching in every.items() if any(matching(*request.asked))}
        assert found == expected, request
        matched.update(found)
    assert len(matched) > len(every) / 3


def test_the_formulas_of_random_rules_match_where_the_engine_does() -> None:
    """Over every operator that the encoder knows; those that it does not know it refuses."""
    randomness = random.Random(20261127)
    generator = PolicyGenerator(randomness)
    rows = [row for row in KNOWN_ROWS if not row.situation.startswith(("request", "educator"))]
    policies: dict[str, Any] = {}
    encoder, refused = Encoder(Symbols(read_schema(SCHEMA.read_text()), TAXONOMY)), 0
    for number in range(GENERATED):
        (name, policy), *_ = _est_of(_valid(generator, f"generated-{number}")).items()
        try:
            encoder.policy(policy)
        except NotEncoded:
            refused += 1
        else:
            policies[name] = policy
    assert len(policies) > GENERATED / 4
    rules = Rules([Pack("us.forbids", "0" * 64, policies)])
    every = {name: compile_policies({name: policy}, TAXONOMY.ancestors).matching for name, policy in policies.items()}
    matched: Counter[str] = Counter()
    for one in perturbed(rows, 30, randomness):
        request = request_of(*one)
        found = rules.matching(request)
        assert found == {name for name, matching in every.items() if any(matching(*request.asked))}, request
        matched.update(found)
    assert len(matched) > len(policies) / 4


def test_a_fact_read_without_asking_whether_it_is_there_errs() -> None:
    policy = est_of(annotated("bare", f"permit (principal, action, resource) when {{ {CONSENT} && context.consent.signed }};"))
    rules = Rules([Pack("us.permits.bare", "0" * 64, policy)])
    found = rules.example(rules.errs("bare"))
    assert found is not None
    assert "consent" not in found.context
    with pytest.raises(LookupError):
        rules.compiled.matching(*found.asked)


def test_a_text_that_no_rule_names_is_another_one() -> None:
    policy = est_of(annotated("basis", f"permit (principal, action, resource) when {{ {CONSENT} }};"))
    rules = Rules([Pack("us.permits.basis", "0" * 64, policy)])
    found = rules.example(smt.Not(rules.matches("basis")))
    assert found is not None
    assert found.context["basis"] not in ("", "consent")


@pytest.mark.parametrize(
    "condition",
    ['context.basis like "c*"', "context.student == context.student", "[1, 2].contains(9223372036854775807)"],
    ids=["like", "records", "number"],
)
def test_what_the_encoder_does_not_know_is_refused(condition: str) -> None:
    policy = est_of(annotated("unknown", f"permit (principal, action, resource) when {{ {condition} }};"))
    with pytest.raises(NotEncoded):
        Rules([Pack("us.permits.unknown", "0" * 64, policy)])


@pytest.mark.parametrize(
    "text",
    ["namespace A { type B = { c: decimal }; }", "namespace A { type B = Set<Set<String>>; }", "nothing", "namespace A { @x entity B; }"],
)
def test_a_schema_that_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(SchemaNotRead):
        read_schema(text)


def test_every_fact_of_the_schema_is_an_unknown() -> None:
    symbols = Symbols(read_schema(SCHEMA.read_text()), TAXONOMY)
    assert set(symbols.schema.actions) == set(ACTIONS)
    assert symbols.types[("consent", "withdrawn_at")]
    assert symbols.may_be_absent(("consent", "withdrawn_at")) is not None
    assert symbols.may_be_absent(("now",)) is None
