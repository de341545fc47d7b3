"""Two inputs with one skeleton are answered alike; what a rule can tell apart is told apart."""

import json
import random
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.privacy.policy import PolicyInput, PolicySet, decide
from services.privacy.policy.policy_set import assemble
from services.privacy.policy.rule_pack import SCHEMA, read_packs, sha256_of
from services.privacy.replay_differences import Differences
from services.privacy.replay_skeletons import InstantUse, Skeletons
from tests.privacy.officials import forbid
from tests.privacy.policy.perturbations import perturbed
from tests.privacy.policy.rule_texts import CONSENT, DISCLOSE, annotated, est_of, pack
from tests.privacy.policy.situations import DAY, NOW, SITUATIONS, STUDENT, VENDOR, policy_input
from tests.privacy.policy.test_cfr_table import ROWS

BUILT_IN = [policy for one in read_packs() for policy in one.policies.values()]


def moved(policy_input: PolicyInput, randomness: random.Random) -> PolicyInput:
    """Another student, another recipient, at another time; every instant on the same side of `now` as before."""
    facts = json.loads(policy_input.canonical())
    now = facts["now"]
    facts["now"] = later = now + randomness.randrange(10 * DAY)

    def move(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {member: move(part, member) for member, part in value.items()}
        if isinstance(value, list):
            return [move(part) for part in value]
        if name.endswith(("_at", "_until")):
            return later + ((value > now) - (value < now)) * randomness.randrange(1, 100 * DAY)
        return value

    facts = {name: value if name == "now" else move(value, name) for name, value in facts.items()}
    facts["recipient"]["id"] = str(uuid4())
    facts["subjects"] = [[str(uuid4()), randomness.randrange(1, 90), group] for _, _, group in facts["subjects"]]
    facts["evidence"] = {"agreement": str(uuid4())}
    return PolicyInput.model_validate_json(json.dumps(facts), strict=True)


def answered(asked: PolicyInput, policy_set: PolicySet) -> list[Any]:
    outcome = decide(asked, policy_set)
    return [(group.permitted, [(one.element, one.reason, one.policy) for one in group.withheld]) for group in outcome.groups]


@pytest.mark.slow
def test_inputs_with_one_skeleton_are_answered_alike(policy_set: PolicySet) -> None:
    randomness, skeletons, same = random.Random(7), Skeletons(InstantUse.of(BUILT_IN)), 0
    inputs = [asked for asked, _ in perturbed(ROWS, 1_500, randomness)]
    for asked in inputs:
        other = moved(asked, randomness)
        if skeletons.of(asked.canonical())[0] == skeletons.of(other.canonical())[0]:
            same += 1
            assert answered(asked, policy_set) == answered(other, policy_set)
    assert same > len(inputs) / 2
    by_skeleton: dict[Any, Any] = {}
    for asked in inputs:
        assert by_skeleton.setdefault(skeletons.of(asked.canonical())[0], answered(asked, policy_set)) == answered(asked, policy_set)


def test_an_input_of_a_form_that_is_known_has_the_skeleton_that_it_has_alone() -> None:
    randomness, use = random.Random(13), InstantUse.of(BUILT_IN)
    inputs = [asked for asked, _ in perturbed(ROWS, 300, randomness)]
    inputs += [moved(asked, randomness) for asked in inputs for _ in range(2)]
    randomness.shuffle(inputs)
    known = Skeletons(use)
    for asked in inputs:
        assert known.of(asked.canonical()) == Skeletons(use).of(asked.canonical())


@pytest.mark.parametrize(
    ("place", "with_another"),
    [
        (b'"id":"' + VENDOR.encode(), b'"id":"' + b'x","kind":"school","known":true,"":"'),
        (b'"starts_at":1', b'"starts_at":"'),
        (b'"now":17', b'"now":1.'),
        (b'"evidence":{"agreement":"', b'"evidence":{"a":1},"nt":"'),
        (b'"subjects":[["' + STUDENT.encode(), b'"subjects":[["' + STUDENT[:-4].encode() + b'"]],'),
    ],
)
def test_what_only_looks_like_a_known_form_is_looked_through_anew(place: bytes, with_another: bytes) -> None:
    """The same bytes between the places, and in one of them something that ends it early or is no number."""
    asked = policy_input(SITUATIONS["contractor"], {"evidence": {"agreement": str(uuid4())}}).canonical()
    other = asked.replace(place, with_another)
    assert len(other) == len(asked)
    assert other != asked
    known, use = Skeletons(InstantUse.of(BUILT_IN)), InstantUse.of(BUILT_IN)
    skeleton, _ = known.of(asked)
    assert known.of(other) == Skeletons(use).of(other)
    assert known.of(other)[0] != skeleton


@pytest.mark.parametrize(
    ("condition", "exact", "absolute"),
    [
        ("context.consent.granted_at <= context.now", set(), False),
        ("context.now < context.consent.granted_at", set(), False),
        ('context.consent.granted_at.offset(duration("72h")) <= context.now', {"granted_at", "consent"}, False),
        ('context.now.durationSince(context.consent.granted_at) < duration("72h")', {"granted_at", "consent"}, False),
        (
            "context has agreement && context.consent.granted_at < context.agreement.ends_at",
            {"granted_at", "ends_at", "consent", "agreement"},
            False,
        ),
        ('context.consent.granted_at < datetime("2026-01-01")', {"granted_at", "consent"}, True),
        ("context.consent.granted_at.toDate() < context.now", {"granted_at", "consent"}, True),
    ],
)
def test_how_a_rule_uses_an_instant_is_seen(condition: str, exact: set[str], absolute: bool) -> None:
    text = annotated("a-rule", f"forbid (principal, {DISCLOSE}, resource) when {{ {CONSENT} && context has consent && {condition} }};")
    use = InstantUse.of(est_of(text).values())
    assert (set(use.exact) - {"basis", "now"}, use.absolute) == (exact, absolute)


def test_a_rule_that_counts_hours_is_told_the_hours() -> None:
    text = annotated(
        "three-days",
        f"forbid (principal, {DISCLOSE}, resource) when "
        f'{{ context has consent && context.consent.granted_at.offset(duration("72h")) <= context.now }};',
    )
    use = InstantUse.of([*BUILT_IN, *est_of(text).values()])
    early, late, later = (
        policy_input(SITUATIONS["consent"], {"consent.granted_at": NOW - hours * 3_600_000}).canonical() for hours in (71, 72, 73)
    )
    precise, plain = Skeletons(use), Skeletons(InstantUse.of(BUILT_IN))
    assert len({precise.of(one)[0] for one in (early, late, later)}) == 3
    assert len({plain.of(one)[0] for one in (early, late, later)}) == 1


@pytest.mark.slow
def test_the_counts_are_those_of_deciding_one_by_one(policy_set: PolicySet) -> None:
    own = est_of(forbid(element="academics.transcript"), forbid("ca-too", state="CA", element="identity.name"))
    drafted = assemble(
        [*(one for one in read_packs() if one.name != "us-ca.forbids"), pack_of("us-xa.forbids", own, "xa-transcripts-stay")],
        schema_sha256=sha256_of(SCHEMA),
    )
    randomness = random.Random(11)
    californian = [row for row in ROWS if row.citation.startswith("Cal.")]
    inputs = [asked for asked, _ in (*perturbed(ROWS, 600, randomness), *perturbed(californian, 200, randomness))]
    inputs += [moved(asked, randomness) for asked in inputs[:400]]
    differences = Differences(drafted, Skeletons(InstantUse.of([*BUILT_IN, *own.values()])))
    expected: Counter[str] = Counter()
    for number, asked in enumerate(inputs):
        recorded = decide(asked, policy_set).canonical()
        told = (asked.canonical(), recorded)
        if not differences.add(UUID(int=number), policy_set.policy_hash, told[0]):
            differences.meet(UUID(int=number), policy_set, policy_set.policy_hash, *told)
        for (before, _), (after, _) in zip(answered(asked, policy_set), answered(asked, drafted), strict=True):
            expected["permit_to_deny"] += len(set(before) - set(after))
            expected["deny_to_permit"] += len(set(after) - set(before))
            expected["losing"] += bool(set(before) - set(after))
            expected["gaining"] += bool(set(after) - set(before))
    report = differences.report()
    found = {"permit_to_deny": report.permit_to_deny, "deny_to_permit": report.deny_to_permit}
    assert found | {"losing": report.decisions_losing, "gaining": report.decisions_gaining} == expected
    assert (report.decisions, report.not_reproduced, report.not_replayed) == (len(inputs), 0, 0)
    assert min(expected.values()) > 5
    assert (
        sum(one.permit_to_deny for one in report.by_element) == sum(one.permit_to_deny for one in report.by_policy) == report.permit_to_deny
    )


def pack_of(name: str, policies: Any, *identifiers: str) -> Any:
    made = pack(name)
    return type(made)(name, made.text_sha256, {identifier: policies[identifier] for identifier in identifiers})
