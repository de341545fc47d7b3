"""What of a child is compared when another node may have it: names with the birth date, equal where it may be one child. Pure.

Only equal texts meet, so that each name gives several: with either surname, with the group of names that are used for one another, and by
letters that a slip of the pen leaves as they are. A text without the birth date would be no secret: names are few.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final

from safepassage.finding import TOKENS
from safepassage.record.identity import Identity
from safepassage.wire_exchange import PersonSelector
from services.records.linking.given_names import groups_of
from services.records.lookup_tags import names_of
from services.records.matching import transposed
from services.records.normalisation import given_name, surname_forms

SLIPPERY: Final = frozenset("aeiouyhw")
"""Letters that are written differently where the name is one: vowels, and what is hardly heard."""


def sought_texts(person: PersonSelector) -> tuple[str, ...]:
    """Of the child who is sought, the likeliest first: as said, then with month and day exchanged, then with the names. At most TOKENS.

    None where a name is a placeholder.
    """
    given, surnames = given_name(person.first_name), sorted(surname_forms(person.last_name))
    if given is None:
        return ()
    other = transposed(person.birth_date)
    days = [person.birth_date] if other is None else [person.birth_date, other]
    texts = [text for day in days for text in _texts(day, [given], surnames)]
    texts += [text for day in days for text in _pairs("names", day, surnames, [given])]
    return tuple(dict.fromkeys(texts))[:TOKENS]


def held_texts(identity: Identity | None) -> frozenset[str]:
    """Of a student who is held, by the legal name and every other that is not sealed; the middle name may be used as the first."""
    if identity is None or identity.birth_date is None:
        return frozenset()
    born, found = identity.birth_date.birth_date, set[str]()
    for name in names_of(identity):
        forms = (given_name(name.first), given_name(name.middle))
        given = [form for form in forms if form is not None and len(form) > 1]
        found |= set(_texts(born, given, sorted(surname_forms(name.last_1, name.last_2))))
    return frozenset(found)


def _texts(born: date, given: Sequence[str], surnames: Sequence[str]) -> Iterator[str]:
    """Each given name, its groups, and both names without what slips."""
    groups = sorted({group for name in given for group in groups_of(name)})
    yield from _pairs("names", born, given, surnames)
    yield from _pairs("group", born, groups, surnames)
    yield from _pairs("slips", born, map(without_slips, given), [without_slips(surname) for surname in surnames])


def _pairs(kind: str, born: date, given: Iterable[str], surnames: Sequence[str]) -> Iterator[str]:
    yield from (f"{kind}|{born.isoformat()}|{one}|{surname}" for one in given for surname in surnames)


def without_slips(form: str) -> str:
    """The first letter, and which others of weight there are, each once and in the alphabet's order: mcl of Michael and of Micheal."""
    return form[:1] + "".join(sorted({letter for letter in form[1:] if letter not in SLIPPERY}))
