"""A guardian keeps the id by which consents and rights name the person, from one load to the next. Pure."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID, uuid4

from safepassage.record import StudentRecord
from safepassage.record.contacts import Address, Guardian
from services.records.normalisation import folded, words


def with_person_ids(record: StudentRecord, before: StudentRecord | None) -> StudentRecord:
    """`record` with an id of this node for each guardian: the one that the same person had before, or a new random one.

    The same person has the same relation and name. An id that came with the record is kept only if it was here before: ids are the node's.
    """
    if record.contacts is None or record.contacts.guardians is None:
        return record
    held = list((before.contacts.guardians or ()) if before is not None and before.contacts is not None else ())
    guardians = tuple(guardian.model_copy(update={"person_id": _person_id(guardian, held)}) for guardian in record.contacts.guardians)
    return record.model_copy(update={"contacts": record.contacts.model_copy(update={"guardians": guardians})})


REACHED: Final = (
    "addresses", "telephones", "emails", "language", "priority", "lives_with_student", "contact_restriction",
)  # fmt: skip
"""What a roster may say of a person anew."""


def reached_anew(held: Sequence[Guardian], said: Sequence[Guardian]) -> tuple[Guardian, ...]:
    """The guardians of a record after a roster that cannot say whose rights have ended: where each is reached now, and new contacts.

    # INVARIANT: nobody gets a right by it, and nobody loses one: rights and court documents are those of `held`, and whoever is new is here
    only as one to reach. Of two of the same name and relation nobody can tell which is meant, and both stay as they are.
    """
    forms = Counter(map(_form, held)), Counter(map(_form, said))
    once = {_form(one): one for one in said if forms[0][_form(one)] <= 1 and forms[1][_form(one)] == 1}
    there = tuple(one.model_copy(update=_reached(once[_form(one)], one)) if _form(one) in once else one for one in held)
    new = (one for form, one in once.items() if not forms[0][form] and one.rights is None)
    return (*there, *new)


def _reached(said: Guardian, held: Guardian) -> dict[str, Any]:
    """INVARIANT: an address that is protected here stays so, though a roster names it without a word of that."""
    told = {name: value for name in REACHED if (value := getattr(said, name)) is not None}
    if said.addresses:
        told["addresses"] = still_protected(held.addresses or (), said.addresses)
    return told


def still_protected(held: Sequence[Address], said: Sequence[Address]) -> tuple[Address, ...]:
    """What a roster says of somebody's addresses.

    # INVARIANT: one that is protected here stays so, though it is named without a word of that or with a no. So is a new place of who has
    such a one, unless the roster says no: what protects the family goes with it when it moves.
    """
    hidden, known = [one for one in held if one.protected], {_place(one) for one in held if not one.protected}
    if not hidden:
        return tuple(said)
    return tuple(
        one.model_copy(update={"protected": True})
        if any(_may_be_one(one, other) for other in hidden) or ("protected" not in one.model_fields_set and _place(one) not in known)
        else one
        for one in said
    )


def _place(one: Address) -> tuple[str, ...]:
    return tuple(folded(part or "") for part in (one.street, one.unit, one.city, one.state, one.postal_code, one.country))


def _may_be_one(one: Address, other: Address) -> bool:
    """Whether two addresses may be one place, written in two ways: of one postal code or city, and not of two numbers.

    Ln is Lane, and 00501-1234 is in 00501. A neighbour of the same number is held back too, which harms less than the other error.
    """
    codes, cities = ((folded(it.postal_code or "")[:5] for it in (one, other)), (folded(it.city or "") for it in (one, other)))
    numbers = {number for it in (one, other) if (number := _number(it.street)) is not None}
    return (_equal(*codes) or _equal(*cities)) and len(numbers) < 2


def _equal(one: str, other: str) -> bool:
    return bool(one) and one == other


def _number(street: str | None) -> str | None:
    """The first word of a street with a digit in it, or the first; None where there is no street."""
    told = words(street or "")
    return next((word for word in told if any(map(str.isdigit, word))), told[0] if told else None)


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
