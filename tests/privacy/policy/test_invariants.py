"""What holds whatever the facts are: the invariants of the decision, over situations near the table's."""

import json
import random
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.privacy.policy import Outcome, PolicyInput, PolicySet, decide, load_policy_set, reproduce
from services.privacy.policy.evidence_input import GroundFacts
from services.privacy.policy.policy_set import assemble
from services.privacy.policy.rule_pack import SCHEMA, Pack, read_packs, sha256_of
from tests.privacy.policy.every_situation import SITUATIONS
from tests.privacy.policy.perturbations import ELEMENT_IDS, perturbed
from tests.privacy.policy.situations import AGREEMENT, GONE, NOW, TAKEN_BACK, changed, policy_input
from tests.privacy.policy.test_differential_requests import KNOWN_ROWS

ROOT = Path(__file__).parents[3]
PRESENT = load_policy_set()
DISCLOSING = [row for row in KNOWN_ROWS if not row.situation.startswith(("request", "educator"))]
quick = settings(max_examples=60, deadline=None, derandomize=True)
seeds = st.integers(0, 2**32)


def _some(seed: int, rows: Iterable[Any] = KNOWN_ROWS, **changes: Any) -> tuple[dict[str, Any], random.Random]:
    """Facts near a row of the table, asked about a number of elements, one of them unknown now and then."""
    randomness = random.Random(seed)
    ((facts, _),) = perturbed(list(rows), 1, randomness)
    elements = randomness.sample((*ELEMENT_IDS, "academics.shoe_size"), randomness.randint(1, 25))
    return changed(json.loads(facts.canonical()), {"elements": elements, **changes}), randomness


def _permitted(facts: dict[str, Any] | PolicyInput, policy_set: PolicySet = PRESENT) -> frozenset[str]:
    asked = facts if isinstance(facts, PolicyInput) else policy_input(facts)
    return frozenset(element for subject in decide(asked, policy_set).subjects for element in subject.permitted)


@pytest.mark.requirement("POL-1")
@quick
@given(seeds)
def test_without_evidence_nothing_is_permitted(seed: int) -> None:
    facts, _ = _some(seed)
    evidence = {"agreement": GONE, "transfer": GONE}
    if facts["groups"]:
        facts = changed(facts, {"groups": [{name: facts["groups"][0][name] for name in ("custody", "student")}]})
    assert _permitted(changed(facts, evidence)) == frozenset()


@pytest.mark.requirement("POL-7")
@quick
@given(seeds)
def test_permitted_and_withheld_together_are_what_was_asked(seed: int) -> None:
    facts, _ = _some(seed)
    for subject in decide(policy_input(facts), PRESENT).subjects:
        asked = [*subject.permitted, *(one.element for one in subject.withheld)]
        assert len(asked) == len(set(asked))
        assert set(asked) == set(facts["elements"])


@pytest.mark.requirement("POL-6")
@quick
@given(seeds)
def test_a_permission_rests_on_one_permit_with_its_citation(seed: int) -> None:
    facts, _ = _some(seed)
    outcome = decide(policy_input(facts), PRESENT)
    permits = [identifier for identifier in outcome.policies if PRESENT.policies[identifier].conditions]
    assert len(permits) == (0 if outcome.outcome == "deny" else 1)
    assert all(PRESENT.policies[identifier].annotations.citation in outcome.citations for identifier in permits)


@quick
@given(seeds)
def test_an_element_is_decided_as_if_it_were_asked_for_alone(seed: int) -> None:
    facts, _ = _some(seed)
    (together,) = decide(policy_input(facts), PRESENT).subjects
    alone = [decide(policy_input(changed(facts, {"elements": [element]})), PRESENT).subjects[0] for element in facts["elements"]]
    assert {one for subject in alone for one in subject.permitted} == set(together.permitted)
    assert {one.element: one for subject in alone for one in subject.withheld} == {one.element: one for one in together.withheld}


@pytest.mark.requirement("POL-9")
@quick
@given(seeds)
def test_the_order_of_elements_has_no_part_in_the_outcome(seed: int) -> None:
    facts, randomness = _some(seed)
    turned = changed(facts, {"elements": randomness.sample(facts["elements"], len(facts["elements"]))})
    assert decide(policy_input(facts), PRESENT).canonical() == decide(policy_input(turned), PRESENT).canonical()


