"""The facts of a PolicyInput as the compiled rules read them: Cedar's context, one to a group of students."""

from collections.abc import Iterable, Iterator, Mapping

from pydantic import BaseModel

from services.privacy.policy.entities import Entity, Record, entity
from services.privacy.policy.policy_input import AgreementFacts, ConsentFacts, PolicyInput, StudentGroup
from services.privacy.policy.taxonomy import Taxonomy


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
    if policy_input.agreement is not None:
        shared["agreement"] = _with_scope(policy_input.agreement, taxonomy)
        shared["agreement"]["clauses"] = frozenset(policy_input.agreement.clauses)
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
        context["consent"] = _with_scope(group.consent, taxonomy)
    return context


def _with_scope(facts: AgreementFacts | ConsentFacts, taxonomy: Taxonomy) -> Record:
    record = _record(facts)
    record["elements"] = _entities("DataElement", facts.elements, taxonomy.elements)
    record["purposes"] = _entities("Purpose", facts.purposes, taxonomy.purposes)
    return record


def _record(facts: BaseModel, without: tuple[str, ...] = ()) -> Record:
    """The members that are there."""
    return Record({name: value for name, value in facts.__dict__.items() if value is not None and name not in without})


def _entities(kind: str, identifiers: Iterable[str], known: Mapping[str, Entity]) -> frozenset[Entity]:
    """A set of entities; an identifier that the taxonomy does not have is one that no rule asks for."""
    return frozenset([known.get(identifier) or entity(kind, identifier) for identifier in identifiers])
