"""What is said of a child in a request and in a record, and whether two of them agree: by the forms that matching compares. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, get_args

from safepassage.record import StudentRecord
from safepassage.record.codes import OrganisationReference
from safepassage.record.match_cases import MatchCell, MatchField, MatchRow
from safepassage.wire_exchange import PersonSelector
from services.records.normalisation import folded, given_name, identifier_form, suffix_form, surname_forms

FIELDS: Final[tuple[MatchField, ...]] = get_args(MatchField)
ELEMENTS: Final = (
    "identity.name",
    "identity.other_names",
    "identity.birth_date",
    "identity.multiple_birth",
    "identity.sex",
    "identity.identifiers",
    "enrollment.enrollments",
    "contacts.guardians",
)
"""Of a candidate's record, of which a side shows something."""


class Said(NamedTuple):
    """Of one field: as written, and the forms under which it is compared; no forms where it is not compared."""

    values: tuple[str, ...] = ()
    forms: frozenset[str] = frozenset()


Side = Mapping[MatchField, Said]


def side_of_request(person: PersonSelector) -> Side:
    """What a request says."""
    school, district = person.former_school_nces_id, person.former_district_nces_id
    return {
        "given-name": _named(person.first_name),
        "middle-name": _named(person.middle_name),
        "surname": _surnames(person.last_name),
        "birth-date": _exactly(person.birth_date.isoformat()),
        "state-id": _identified([person.state_student_id]),
        "school": _exactly(school),
        "district": _exactly(district or (school[:7] if school else None)),
        "guardian-surname": _surnames(person.guardian_last_name),
    }


def side_of_record(record: StudentRecord) -> Side:
    """What a record says. A name that a court has sealed is not in it, and of guardians the surname alone."""
    identity, contacts, enrollment = record.identity, record.contacts, record.enrollment
    name = identity.name if identity else None
    others = [one for one in (identity.other_names or () if identity else ()) if not one.sealed]
    birth, sex = (identity.birth_date, identity.sex) if identity else (None, None)
    multiple = identity.multiple_birth if identity else None
    enrolled = (enrollment.enrollments or ()) if enrollment else ()
    schools = [one.school for one in enrolled]
    districts = [one.district for one in enrolled if one.district is not None]
    guardians = (contacts.guardians or ()) if contacts else ()
    given = _named(name.first if name else None)
    return {
        "given-name": Said(given.values, given.forms.union(*(_named(one.first).forms for one in others))),
        "middle-name": _named(name.middle if name else None),
        "surname": _both(_surnames(name.last_1, name.last_2) if name else Said(), [_surnames(one.last) for one in others]),
        "suffix": _suffix(name.suffix if name else None),
        "other-names": Said(tuple(" ".join(filter(None, (one.first, one.middle, one.last))) for one in others)),
        "birth-date": _exactly(birth.birth_date.isoformat() if birth else None),
        "multiple-birth": Said(("yes",)) if multiple is not None and multiple.indicator else Said(),
        "sex": _exactly((sex.description or sex.code) if sex else None),
        "state-id": _identified([one.value for one in (identity.identifiers or () if identity else ()) if one.kind == "state"]),
        "school": _organisations(schools, 12),
        "district": _both(_organisations(districts, 7), [Said((), frozenset(one.nces_id[:7] for one in schools if one.nces_id))]),
        "guardian-surname": _gathered(_surnames(one.name.last_1, one.name.last_2) for one in guardians),
    }


def rows_of(sought: Side | None, candidates: Sequence[Side]) -> tuple[MatchRow, ...]:
    """Side by side: each candidate is held against the child asked for; where nobody is asked for, each against the first."""
    rows = []
    for field in FIELDS:
        said = [one.get(field, Said()) for one in candidates]
        against = said[0] if sought is None and said else (sought or {}).get(field, Said())
        cells = tuple(MatchCell(values=one.values, compared=_compared(against, one)) for one in said)
        rows.append(MatchRow(field=field, sought=() if sought is None else against.values, candidates=cells))
    return tuple(row for row in rows if row.sought or any(cell.values for cell in row.candidates))


def _compared(one: Said, other: Said) -> str:
    if not one.forms or not other.forms:
        return "unknown"
    return "differs" if one.forms.isdisjoint(other.forms) else "same"


def _named(name: str | None) -> Said:
    form = given_name(name)
    return Said() if name is None else Said((name,), frozenset() if form is None else frozenset({form}))


def _surnames(*names: str | None) -> Said:
    said = [name for name in names if name]
    return Said((" ".join(said),), frozenset(surname_forms(*said))) if said else Said()


def _suffix(suffix: str | None) -> Said:
    form = suffix_form(suffix)
    return Said() if suffix is None else Said((suffix,), frozenset() if form is None else frozenset({form}))


def _exactly(value: str | None) -> Said:
    return Said() if value is None else Said((value,), frozenset({folded(value)}))


def _identified(values: Iterable[str | None]) -> Said:
    said = tuple(value for value in values if value)
    return Said(said, frozenset(form for value in said if (form := identifier_form(value)) is not None))


def _organisations(named: Sequence[OrganisationReference], digits: int) -> Said:
    shown = (" ".join(filter(None, (one.name, one.nces_id or one.state_id or one.local_id))) for one in named)
    return Said(tuple(dict.fromkeys(shown)), frozenset(one.nces_id[:digits] for one in named if one.nces_id and len(one.nces_id) >= digits))


def _both(first: Said, others: Iterable[Said]) -> Said:
    return Said(first.values, first.forms.union(*(one.forms for one in others)))


def _gathered(said: Iterable[Said]) -> Said:
    whole = list(said)
    values = dict.fromkeys(value for one in whole for value in one.values)
    return Said(tuple(values), frozenset().union(*(one.forms for one in whole)))
