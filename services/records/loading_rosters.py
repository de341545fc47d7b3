"""A parsed roster → what is stored. A roster replaces what its format says in full, adds what was not there, and leaves the rest. Pure."""

from collections.abc import Collection
from datetime import date
from typing import Any

from safepassage.elements import SECTIONS
from safepassage.record import SECTION_MODELS, Sections
from safepassage.record.loads import LoadedRecord
from services.records.formats.edfi_characteristics import after, says_no_more
from services.records.guardians import reached_anew, still_protected


def over(before: LoadedRecord | None, roster: LoadedRecord, *, carries: Collection[str], updates: Collection[str] = ()) -> LoadedRecord:
    """The record after a roster of a format that `carries` these elements and `updates` those.

    Guardians are told by no roster whose rights have ended: of them it says where they are reached (guardians). An address that is
    protected stays so, and what a characteristic alone says takes nothing away (edfi_characteristics).

    An element that the format carries is as the roster has it, also where that is nothing; one that it updates, where it has something. Any
    other is as it was, or as the roster has it where it was not there. Statements of disagreement are kept where the record is stored
    (kept_statements).
    """
    if before is None:
        return roster
    values: dict[str, object] = {"statements": roster.statements}
    for name in SECTIONS:
        members = {}
        for member in SECTION_MODELS[name].model_fields:
            held, said = _element(before, name, member), _element(roster, name, member)
            first, second = (said, held) if f"{name}.{member}" in updates else (held, said)
            value = said if f"{name}.{member}" in carries else (first if first is not None else second)
            if held is not None and said is not None and f"{name}.{member}" not in carries:
                value = _told_anew(member, held, said, value)
            if value is not None:
                members[member] = value
        if members:
            values[name] = SECTION_MODELS[name](**members)
    return LoadedRecord.model_validate(values)


def _told_anew(member: str, held: Any, said: Any, value: Any) -> Any:
    """`value`, one of `held` and `said`, but of what a roster says less than is known here."""
    if value is held and member == "guardians":
        return reached_anew(held, said)
    if value is said and member == "addresses":
        return still_protected(held, said)
    return after(held, said) if says_no_more(said) else value


def ended(before: LoadedRecord, day: date) -> LoadedRecord:
    """The record of a student whom the source deletes: enrolments that go on end on `day`, and everything stays.

    So does one whose end is on record and still to come, as that of the school year is where a system gives each enrolment an end. One that
    has yet to begin never will, and is none: but the only ones, by which it is known where the student was to be, and that it is over.
    """
    if before.enrollment is None or before.enrollment.enrollments is None:
        return before
    begun = tuple(one for one in before.enrollment.enrollments if one.entry_date <= day)
    enrollments = tuple(
        one if one.exit_date is not None and one.exit_date <= day else one.model_copy(update={"exit_date": max(day, one.entry_date)})
        for one in begun or before.enrollment.enrollments
    )
    enrollment = before.enrollment.model_copy(update={"enrollments": enrollments})
    return before.model_copy(update={"enrollment": enrollment})


def loaded_of(record: Sections) -> LoadedRecord:
    """The sections of a stored record as they would be loaded again; its statements are kept where it is stored (kept_statements)."""
    return LoadedRecord(**dict(record.sections()))


def _element(record: LoadedRecord, section: str, member: str) -> Any:
    held = getattr(record, section)
    return None if held is None else getattr(held, member)
