"""Migratory children's minimum data elements (OMB 1810-0683) as CSV files: children, enrolments, courses, assessments, statements. Pure.

The columns have the names of the collection's elements. It publishes no layout of a CSV file, so which file a column is in is ours, and
`Record` ties the rows of a child together. What a column cannot say as the collection asks is there whole, and named in report.csv; what
of the record has no column is named in it too. elements.csv names each element and its file, or none.
"""

import io
import zipfile
from collections.abc import Sequence
from datetime import date
from typing import Final

from safepassage.elements import ELEMENTS
from safepassage.record.contacts import Guardian
from safepassage.record.identity import Identifier, LegalName
from safepassage.record.loads import RosterEntry
from safepassage.record.programmes import Migrant
from services.records.formats.english_learners import is_english_learner
from services.records.formats.msix_columns import COLUMNS, ELEMENTS_OF_COLLECTION, FLAGS, LONGEST, ONE_OF, RELEVANT, SAID
from services.records.formats.msix_rows import Files, Row, code_text, day_text, flag_text, number_of
from services.records.formats.msix_schooling import assessments, courses, enrollments
from services.records.formats.unsaid import there, unsaid
from shared.spreadsheet import table

_REQUIRED: Final = ("First Name", "Last Name 1", "Sex", "Birth Date", "Qualifying Arrival Date", "State Student Identifier")
_NO: Final = frozenset({"no", "n", "false", "0"})
_SEXES: Final = {"female": "Female", "f": "Female", "male": "Male", "m": "Male"}


def is_migratory(held: Migrant | None, today: date) -> bool:
    """Whether the child is in the programme today: identified, not ended, and not past the end of eligibility."""
    if held is None or held.status.code.casefold() in _NO:
        return False
    ends = [end for end in (held.end_date, held.eligibility_expires_on) if end is not None]
    return (held.begin_date is None or held.begin_date <= today) and all(today <= end for end in ends)


def write_msix(children: Sequence[RosterEntry]) -> bytes:
    """The zip. `children`: of each what was permitted of the record, and the statements that belong to it."""
    files = Files()
    for number, child in enumerate(children, start=1):
        _child(child, number, files)
        enrollments(child, number, files)
        courses(child, number, files)
        assessments(child, number, files)
        for statement in child.statements:
            said = {
                "Relates To": " ".join(statement.relates_to),
                "Placed By": statement.placed_by,
                "Placed On": day_text(statement.placed_on),
            }
            files.add("statements", number, {**said, "Statement": statement.statement})
        _report_unsaid(child, number, files)
    files.rows["elements"] = [{"Element": element, "File": name} for element, name in ELEMENTS_OF_COLLECTION]
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for name, columns in COLUMNS.items():
            package.writestr(f"{name}.csv", table(columns, ([row.get(column, "") for column in columns] for row in files.rows[name])))
    return target.getvalue()


def _report_unsaid(child: RosterEntry, number: int, files: Files) -> None:
    """Each element of which something has no column, by the names of its members; of one that is a flag they are not told either."""
    document, there = child.document(), set(child.elements())
    for element in (one.id for one in ELEMENTS if one.id in there):
        section, _, member = element.partition(".")
        if element in FLAGS:
            files.report("children", number, element, "flag-alone")
        elif element not in RELEVANT:
            files.report("children", number, element, "no-column")
        else:
            name, said = SAID[element]
            left = unsaid(document[section][member], said, ONE_OF)
            if left:
                files.report(name, number, element, "no-column", *left)


def _report_others(others: Sequence[Identifier | Guardian], number: int, element: str, reason: str, files: Files) -> None:
    """Those of an element's records who are in no column, by the members that the columns say of the others."""
    if others:
        said = there([one.model_dump(mode="json") for one in others], SAID[element][1])
        files.report("children", number, element, reason, *said)


