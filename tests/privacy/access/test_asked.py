"""From what is sent to what is decided on: whatever is sent, either it is understood as it stands or it is refused."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from safepassage.wire_access import AccessEvaluation, AccessEvaluations, AccessFault
from services.privacy.access.asked import Asked, asked_of, each_of, student_of
from tests.privacy.policy.perturbations import ELEMENT_IDS

WORDS = st.sampled_from(["consent", "contractor", "financial-aid", "instruction", "nobody-knows-this"])
ACTIONS = st.fixed_dictionaries(
    {"name": st.sampled_from(["disclose", "redisclose"]), "properties": st.fixed_dictionaries({"basis": WORDS, "purpose": WORDS})}
)
SUBJECTS = st.fixed_dictionaries(
    {"type": st.sampled_from(["vendor", "school", "lea", "sea", "agency", "person"]), "id": st.text("abc-#:/.~", min_size=1, max_size=200)}
)
PROPERTIES = st.fixed_dictionaries(
    {"elements": st.lists(st.sampled_from(ELEMENT_IDS), min_size=1, max_size=8)}, optional={"partial": st.booleans()}
)
RESOURCES = st.fixed_dictionaries(
    {
        "type": st.just("student_record"),
        "id": st.one_of(st.uuids().map(str), st.text("0123456789abcdef-", min_size=1)),
        "properties": PROPERTIES,
    }
)
CONTEXTS = st.fixed_dictionaries(
    {},
    optional={
        "consent_id": st.uuids().map(str),
        "agreement_id": st.uuids().map(str),
        "evidence_ids": st.lists(st.uuids().map(str), max_size=3),
        "supported_obligations": st.lists(st.sampled_from(["record", "no-redisclose"]), max_size=3),
    },
)
WHOLE = st.fixed_dictionaries({"subject": SUBJECTS, "action": ACTIONS, "resource": RESOURCES}, optional={"context": CONTEXTS})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
EXAMPLES = settings(max_examples=120, deadline=None, database=None)


def paths(body: Any, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every member of an object, and of the objects in it."""
    if not isinstance(body, dict):
        return []
    return [path for name, inner in body.items() for path in ((*above, name), *paths(inner, (*above, name)))]


def placed(body: Any, path: tuple[str, ...], value: Any) -> Any:
    """The body with a member set."""
    name, *rest = path
    return {**body, name: value if not rest else placed(body.get(name, {}), tuple(rest), value)}


@EXAMPLES
@given(WHOLE)
def test_what_is_whole_is_asked_as_it_stands(body: dict[str, Any]) -> None:
    asked = asked_of(AccessEvaluation.model_validate(body))
    context, properties = body.get("context", {}), body["resource"]["properties"]
    assert (asked.request.recipient.kind, asked.request.recipient.id) == (body["subject"]["type"], body["subject"]["id"])
    assert asked.request.recipient.node is None
    assert (asked.request.action, asked.request.basis) == (body["action"]["name"], body["action"]["properties"]["basis"])
    assert asked.request.purpose == body["action"]["properties"]["purpose"]
    assert set(asked.request.elements) == set(properties["elements"])
    assert len(set(asked.request.elements)) == len(asked.request.elements)
    assert asked.partial == properties.get("partial", False)
    assert asked.supported == frozenset(context.get("supported_obligations", ()))
    said = (asked.request.consent_id, asked.request.agreement_id)
    assert [None if one is None else str(one) for one in said] == [context.get("consent_id"), context.get("agreement_id")]
    assert [str(one) for one in asked.request.evidence_ids] == context.get("evidence_ids", [])
    assert asked.request.subjects == ()
    assert asked.request.transfer is None


@EXAMPLES
@given(WHOLE, st.data())
def test_a_member_that_is_not_known_is_refused_wherever_it_stands(body: dict[str, Any], data: st.DataObject) -> None:
    objects = [(), *(path for path in paths(body) if isinstance(_at(body, path), dict))]
    place = data.draw(st.sampled_from(objects))
    name = data.draw(st.text(min_size=1, max_size=12).filter(lambda text: text not in KNOWN))
    with pytest.raises(ValidationError):
        AccessEvaluation.model_validate(placed(body, (*place, name), data.draw(JSON)))


KNOWN = frozenset(
    {
        "subject", "action", "resource", "context", "type", "id", "name", "properties", "basis", "purpose", "elements", "partial",
        "consent_id", "agreement_id", "evidence_ids", "recipient_proof", "supported_obligations",
    }
)  # fmt: skip


def _at(body: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        body = body[name]
    return body


@EXAMPLES
@given(JSON)
def test_anything_else_is_refused_and_breaks_nothing(body: Any) -> None:
    with pytest.raises(ValidationError):
        AccessEvaluation.model_validate(body)


@EXAMPLES
@given(
    WHOLE,
    st.lists(
        st.fixed_dictionaries({}, optional={"subject": SUBJECTS, "action": ACTIONS, "resource": RESOURCES, "context": CONTEXTS}),
        min_size=1,
        max_size=4,
    ),
)
def test_several_are_what_each_would_be_alone(defaults: dict[str, Any], parts: list[dict[str, Any]]) -> None:
    several = AccessEvaluations.model_validate(defaults | {"evaluations": parts})
    assert list(each_of(several)) == [asked_of(AccessEvaluation.model_validate(defaults | part)) for part in parts]


@EXAMPLES
@given(
    st.lists(st.fixed_dictionaries({}, optional={"subject": SUBJECTS, "action": ACTIONS, "resource": RESOURCES}), min_size=1, max_size=4)
)
def test_without_defaults_what_is_not_whole_is_a_fault_and_nothing_else(parts: list[dict[str, Any]]) -> None:
    several = AccessEvaluations.model_validate({"evaluations": parts})
    for part, found in zip(parts, each_of(several), strict=True):
        assert isinstance(found, Asked if set(part) == {"subject", "action", "resource"} else AccessFault)


@pytest.mark.parametrize("identifier", ["", "x", "4f6d3c1e", "../etc", "4f6d3c1e-8a2b-4c5d-9e0f-11223344556g"])
def test_what_is_no_id_is_nobodys(identifier: str) -> None:
    assert student_of(identifier) is None
