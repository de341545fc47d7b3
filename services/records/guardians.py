"""A guardian keeps the id by which consents and rights name the person, from one load to the next. Pure."""

from uuid import UUID, uuid4

from safepassage.record import StudentRecord
from safepassage.record.contacts import Guardian
from services.records.normalisation import folded


def with_person_ids(record: StudentRecord, before: StudentRecord | None) -> StudentRecord:
    """`record` with an id of this node for each guardian: the one that the same person had before, or a new random one.

    The same person has the same relation and name. An id that came with the record is kept only if it was here before: ids are the node's.
    """
    if record.contacts is None or record.contacts.guardians is None:
        return record
    held = list((before.contacts.guardians or ()) if before is not None and before.contacts is not None else ())
    guardians = tuple(guardian.model_copy(update={"person_id": _person_id(guardian, held)}) for guardian in record.contacts.guardians)
    return record.model_copy(update={"contacts": record.contacts.model_copy(update={"guardians": guardians})})


def _person_id(guardian: Guardian, held: list[Guardian]) -> UUID:
    """Takes the person found out of `held`, so that no two guardians get one id."""
    for known in held:
        if known.person_id is not None and (known.person_id == guardian.person_id or same_person(known, guardian)):
            held.remove(known)
            return known.person_id
    return uuid4()


def same_person(one: Guardian, other: Guardian) -> bool:
    """Whether two sayings are of one person: the same relation and name."""
    return _form(one) == _form(other)


def _form(guardian: Guardian) -> tuple[str, str, str, str]:
    name = guardian.name
    return guardian.relation.code.casefold(), folded(name.first or ""), folded(name.last_1), folded(name.last_2 or "")