def _reversed_set() -> PolicySet:
    packs = [
        Pack(pack.name, pack.text_sha256, {name: pack.policies[name] for name in reversed(list(pack.policies))})
        for pack in reversed(read_packs())
    ]
    return assemble(packs, schema_sha256=sha256_of(SCHEMA))


TURNED = _reversed_set()
FEDERAL = assemble([pack for pack in read_packs() if pack.jurisdiction == "US"], schema_sha256=sha256_of(SCHEMA))


@pytest.mark.requirement("POL-9")
@quick
@given(seeds)
def test_the_order_of_policies_has_no_part_in_the_outcome(seed: int) -> None:
    facts, _ = _some(seed)
    assert decide(policy_input(facts), PRESENT).canonical() == decide(policy_input(facts), TURNED).canonical()


@pytest.mark.requirement("POL-3")
@quick
@given(seeds, st.sampled_from(["US-CA", "US-CO", "US-IL", "US-LA", "US-NH", "US-NY", "US-VA", "US-NV"]))
def test_an_overlay_only_narrows(seed: int, jurisdiction: str) -> None:
    facts, _ = _some(seed, DISCLOSING, **{"student.jurisdiction": jurisdiction})
    narrowed, federal = _permitted(facts, PRESENT), _permitted(facts, FEDERAL)
    assert narrowed <= federal
    assert jurisdiction != "US-NV" or narrowed == federal


CONSENT = changed(SITUATIONS["consent"], {})["groups"][0]["consent"]
NARROWING = [
    {"custody.recipient_debarred_until": NOW + 1},
    {"recipient.authenticated": False},
    {"recipient.known": False},
    {"recipient.in_exchange": True},
    {"student.homeless": True},
    {"student.protected_address": True},
    {"consent.withdrawn_at": NOW},
    {"consent.expires_at": NOW},
    {"consent.grantor_rights_ended_at": NOW},
    {"agreement.terminated_at": NOW},
    {"consent.refused": sorted(ELEMENT_IDS)},
    {"directory.opted_out": sorted(ELEMENT_IDS)},
    {"directory.found_by_other_information": True},
    {"recruiting.opt_out_stands": True},
    {"relation.rights_ended_at": NOW},
    {"record_class": "treatment-record"},
    *({f"{place}.ends_at": NOW} for place in sorted(GroundFacts.model_fields) if place not in ("onboarding", "relation", "directory")),
]
"""What a bar, a revocation, an end or a protection looks like in the facts."""


@pytest.mark.requirement("POL-8")
@quick
@given(seeds, st.sampled_from(NARROWING))
def test_a_bar_or_a_revocation_never_adds_a_permission(seed: int, bar: dict[str, Any]) -> None:
    facts, _ = _some(seed, DISCLOSING)
    (path,) = bar
    group = facts["groups"][0]
    places = {"record_class", *facts, *(name for name, value in group.items() if value), *group.get("grounds", ())}
    if path.partition(".")[0] in places:
        assert _permitted(changed(facts, bar), PRESENT) <= _permitted(facts, PRESENT)


@pytest.mark.requirement("POL-8")
@quick
@given(seeds, st.sampled_from([CONSENT, TAKEN_BACK]))
def test_a_consent_beside_it_never_takes_a_permission_away(seed: int, consent: dict[str, Any]) -> None:
    facts, _ = _some(seed, [row for row in DISCLOSING if not row.situation.startswith("consent")])
    if facts["basis"] != "consent":
        assert _permitted(changed(facts, {"consent": consent}), PRESENT) == _permitted(facts, PRESENT)


@pytest.mark.requirement("POL-8")
@quick
@given(seeds)
def test_a_consent_where_there_was_none_never_takes_a_permission_away(seed: int) -> None:
    facts, _ = _some(seed, [row for row in DISCLOSING if row.situation.startswith("consent")])
    assert _permitted(changed(facts, {"consent": GONE}), PRESENT) <= _permitted(facts, PRESENT)


