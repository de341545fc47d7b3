"""A stored set decides as it did when it was stored, in a later version too; what this version cannot do alike it does not do."""

import json
from dataclasses import replace
from typing import Any

import pytest

from safepassage.canonical import canonical_json, digest_of
from safepassage.problems.policy_sets import PolicySetNotUsable
from safepassage.problems.privacy import PolicySetNotHeld
from services.privacy.policy import PolicySet, decide
from services.privacy.policy.policy_set import assemble, contents
from services.privacy.policy.rule_pack import read_packs
from services.privacy.policy.taxonomy import TAXONOMY, Taxonomy
from services.privacy.policy_sets import restored, taxonomy_of
from tests.privacy.policy.situations import SITUATIONS, policy_input


def stored(**changes: Any) -> tuple[str, str]:
    """Contents as another version could have stored them, and their hash."""
    text = canonical_json(contents(read_packs(), schema_sha256="0" * 64) | changes).decode()
    return text, digest_of(text.encode())


def earlier_taxonomy() -> Taxonomy:
    """Of a version that did not know identity.sex yet."""
    gone = TAXONOMY.elements["identity.sex"]
    return replace(
        TAXONOMY,
        elements={name: uid for name, uid in TAXONOMY.elements.items() if uid != gone},
        parents={uid: wider for uid, wider in TAXONOMY.parents.items() if uid != gone},
        ancestors={uid: above for uid, above in TAXONOMY.ancestors.items() if uid != gone},
    )


def test_a_set_of_an_earlier_version_keeps_its_hash_and_its_words(policy_set: PolicySet) -> None:
    earlier = earlier_taxonomy()
    text = canonical_json(contents(read_packs(), schema_sha256="0" * 64, taxonomy=earlier)).decode()
    there = restored(text, digest_of(text.encode()))
    then = assemble(read_packs(), schema_sha256="0" * 64, taxonomy=earlier)
    assert there.policy_hash == then.policy_hash != policy_set.policy_hash
    asked = policy_input(SITUATIONS["transfer"], {"elements": ["academics.transcript", "identity.name", "identity.sex"]})
    assert decide(asked, there).canonical() == decide(asked, then).canonical()
    assert "unknown-element" in {one.reason for one in decide(asked, there).groups[0].withheld}
    assert "identity.sex" in decide(asked, policy_set).groups[0].permitted


def test_the_vocabularies_of_this_version_are_found_again() -> None:
    assert taxonomy_of(json.loads(json.dumps(TAXONOMY.as_json()))["parents"]) is TAXONOMY


@pytest.mark.parametrize(
    "changes",
    [
        {"engine": 0},
        {"obligations": {"kinds": {"wash-hands": ["paragraph", None]}, "instants": []}},
        {"obligations": {"kinds": {}, "instants": ["consent.midnight"]}},
        {"packs": {"us.forbids": {"text_sha256": "0" * 64, "policies": {"x": {}}}}},
    ],
    ids=["engine", "obligation", "instant", "no-policy"],
)
def test_a_set_that_this_version_would_not_decide_alike_is_not_used(changes: dict[str, Any]) -> None:
    with pytest.raises(PolicySetNotUsable):
        restored(*stored(**changes))


@pytest.mark.requirement("SETS-tamper")
def test_contents_that_are_not_those_of_the_hash_are_not_even_read() -> None:
    text, policy_hash = stored()
    assert restored(text, policy_hash).policy_hash == policy_hash
    for other in (text.replace("identity.ssn", "identity.sex"), text + " ", ""):
        with pytest.raises(PolicySetNotHeld):
            restored(other, policy_hash)
