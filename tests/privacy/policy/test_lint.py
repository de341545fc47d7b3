"""What must hold of the rules: each breach fails the load."""

import pytest

from services.privacy.policy import PolicySetBroken
from services.privacy.policy.lint import lint
from services.privacy.policy.pack import parsed
from services.privacy.policy.rule_pack import TEXTS, Pack, read_packs
from services.privacy.policy.taxonomy import TAXONOMY
from tests.privacy.policy.rule_texts import CONSENT, DISCLOSE, annotated, est_of, pack

PERMIT = f"permit (principal, {DISCLOSE}, resource) when {{ {CONSENT} && context.recipient.known }};"
FORBID = f"forbid (principal, {DISCLOSE}, resource) when {{ context.student.homeless }};"
OVERLAY = f'forbid (principal, {DISCLOSE}, resource) when {{ context.student.jurisdiction in SafePassage::Jurisdiction::"US-NH" }};'


def test_the_packs_of_this_version_are_in_order() -> None:
    assert len(lint(read_packs(), TAXONOMY)) == 93


def test_the_template_of_a_states_overlay_is_in_order_once_it_names_its_state() -> None:
    text = (TEXTS / "template.forbids.cedar.txt").read_text().partition("\n")[2].replace("XX", "VT").replace("xx-", "vt-")
    assert set(lint([parsed("us-vt.forbids", text)], TAXONOMY)) == {"vt-1-clause"}


def test_a_small_set_is_in_order() -> None:
    packs = [
        pack("us.permits.consent", annotated("p", PERMIT)),
        pack("us.forbids", annotated("f", FORBID)),
        pack("us-nh.forbids", annotated("o", OVERLAY)),
    ]
    assert set(lint(packs, TAXONOMY)) == {"p", "f", "o"}


BREACHES = {
    "a permit among forbids": pack("us.forbids", annotated("p", PERMIT)),
    "a forbid among permits": pack("us.permits.consent", annotated("f", FORBID)),
    "a forbid among obligations": pack("us.obligations", annotated("f", FORBID)),
    "an overlay that permits": pack("us-nh.permits.consent", annotated("p", PERMIT)),
    "an overlay that obliges": pack("us-nh.obligations", annotated("o", OVERLAY.replace("forbid", "permit"))),
    "an overlay of no state": pack("us-nh.forbids", annotated("f", FORBID)),
    "an overlay of another state": pack("us-nh.forbids", annotated("o", OVERLAY.replace("US-NH", "US-VT"))),
    "an overlay that mentions another state": pack(
        "us-nh.forbids",
        annotated("o", OVERLAY.replace(" };", ' && !(context.student.jurisdiction in SafePassage::Jurisdiction::"US-VT") };')),
    ),
    "an overlay whose state is one of two ways": pack(
        "us-nh.forbids", annotated("o", OVERLAY.replace(" };", " || context.student.homeless };"))
    ),
    "an overlay unless it is its state": pack("us-nh.forbids", annotated("o", OVERLAY.replace("when", "unless"))),
    "a federal rule about a state": pack("us.forbids", annotated("o", OVERLAY)),
    "a permit without its basis": pack("us.permits.consent", annotated("p", PERMIT.replace(f"{CONSENT} && ", ""))),
    "a permit whose basis is not first": pack(
        "us.permits.consent", annotated("p", f"permit (principal, {DISCLOSE}, resource) when {{ context.recipient.known && {CONSENT} }};")
    ),
    "a permit of an unknown basis": pack("us.permits.consent", annotated("p", PERMIT.replace('"consent"', '"whim"'))),
    "a permit whose words are not at hand": pack(
        "us.permits.consent",
        annotated("p", PERMIT, source_sha256="not-at-hand", authority="institution", citation="34 CFR 99.30(a) (not checked)"),
    ),
    "a permit of any action": pack("us.permits.consent", annotated("p", PERMIT.replace(DISCLOSE, "action"))),
    "two permits of a basis and action": pack("us.permits.consent", annotated("p", PERMIT), annotated("q", PERMIT)),
    "a condition without its reason": pack("us.permits.consent", annotated("p", PERMIT, conditions="")),
    "a reason without its condition": pack("us.permits.consent", annotated("p", PERMIT, conditions="a: 34 CFR 1; b: 34 CFR 2")),
    "a forbid with two reasons": pack("us.forbids", annotated("f", FORBID, conditions="a: 34 CFR 1; b: 34 CFR 2")),
    "an element that does not exist": pack(
        "us.forbids", annotated("f", FORBID.replace("resource)", 'resource == SafePassage::DataElement::"identity.shoe_size")'))
    ),
    "a category that does not exist": pack(
        "us.forbids", annotated("f", FORBID.replace("resource)", 'resource in SafePassage::Category::"shoes")'))
    ),
    "a rule about one party": pack("us.forbids", annotated("f", FORBID.replace("principal,", 'principal == SafePassage::Vendor::"acme",'))),
    "an obligation whose fact may be missing": pack(
        "us.permits.consent", annotated("p", PERMIT, obligations="destroy-by:agreement.ends_at")
    ),
    "an unknown obligation": pack("us.forbids", annotated("f", FORBID, obligations="pray:99.30(a)")),
    "a name that says no kind": pack("us.rules", annotated("f", FORBID)),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_fails_the_load(breach: str) -> None:
    with pytest.raises(PolicySetBroken):
        lint([BREACHES[breach]], TAXONOMY)


def test_an_id_stands_for_one_policy_in_all_packs() -> None:
    with pytest.raises(PolicySetBroken):
        lint([pack("us.permits.consent", annotated("same", PERMIT)), pack("us.forbids", annotated("same", FORBID))], TAXONOMY)


def test_a_policy_stands_under_its_own_id() -> None:
    (policy,) = est_of(annotated("one", FORBID)).values()
    with pytest.raises(PolicySetBroken):
        lint([Pack("us.forbids", "0" * 64, {"other": policy})], TAXONOMY)


def test_an_obligation_whose_fact_is_there_is_in_order() -> None:
    text = PERMIT.replace(" };", " && context has agreement };")
    conditions = "recipient-unknown: 34 CFR 99.31(c); agreement-missing: 34 CFR 99.31(a)(1)"
    packs = [pack("us.permits.consent", annotated("p", text, obligations="destroy-by:agreement.ends_at", conditions=conditions))]
    assert set(lint(packs, TAXONOMY)) == {"p"}
