"""The recorded input: canonical as it is written, closed when it is read."""

import json
import random
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from safepassage.canonical import canonical_json, digest_of
from services.privacy.policy import PolicyInput, PolicySet, reproduce
from services.privacy.policy import policy_input as module
from tests.privacy.policy.every_situation import SITUATIONS
from tests.privacy.policy.perturbations import perturbed
from tests.privacy.policy.situations import changed, policy_input
from tests.privacy.policy.test_differential_requests import KNOWN_ROWS

MODELS = [it for it in vars(module).values() if isinstance(it, type) and issubclass(it, BaseModel) and it.__module__ == module.__name__]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: str(model.__name__))
def test_members_stand_in_alphabetical_order_and_are_ascii(model: type[BaseModel]) -> None:
    names = list(model.model_fields)
    assert names == sorted(names)
    assert all(name.isascii() for name in names)


def test_what_pydantic_writes_is_the_canonical_form() -> None:
    for one, _ in perturbed(KNOWN_ROWS, 300, random.Random(7)):
        assert one.canonical() == canonical_json(json.loads(one.canonical()))
        assert one.digest == digest_of(one.canonical())
        assert PolicyInput.model_validate_json(one.canonical(), strict=True) == one


def test_strange_text_is_canonical_too() -> None:
    strange = 'a"b\\c\u0001\u007f\u2028\u00e9\U0001f600\n\t'
    one = policy_input(SITUATIONS["consent"], {"elements": [strange, "z"], "basis": strange})
    assert one.canonical() == canonical_json(json.loads(one.canonical()))


@pytest.mark.parametrize(
    "changes",
    [
        {"surprise": 1},
        {"student.birth_date": "2010-01-01"},
        {"now": 1.5},
        {"now": "1790000000000"},
        {"now": True},
        {"now": 2**53},
        {"v": 2},
        {"elements": []},
        {"recipient.known": 1},
        {"consent.granted_at": None},
        {"subjects": []},
        {"subjects": [["s", 1, 1]]},
        {"subjects": [["s", 1, -1]]},
        {"asker": {"names_consent": True, "receives": True}},
        {"action": "request"},
    ],
    ids=str,
)
def test_an_input_of_another_form_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PolicyInput.model_validate_json(json.dumps(changed(SITUATIONS["consent"], changes)), strict=True)


def test_a_request_has_an_asker_and_no_student() -> None:
    with pytest.raises(ValidationError):
        policy_input(SITUATIONS["request"], {"subjects": [["s", 1, None]]})


@pytest.mark.parametrize("fault", ["spaces", "order", "absent member written out", "not JSON", "another form"])
def test_bytes_that_are_not_a_canonical_input_are_not_reproduced(policy_set: PolicySet, fault: str) -> None:
    recorded = policy_input(SITUATIONS["consent"]).canonical()
    altered = {
        "spaces": recorded.replace(b",", b", ", 1),
        "order": json.dumps(dict(reversed(json.loads(recorded).items())), separators=(",", ":")).encode(),
        "absent member written out": recorded.replace(b'{"action"', b'{"asker":null,"action"'),
        "not JSON": recorded[:-1],
        "another form": b"{}",
    }[fault]
    with pytest.raises(ValueError):  # noqa: PT011 any of its kinds
        reproduce(altered, policy_set)


def test_an_input_holds_nothing_that_names_a_person() -> None:
    """The closed list of members; a new one is a decision about what privacy knows."""
    members = {name for model in MODELS for name in model.model_fields}
    assert members.isdisjoint({"name", "birth_date", "person_id", "grade", "address", "ssn", "document", "guardian"})