def _child(child: RosterEntry, number: int, files: Files) -> None:
    identity, programmes, health = child.identity, child.programmes, child.health
    said: Row = {}
    if identity is not None:
        if identity.name is not None:
            said |= _named(identity.name)
        said |= _numbers(identity.identifiers or ())
        born, place = identity.birth_date, identity.birth_place
        if born is not None:
            said |= {"Birth Date": day_text(born.birth_date), "Birth Date Verification": code_text(born.verification)}
        if place is not None:
            said |= {"Birth City": place.city or "", "Birth State": place.state or "", "Birth Country": place.country or ""}
        if identity.multiple_birth is not None:
            said["Multiple Birth Flag"] = flag_text(identity.multiple_birth.indicator)
        if identity.sex is not None:
            said["Sex"] = _SEXES.get(identity.sex.code.casefold(), identity.sex.code)
            if said["Sex"] not in _SEXES.values():
                files.report("children", number, "Sex", "not-a-value-of-the-collection")
        _report_others(
            _other_numbers(identity.identifiers or (), said), number, "identity.identifiers", "more-than-the-columns-hold", files
        )
    everybody = (child.contacts.guardians or ()) if child.contacts else ()
    guardians = [one for one in everybody if one.rights is not None]
    _report_others([one for one in everybody if one.rights is None], number, "contacts.guardians", "not-a-parent", files)
    said |= _parents(guardians)
    _report_others(guardians[2:], number, "contacts.guardians", "more-than-the-columns-hold", files)
    migrant = programmes.migrant if programmes else None
    if migrant is not None:
        said |= {
            "Qualifying Arrival Date": day_text(migrant.qualifying_arrival_date),
            "Eligibility Expiration Date": day_text(migrant.eligibility_expires_on),
            "Priority for Services Flag": flag_text(migrant.priority_for_services),
            "Continuation of Services": code_text(migrant.continuation_of_services),
        }
    residency = child.enrollment.residency if child.enrollment else None
    if residency is not None:
        said["District of Residence"] = number_of(residency.residence)
    learner = programmes.english_learner if programmes else None
    if learner is not None:
        is_learner = is_english_learner(learner.status)
        said["English Learner Indicator"] = learner.status.code if is_learner is None else "Yes" if is_learner else "No"
    # Of these only that there is one: the collection asks for no more, and what is not there may be withheld.
    said["Immunization Record Flag"] = "Yes" if health and health.immunizations else ""
    said["Med Alert Indicator"] = "Yes" if health and health.alerts else ""
    said["Individualized Education Program Indicator"] = "Yes" if child.special_education and child.special_education.iep else ""
    files.add("children", number, said)
    for column in _REQUIRED:
        if not said.get(column):
            files.report("children", number, column, "missing")
    for column, longest in LONGEST.items():
        if len(said.get(column, "")) > longest:
            files.report("children", number, column, "longer-than-the-collection-takes")


def _named(name: LegalName) -> Row:
    """A surname of two is Last Name 1 and 2; a hyphenated one is parted at the hyphen, as the collection says, and any other is whole."""
    first, second = name.last_1, name.last_2 or ""
    if not second and first.count("-") == 1 and all(first.split("-")):
        first, second = first.split("-")
    return {
        "First Name": name.first or "",
        "Middle Name": name.middle or "",
        "Last Name 1": first,
        "Last Name 2": second,
        "Suffix": name.suffix or "",
    }


def _numbers(identifiers: Sequence[Identifier]) -> Row:
    """The collection's own number has twelve digits. A state's id is type 01; a migrant programme's, where there is no other, 02."""
    migrant = [one.value for one in identifiers if one.kind == "migrant"]
    own = [value for value in migrant if len(value) == 12 and value.isascii() and value.isdigit()]
    state = [(one.value, "01") for one in identifiers if one.kind == "state"] + [(value, "02") for value in migrant if value not in own]
    number, kind = state[0] if state else ("", "")
    return {
        "MSIX Identification Number": own[0] if own else "",
        "State Student Identifier": number,
        "State Student Identifier Type": kind,
    }


def _other_numbers(identifiers: Sequence[Identifier], said: Row) -> list[Identifier]:
    """Those that are in no column. Of two with one value a column has one."""
    numbers = [said.get(name) for name in ("MSIX Identification Number", "State Student Identifier")]
    others = []
    for one in identifiers:
        if one.value in numbers:
            numbers.remove(one.value)
        else:
            others.append(one)
    return others


def _parents(guardians: Sequence[Guardian]) -> Row:
    said: Row = {}
    for place, one in enumerate(guardians[:2], start=1):
        last = " ".join(part for part in (one.name.last_1, one.name.last_2) if part)
        said |= {f"Parent {place} First Name": one.name.first or "", f"Parent {place} Last Name": last}
    return said
