"""The reference: the same facts put to Cedar itself (cedarpy), for tests to compare with."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import cedarpy

from services.privacy.policy.context import contexts
from services.privacy.policy.entities import Entity, Record, entity
from services.privacy.policy.policy_input import PolicyInput
from services.privacy.policy.rule_pack import SCHEMA, TEXTS
from services.privacy.policy.taxonomy import RECIPIENTS, TAXONOMY
from services.privacy.policy.time_values import instant_of

SCHEMA_TEXT = SCHEMA.read_text()
CEDAR_SCHEMA = cedarpy.Schema.from_str(SCHEMA_TEXT)


def reference(uid: Entity) -> dict[str, str]:
    """Cedar's `{"type", "id"}`."""
    return {"type": uid.kind, "id": uid[len(uid.kind) + 3 : -1]}


ENTITIES = cedarpy.Entities.from_json_str(
    json.dumps(
        [
            {"uid": reference(uid), "attrs": {}, "parents": [reference(parent) for parent in parents]}
            for uid, parents in TAXONOMY.parents.items()
        ]
    ),
    CEDAR_SCHEMA,
)


def text_of(*kinds: str) -> str:
    """The texts of the packs of these kinds, in one."""
    return "\n".join(path.read_text() for path in sorted(TEXTS.glob("*.cedar")) if path.stem.split(".")[1] in kinds)


def cedar_value(value: Any, name: str = "") -> Any:
    """A native value as Cedar's JSON."""
    if isinstance(value, Entity):
        return {"__entity": reference(value)}
    if isinstance(value, Record):
        return {member: cedar_value(part, member) for member, part in value.items()}
    if isinstance(value, frozenset):
        return [cedar_value(part) for part in value]
    if name == "now" or name.endswith(("_at", "_until")):
        return {"__extn": {"fn": "datetime", "arg": instant_of(value).isoformat(timespec="milliseconds").replace("+00:00", "Z")}}
    return value


def cedar_request(policy_input: PolicyInput, element: str, group: int = 0) -> dict[str, Any]:
    """The request of one element for one group of students."""
    context = list(contexts(policy_input, TAXONOMY))[group]
    recipient = policy_input.recipient
    return {
        "principal": reference(entity(RECIPIENTS[recipient.kind], recipient.id)),
        "action": reference(entity("Action", policy_input.action)),
        "resource": reference(TAXONOMY.elements[element]),
        "context": cedar_value(context),
    }


class Reference:
    """A set of policies in Cedar's own engine."""

    def __init__(self, text: str) -> None:
        self._policies = cedarpy.PolicySet.from_str(text)

    def asked(self, requests: Iterable[Mapping[str, Any]]) -> list[tuple[bool, frozenset[str]]]:
        """Of each request: allowed, and the ids of the policies that determined it. One that does not fit the schema fails the test."""
        answers = cedarpy.is_authorized_batch([dict(request) for request in requests], self._policies, ENTITIES, CEDAR_SCHEMA)
        found = []
        for answer in answers:
            assert answer.decision is not cedarpy.Decision.NoDecision, answer.diagnostics.errors
            ids = frozenset(answer.diagnostics.id_annotations_by_reason.values())
            found.append((answer.decision is cedarpy.Decision.Allow and not answer.diagnostics.errors, ids))
        return found
