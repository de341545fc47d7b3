"""The facts of a PolicyInput as the compiled rules read them: Cedar's context, one to a group of students."""

from collections.abc import Callable, Iterator
from typing import Any

from pydantic import BaseModel

from services.privacy.policy.entities import Record, entity
from services.privacy.policy.policy_input import PolicyInput, StudentGroup
from services.privacy.policy.taxonomy import Taxonomy

_SETS: dict[str, str | None] = {"elements": "DataElement", "purposes": "Purpose", "clauses": None}
"""Members that are sets, and the type of their entities."""


def contexts(policy_input: PolicyInput, taxonomy: Taxonomy) -> Iterator[Record | None]:
    """A context for each group, in their order; one without student for the action `request`.

    None where the student's jurisdiction is not in the taxonomy. Purpose, basis and action were found to be known before.
    """
    shared = Record(
        now=policy_input.now,
        basis=policy_input.basis,
        purpose=taxonomy.purposes[policy_input.purpose],
        recipient=_record(policy_input.recipient, without=("id", "kind")),
    )
    for name in ("agreement", "transfer", "asker"):
        facts = getattr(policy_input, name)
        if facts is not None:
            shared[name] = _record(facts)
    if policy_input.asker is not None:
        shared.pop("agreement", None)
        yield shared
        return
    for group in policy_input.groups:
        yield _of_group(shared, group, taxonomy)


def _of_group(shared: Record, group: StudentGroup, taxonomy: Taxonomy) -> Record | None:
    jurisdiction = taxonomy.jurisdictions.get(group.student.jurisdiction)
    if jurisdiction is None:
        return None
    context = Record(shared)
    context["student"] = _record(group.student)
    context["student"]["jurisdiction"] = jurisdiction
    context["custody"] = _record(group.custody)
    if group.consent is not None:
        context["consent"] = _record(group.consent)
    return context


def _record(facts: BaseModel, without: tuple[str, ...] = ()) -> Record:
    """The members that are there; lists have become sets of what they hold."""
    record = Record((name, value) for name, value in facts.__dict__.items() if value is not None and name not in without)
    for name, kind in _SETS.items():
        if name in record:
            record[name] = frozenset(record[name] if kind is None else map(_maker(kind), record[name]))
    return record


def _maker(kind: str) -> Callable[[str], Any]:
    return lambda identifier: entity(kind, identifier)
