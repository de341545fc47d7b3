"""The facts of a PolicyInput as the compiled rules read them: Cedar's context, one to a group of students."""

from collections.abc import Iterable, Iterator
from functools import cache
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

from services.privacy.policy.entities import Record
from services.privacy.policy.policy_input import OF_EDUCATORS, ConsentFacts, PolicyInput, StudentGroup
from services.privacy.policy.taxonomy import Taxonomy

ELEMENTS = frozenset({"elements", "designated", "opted_out", "refused"})
"""Members that are sets of data elements."""


def contexts(policy_input: PolicyInput, taxonomy: Taxonomy) -> Iterator[Record | None]:
    """A context for each group, in their order; one without student for the actions that ask, and for an educator.

    None where the student's jurisdiction is not in the taxonomy. Purpose, basis and action were found to be known before.
    """
    recipient = _record(policy_input.recipient)
    del recipient["id"], recipient["kind"]  # the principal's
    shared = Record(now=policy_input.now, basis=policy_input.basis, purpose=taxonomy.purposes[policy_input.purpose], recipient=recipient)
    if policy_input.transfer is not None:
        shared["transfer"] = _record(policy_input.transfer)
    if policy_input.licensure is not None:
        shared["licensure"] = _record(policy_input.licensure)
    if policy_input.asker is not None:
        shared["asker"] = _record(policy_input.asker)
        yield shared
        return
    if policy_input.action == OF_EDUCATORS:
        if policy_input.application is not None:
            shared["application"] = _with_sets(policy_input.application, taxonomy)
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
    for name in _form_of(type(facts)).lists:
        value = record.get(name)
        if isinstance(value, tuple):
            if name in ELEMENTS:
                record[name] = taxonomy.set_of("DataElement", value)
            else:
                record[name] = taxonomy.set_of("Purpose", value) if name == "purposes" else frozenset(value)
    return record


def _record(facts: BaseModel) -> Record:
    """The members that are there."""
    record = Record(facts.__dict__)
    for name in _form_of(type(facts)).optional:
        if record[name] is None:
            del record[name]
    return record


class _Form(NamedTuple):
    """Of a kind of facts, the names of those members that may be absent, and of those that may be lists."""

    optional: tuple[str, ...]
    lists: tuple[str, ...]


@cache
def _form_of(kind: type[BaseModel]) -> _Form:
    fields = {name: set(_types_in(field.annotation)) for name, field in kind.model_fields.items()}
    return _Form(
        tuple(name for name, types in fields.items() if type(None) in types),
        tuple(name for name, types in fields.items() if tuple in types),
    )


def _types_in(annotation: Any) -> Iterator[Any]:
    """The types of which a member is one."""
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        for one in get_args(annotation):
            yield from _types_in(one)
    elif origin is Annotated:
        yield from _types_in(get_args(annotation)[0])
    else:
        yield origin or annotation
