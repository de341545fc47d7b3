"""What stands beside a rule is whole and has its form, or the rule is not served."""

import pytest

from services.privacy.policy import PolicySetBroken
from services.privacy.policy.annotations import REQUIRED, Reason, Source, annotations_of
from tests.privacy.policy.rule_texts import ANNOTATIONS, annotated, est_of

POLICY = "forbid (principal, action, resource);"


def test_annotations_are_parsed() -> None:
    text = annotated(
        "an-id",
        POLICY,
        conditions="\n  first: 34 CFR 99.30(a), (b);\n  second: 42 U.S.C. 1758(b)(6)\n",
        source="34 CFR 99.30(a); 34 CFR 99.30(b)",
        source_sha256=f"{'a' * 64};\n{'b' * 64}",
        review="reviewed",
    )
    (policy,) = est_of(text).values()
    found = annotations_of(policy)
    assert (found.id, found.reviewed, found.effective.isoformat()) == ("an-id", True, "2004-04-21")
    assert found.reasons == (Reason("first", "34 CFR 99.30(a), (b)"), Reason("second", "42 U.S.C. 1758(b)(6)"))
    assert found.sources == (Source("34 CFR 99.30(a)", "a" * 64), Source("34 CFR 99.30(b)", "b" * 64))


def test_words_that_are_not_at_hand_have_no_hash_and_are_no_law() -> None:
    text = annotated(
        "an-id", POLICY, source="16 CFR 312.5", source_sha256="not-at-hand", authority="institution", citation="16 CFR 312.5 (not checked)"
    )
    (policy,) = est_of(text).values()
    assert annotations_of(policy).sources == (Source("16 CFR 312.5", None),)


@pytest.mark.parametrize("name", sorted(REQUIRED - {"id"}))
def test_no_annotation_may_be_missing(name: str) -> None:
    annotations = {"id": "an-id", **ANNOTATIONS}
    del annotations[name]
    with pytest.raises(PolicySetBroken):
        annotations_of({"annotations": annotations})


def test_a_policy_without_annotations_is_refused() -> None:
    with pytest.raises(PolicySetBroken):
        annotations_of({})


@pytest.mark.parametrize(
    "changes",
    [
        {"surprise": "x"},
        {"id": "Not A Code"},
        {"title": " "},
        {"citation": ""},
        {"authority": "custom"},
        {"effective": "last spring"},
        {"review": "looked at"},
        {"source": ""},
        {"source": "34 CFR 99.30(a); 34 CFR 99.30(b)"},
        {"source_sha256": ""},
        {"source_sha256": "f" * 63},
        {"source_sha256": "G" * 64},
        {"conditions": "no citation"},
        {"conditions": "no-citation: "},
        {"conditions": "Not A Code: 34 CFR 99.30"},
        {"obligations": "no-redisclose"},
        {"source_sha256": "not-at-hand"},
        {"source_sha256": "not-at-hand", "authority": "institution"},
        {"source_sha256": "not-at-hand", "citation": "16 CFR 312 (not checked)"},
        {"source_sha256": "not-at-hand", "citation": "16 CFR 312 (not checked)", "authority": "institution", "review": "reviewed"},
    ],
    ids=str,
)
def test_an_annotation_that_does_not_have_its_form_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(PolicySetBroken):
        annotations_of({"annotations": {"id": "an-id", **ANNOTATIONS, **changes}})