@quick
@given(seeds, st.sampled_from([CONSENT, TAKEN_BACK, {**CONSENT, "refused": sorted(ELEMENT_IDS)}]))
def test_another_consent_never_takes_a_permission_away(seed: int, other: dict[str, Any]) -> None:
    facts, _ = _some(seed, [row for row in DISCLOSING if row.situation.startswith("consent")])
    if "consent" in facts["groups"][0]:
        assert _permitted(changed(facts, {"other_consents": [other]})) >= _permitted(facts)
        assert _permitted(changed(facts, {"other_consents": [other]})) == _permitted(facts) | _permitted(changed(facts, {"consent": other}))


@quick
@given(seeds)
def test_a_duty_is_said_where_a_permit_makes_it_one_and_nowhere_else(seed: int) -> None:
    facts, _ = _some(seed, DISCLOSING)
    outcome = decide(policy_input(facts), PRESENT)
    duties = {"rights-holder", "military-recruiter", "higher-education-recruiter"}
    assert outcome.required is (facts["basis"] in duties and outcome.outcome != "deny")


@quick
@given(seeds)
def test_what_is_the_same_for_every_student_is_so_for_each(seed: int) -> None:
    """Another student of the same request gets it withheld too, whatever that student's facts are."""
    facts, randomness = _some(seed, DISCLOSING)
    outcome = decide(policy_input(facts), PRESENT)
    same = {one.element for one in outcome.subjects[0].withheld if one.same_for_every_student}
    for _ in range(3):
        ((other, _),) = perturbed(DISCLOSING, 1, randomness)
        group = json.loads(other.canonical())["groups"][0]
        assert _permitted(changed(facts, {"groups": [group]}), PRESENT).isdisjoint(same)


@pytest.mark.requirement("POL-5")
@quick
@given(seeds)
def test_a_decision_is_reproduced_to_the_byte(seed: int) -> None:
    facts, _ = _some(seed)
    asked = policy_input(facts)
    assert reproduce(asked.canonical(), PRESENT) == decide(asked, PRESENT).canonical()


@pytest.mark.requirement("POL-5")
def test_a_fresh_process_reproduces_decisions_from_the_recorded_input_alone(tmp_path: Path) -> None:
    inputs = [policy_input(_some(seed)[0]) for seed in range(40)]
    recorded = tmp_path / "recorded"
    recorded.write_bytes(b"\n".join(it.canonical() for it in inputs))
    code = (
        "import sys; from services.privacy.policy import load_policy_set, reproduce; s = load_policy_set();"
        "sys.stdout.buffer.write(b'\\n'.join(reproduce(line, s) for line in open(sys.argv[1], 'rb').read().split(b'\\n')))"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(recorded)], cwd=ROOT, capture_output=True, check=True)
    assert ran.stdout == b"\n".join(decide(it, PRESENT).canonical() for it in inputs)


def test_students_alike_are_decided_as_each_alone() -> None:
    """A page's outcome for a student is that of a decision on this student."""
    groups = []
    for homeless, protected, keeper in ((False, False, True), (True, False, True), (False, True, True), (False, False, False)):
        whole = changed(
            SITUATIONS["contractor"],
            {"student.homeless": homeless, "student.protected_address": protected, "custody.keeper_party_to_agreement": keeper},
        )
        groups.append(whole["groups"][0])
    students = [[f"4f6d3c1e-8a2b-4c5d-9e0f-{number:012d}", 1, number % 4] for number in range(1000)]
    asked = {"elements": list(ELEMENT_IDS), "agreement": {**AGREEMENT, "elements": sorted(ELEMENT_IDS)}}
    page: Outcome = decide(policy_input(SITUATIONS["contractor"], {**asked, "groups": groups, "subjects": students}), PRESENT)
    assert len(page.subjects) == 1000
    for number in range(4):
        alone = decide(
            policy_input(SITUATIONS["contractor"], {**asked, "groups": [groups[number]], "subjects": [[students[number][0], 1, 0]]}),
            PRESENT,
        )
        assert page.subjects[number] == alone.subjects[0]
        assert page.subjects[number + 996].permitted == alone.subjects[0].permitted
