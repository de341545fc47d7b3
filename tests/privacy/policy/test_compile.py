"""The compiler: precedence by construction, Cedar's errors, and no construct that it does not know."""

from typing import Any

import pytest

from services.privacy.policy import PolicySetBroken
from services.privacy.policy.compile import compile_policies, conditions_of
from services.privacy.policy.entities import Record, entity
from services.privacy.policy.expressions import Est
from services.privacy.policy.reading import ResourceUse, claimed_basis, depends_on_student
from services.privacy.policy.taxonomy import TAXONOMY
from tests.privacy.policy.rule_texts import annotated, est_of

VENDOR = entity("Vendor", "acme")
DISCLOSE = entity("Action", "disclose")
TRANSCRIPT = TAXONOMY.elements["academics.transcript"]
CONTEXT = Record(
    basis="consent",
    now=1_000,
    yes=True,
    no=False,
    word="parent",
    purpose=TAXONOMY.purposes["transfer"],
    inner=Record(sure=True),
    elements=frozenset({TRANSCRIPT}),
    words=frozenset({"a", "b"}),
)


def _permit(condition: str) -> dict[str, Est]:
    return dict(est_of(annotated("p", f"permit (principal, action, resource) when {{ {condition} }};")))


def _holds(condition: str, **changes: Any) -> bool:
    compiled = compile_policies(_permit(condition), TAXONOMY.ancestors)
    permits, _ = compiled.matching(VENDOR, DISCLOSE, TRANSCRIPT, TAXONOMY.ancestors[TRANSCRIPT], Record(CONTEXT, **changes))
    return permits == ["p"]


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("(context.yes && context.no) == context.no", True),
        ("(context.no && context.yes) == context.no", True),
        ("context.no == (context.no && context.yes)", True),
        ("(context.no || context.yes) == context.yes", True),
        ("(context.yes == context.no) == context.no", True),
        ("(1 == 1) == (2 == 2)", True),
        ("(1 < 2) == context.yes", True),
        ("!(context.yes && context.no)", True),
        ("!context.yes || context.yes", True),
        ("!(context.yes || context.no)", False),
        ("!context.no == context.yes", True),
        ("(if context.no then context.no else context.yes) == context.yes", True),
        ("1 + 2 * 3 == 7", True),
        ("(1 + 2) * 3 == 9", True),
        ("7 - 2 - 1 == 4", True),
        ("7 - (2 - 1) == 6", True),
        ("-3 + 1 == -2", True),
        ("(context.yes && context.no) != context.yes && context.yes", True),
        ("context has inner && context.inner has sure && context.inner.sure", True),
        ("context.inner has unsure", False),
        ("principal has sure", False),
        ("context.purpose has transfer", False),
        ('context.word like "p*t"', True),
        ('context.word like "p.rent"', False),
        ('"a*b" like "a\\*b" && !("axb" like "a\\*b")', True),
        ('"a\nb" like "a*b"', True),
        ("context.words.containsAll([context.word, context.word]) == context.no", True),
        ('context.words.contains("a") && !context.words.isEmpty()', True),
        ('context.words.containsAny(["z", "b"]) && !context.words.containsAny(["z"])', True),
        ("context.elements.contains(resource)", True),
        ('context.purpose in SafePassage::Purpose::"enrollment"', True),
        ('context.purpose in [SafePassage::Purpose::"study", SafePassage::Purpose::"education"]', True),
        ('SafePassage::Purpose::"education" in context.purpose', False),
        ("principal is SafePassage::Vendor && !(principal is SafePassage::School)", True),
        ('resource is SafePassage::DataElement in SafePassage::Category::"academic"', True),
        ('principal in SafePassage::Vendor::"acme" && principal == SafePassage::Vendor::"acme"', True),
        ('principal == SafePassage::School::"acme"', False),
        ('{a: 1, b: context.word}.b == "parent" && {a: 1} == {a: 1}', True),
        ("[{a: 1}, {a: 2}].contains({a: 2})", True),
        ('datetime("1970-01-01T00:00:01Z") == datetime("1970-01-01").offset(duration("1s"))', True),
        ('datetime("1970-01-02").durationSince(datetime("1970-01-01")).toHours() == 24', True),
        ('duration("-25h").toDays() == -1 && duration("25h").toDays() == 1', True),
        ('datetime("1969-12-31T12:00:00Z").toDate() == datetime("1969-12-31")', True),
        ('datetime("1969-12-31T12:00:00Z").toTime() == duration("12h")', True),
    ],
)
def test_a_condition_means_what_it_means_in_cedar(condition: str, holds: bool) -> None:
    assert _holds(condition) is holds


@pytest.mark.parametrize(
    "condition",
    [
        "9223372036854775807 + 1 > 0",
        "-9223372036854775808 - 1 < 0",
        "9223372036854775807 * 2 > 0",
        "-(-9223372036854775807 - 1) > 0",
        'datetime("1970-01-02").offset(duration("106751991167d")) > datetime("1970-01-01")',
    ],
)
def test_what_overflows_errs(condition: str) -> None:
    with pytest.raises(OverflowError):
        _holds(condition)


@pytest.mark.parametrize("condition", ["context.no && 9223372036854775807 + 1 > 0", "context.yes || 9223372036854775807 + 1 > 0"])
def test_what_is_not_asked_does_not_err(condition: str) -> None:
    assert _holds(condition) is ("||" in condition)


