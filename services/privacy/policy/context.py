"""The facts of a PolicyInput as the compiled rules read them: Cedar's context, one to a group of students."""

from collections.abc import Iterable, Iterator, Mapping

from pydantic import BaseModel

from services.privacy.policy.entities import Entity, Record, entity
from services.privacy.policy.policy_input import ConsentFacts, PolicyInput, StudentGroup
from services.privacy.policy.taxonomy import Taxonomy

ELEMENTS = frozenset({"elements", "designated", "opted_out", "refused"})
"""Members that are sets of data elements."""


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
    if policy_input.transfer is not None:
        shared["transfer"] = _record(policy_input.transfer)
    if policy_input.asker is not None:
        shared["asker"] = _record(policy_input.asker)
        yield shared
        return
    shared["record_class"] = policy_input.record_class or "education-record"
    if policy_input.agreement is not None:
        shared["agreement"] = _with_sets(policy_input.agreement, taxonomy)
    for group in policy_input.groups:
        yield _of_group(shared, group, taxonomy)


def in_place_of_the_consent(context: Record, others: Iterable[ConsentFacts] | None, taxonomy: Taxonomy) -> list[Record]:
    """The contexts of a group: as it is, and with each other consent in the place of the first."""
    return [context, *(Record(context, consent=_with_sets(consent, taxonomy)) for consent in others or ())]


def _of_group(shared: Record, group: StudentGroup, taxonomy: Taxonomy) -> Record | None:
    jurisdiction = taxonomy.jurisdictions.get(group.student.jurisdiction)
    if jurisdiction is None:
        return None
    context = Record(shared)
    context["student"] = _record(group.student)
    context["student"]["jurisdiction"] = jurisdiction
    context["custody"] = _record(group.custody)
    if group.consent is not None:
        context["consent"] = _with_sets(group.consent, taxonomy)
    if group.grounds is not None:
        for name, facts in group.grounds.__dict__.items():
            if facts is not None:
                context[name] = _with_sets(facts, taxonomy)
    return context


def _with_sets(facts: BaseModel, taxonomy: Taxonomy) -> Record:
    """The members that are there; what is a list in JSON is a set, of elements, of purposes or of words."""
    record = _record(facts)
    for name, value in record.items():
        if isinstance(value, tuple):
            if name in ELEMENTS:
                record[name] = _entities("DataElement", value, taxonomy.elements)
            else:
                record[name] = _entities("Purpose", value, taxonomy.purposes) if name == "purposes" else frozenset(value)
    return record


def _record(facts: BaseModel, without: tuple[str, ...] = ()) -> Record:
    """The members that are there."""
    return Record({name: value for name, value in facts.__dict__.items() if value is not None and name not in without})


def _entities(kind: str, identifiers: Iterable[str], known: Mapping[str, Entity]) -> frozenset[Entity]:
    """A set of entities; an identifier that the taxonomy does not have is one that no rule asks for."""
    return frozenset([known.get(identifier) or entity(kind, identifier) for identifier in identifiers])