def test_arithmetic_is_not_asked_where_the_scope_is_not_met() -> None:
    text = 'forbid (principal, action, resource in SafePassage::Category::"ssn") when { 9223372036854775807 + 1 > 0 };'
    compiled = compile_policies(est_of(annotated("f", text)), TAXONOMY.ancestors)
    ssn = TAXONOMY.elements["identity.ssn"]
    assert compiled.matching(VENDOR, DISCLOSE, TRANSCRIPT, TAXONOMY.ancestors[TRANSCRIPT], CONTEXT) == ([], [])
    with pytest.raises(OverflowError):
        compiled.matching(VENDOR, DISCLOSE, ssn, TAXONOMY.ancestors[ssn], CONTEXT)


@pytest.mark.parametrize(
    "condition",
    [
        'decimal("1.0").lessThan(decimal("2.0"))',
        'ip("10.0.0.1").isLoopback()',
        'principal.hasTag("x")',
        "datetime(context.word) == datetime(context.word)",
        'datetime("yesterday") == datetime("today")',
        'datetime("2026-02-30") == datetime("2026-02-30")',
        'duration("1w") == duration("1w")',
    ],
)
def test_a_construct_that_is_not_known_fails_the_load(condition: str) -> None:
    with pytest.raises(PolicySetBroken):
        compile_policies(_permit(condition), TAXONOMY.ancestors)


@pytest.mark.parametrize(
    "body",
    [
        {"frobnicate": {"left": {"Var": "context"}}},
        {"Var": "world"},
        {"Value": 1.5},
        {"Value": None},
        {"Value": {"__extn": {"fn": "decimal", "arg": "1.0"}}},
        {"Slot": "?principal"},
        {"==": {"left": {"Value": 1}, "right": {"Value": 1}}, "!=": {"left": {"Value": 1}, "right": {"Value": 1}}},
        {},
    ],
)
def test_an_est_of_another_form_fails_the_load(body: Est) -> None:
    (policy,) = _permit("context.yes").values()
    broken = {**policy, "conditions": [{"kind": "when", "body": body}]}
    with pytest.raises(PolicySetBroken):
        compile_policies({"p": broken}, TAXONOMY.ancestors)


def test_a_slot_of_a_template_fails_the_load() -> None:
    (policy,) = _permit("context.yes").values()
    with pytest.raises(PolicySetBroken):
        compile_policies({"p": {**policy, "principal": {"op": "slot", "slot": "?principal"}}}, TAXONOMY.ancestors)


def test_a_policy_of_another_basis_is_not_asked() -> None:
    """Its condition would err; a request on another basis does not get there, as in Cedar."""
    compiled = compile_policies(_permit('context.basis == "transfer" && 9223372036854775807 + 1 > 0'), TAXONOMY.ancestors)
    assert compiled.matching(VENDOR, DISCLOSE, TRANSCRIPT, frozenset(), CONTEXT) == ([], [])
    with pytest.raises(OverflowError):
        compiled.matching(VENDOR, DISCLOSE, TRANSCRIPT, frozenset(), Record(CONTEXT, basis="transfer"))


@pytest.mark.parametrize(
    ("condition", "basis"),
    [
        ('context.basis == "consent" && context.yes', "consent"),
        ('context.yes && context.basis == "consent"', None),
        ('context.basis == "consent" || context.yes', None),
        ('!(context.basis == "consent")', None),
        ('context.basis != "consent"', None),
        ('context.word == "consent"', None),
        ("context.basis == context.word", None),
    ],
)
def test_a_basis_is_claimed_by_the_first_conjunct_alone(condition: str, basis: str | None) -> None:
    assert claimed_basis(_permit(condition)["p"]) == basis


def test_unless_is_one_condition_negated() -> None:
    text = "forbid (principal, action, resource) when { context.yes && context.no } unless { context.no };"
    (policy,) = est_of(annotated("p", text)).values()
    assert len(conditions_of(policy)) == 3
    assert "!" in conditions_of(policy)[2]


def test_what_a_rule_asks_of_the_resource_is_known() -> None:
    named = 'resource == SafePassage::DataElement::"identity.ssn"'
    use = ResourceUse.of(_permit(f"context.a.elements.contains(resource) && {named}"))
    assert use.opaque
    use = ResourceUse.of(_permit('context.a.elements.contains(resource) && resource in SafePassage::Category::"ssn"'))
    assert use.paths == frozenset({("a", "elements")})
    assert not use.opaque
    assert entity("Category", "ssn") in use.named
    assert ResourceUse.of(_permit("[resource].isEmpty()")).opaque
    assert ResourceUse.of(_permit("resource in context.a.elements")).opaque


@pytest.mark.parametrize(
    ("condition", "depends"),
    [
        ("context.student.eligible", True),
        ("context has consent", True),
        ("!context.yes && (context.no || context.custody.originated_here)", True),
        ("context == context", True),
        ("context.recipient.known && context.agreement.signed", False),
        ('resource in SafePassage::Category::"ssn"', False),
    ],
)
def test_whether_a_fact_of_the_student_has_a_part_is_known(condition: str, depends: bool) -> None:
    assert depends_on_student(_permit(condition)["p"]["conditions"]) is depends
