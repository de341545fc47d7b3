"""A synthetic state as Ed-Fi Data Standard 5 interchange files in a zip: schools, students, contacts, enrolments, attendance, IEPs.

What else a record holds has no place here yet; our own JSON has all of it.
"""

import zipfile
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

from node.synthetic.calendar import SchoolCalendar
from node.synthetic.edfi_elements import descriptor, published, tagged, valued
from node.synthetic.edfi_organisations import organisation_element
from node.synthetic.oneroster_writer import Rostered
from node.synthetic.states import StatePlan, organisations

NAMESPACE = "http://ed-fi.org/5.2.0"
INTERCHANGES = (
    "EducationOrganization", "Student", "StudentEnrollment", "Contact", "StudentAttendance", "StudentProgram",
)  # fmt: skip


class EdFiPackage:
    """A new zip file, written as students are added; a file of each interchange beside it until it is closed."""

    def __init__(self, path: Path, state: StatePlan) -> None:
        """Raises FileExistsError."""
        self._state = state
        self._zip = zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED)
        self._folder = TemporaryDirectory(prefix=f".{path.stem}-", dir=path.parent)
        self._files: dict[str, TextIO] = {}
        for name in INTERCHANGES:
            self._files[name] = (Path(self._folder.name) / f"{name}.xml").open("w", encoding="utf-8")
            self._files[name].write(f'<?xml version="1.0" encoding="UTF-8"?>\n<Interchange{name} xmlns="{NAMESPACE}">\n')
        for one in organisations(state):
            self._write("EducationOrganization", organisation_element(one, state))

    def add(self, one: Rostered) -> None:
        """A student with what the interchanges have room for."""
        record = one.document
        identity = record["identity"]
        identifier, born = identity["identifiers"][0]["value"], identity["birth_date"]["birth_date"]
        student = tagged("StudentReference", tagged("StudentIdentity", valued("StudentUniqueId", identifier)))
        self._write("Student", _student(identifier, identity))
        self._write("StudentEnrollment", *_enrollments(student, record), _association(student, one, record))
        for place, guardian in enumerate(record.get("contacts", {}).get("guardians", ()), start=1):
            self._write("Contact", *_contact(student, f"{one.source_id}-G{place}", place, guardian, born))
        for event in record.get("attendance", {}).get("events", ()):
            self._write("StudentAttendance", _attendance(student, event))
        self._write("StudentProgram", *_programs(student, one, record))

    def close(self) -> None:
        """Put the interchanges into the zip."""
        for name, file in self._files.items():
            file.write(f"</Interchange{name}>\n")
            file.close()
            self._zip.write(file.name, f"{name}.xml")
        self._zip.close()
        self._folder.cleanup()

    def _write(self, interchange: str, *elements: str) -> None:
        self._files[interchange].writelines(f"{element}\n" for element in elements if element)


def write_edfi(path: Path, state: StatePlan, everyone: Iterable[Rostered]) -> None:
    """Write the interchanges to a new zip file at `path`. Raises FileExistsError."""
    package = EdFiPackage(path, state)
    for one in everyone:
        package.add(one)
    package.close()


def _name(name: dict[str, Any]) -> str:
    last = " ".join(part for part in (name["last_1"], name.get("last_2")) if part)
    return tagged(
        "Name",
        valued("FirstName", name.get("first", "")),
        valued("MiddleName", name.get("middle")),
        valued("LastSurname", last),
        valued("GenerationCodeSuffix", name.get("suffix")),
    )


def _student(identifier: str, identity: dict[str, Any]) -> str:
    place, several = identity.get("birth_place", {}), identity.get("multiple_birth")
    state = place.get("state")
    return tagged(
        "Student",
        valued("StudentUniqueId", identifier),
        _name(identity["name"]),
        tagged(
            "BirthData",
            valued("BirthDate", identity["birth_date"]["birth_date"]),
            valued("BirthCity", place.get("city")),
            valued("BirthStateAbbreviation", None if state is None else descriptor("StateAbbreviation", state)),
            valued("MultipleBirthStatus", None if several is None else str(several["indicator"]).lower()),
            valued("BirthSex", descriptor("Sex", identity["sex"]["code"])),
        ),
    )


def _enrollments(student: str, record: dict[str, Any]) -> Iterator[str]:
    for one in record["enrollment"]["enrollments"]:
        ended = one.get("exit_date")
        yield tagged(
            "StudentSchoolAssociation",
            student,
            _school(one["school"]["nces_id"]),
            valued("SchoolYear", _year(one["school_year"])),
            valued("EntryDate", one["entry_date"]),
            valued("EntryGradeLevel", descriptor("GradeLevel", one["grade"]["code"])),
            valued("EntryType", descriptor("EntryType", one["entry_type"]["code"])),
            valued("ExitWithdrawDate", ended),
            valued("ExitWithdrawType", None if ended is None else descriptor("ExitWithdrawType", one["exit_type"]["code"])),
        )


def _year(ends: int) -> str:
    return f"{ends - 1}-{ends}"


def _school(key: str) -> str:
    return tagged("SchoolReference", tagged("SchoolIdentity", valued("SchoolId", key)))


def _association(student: str, one: Rostered, record: dict[str, Any]) -> str:
    contacts, local = record.get("contacts", {}), record["identity"]["identifiers"][1]
    code = tagged(
        "StudentIdentificationCode",
        valued("IdentificationCode", local["value"]),
        valued("StudentIdentificationSystem", published("StudentIdentificationSystem", "District")),
        valued("AssigningOrganizationIdentificationCode", local["system"]),
    )
    answer = record.get("demographics", {}).get("race_ethnicity", {})
    hispanic = answer.get("hispanic_or_latino")
    races = "".join(valued("Race", descriptor("Race", race["code"])) for race in answer.get("races", ()))
    return tagged(
        "StudentEducationOrganizationAssociation",
        student,
        _district(one),
        code,
        *_reached_at(contacts, record["identity"]["birth_date"]["birth_date"]),
        valued("HispanicLatinoEthnicity", None if hispanic is None else str(hispanic).lower()),
        races,
    )


def _district(one: Rostered) -> str:
    return tagged(
        "EducationOrganizationReference", tagged("EducationOrganizationIdentity", valued("EducationOrganizationId", one.school.parent))
    )


def _kind(held: dict[str, Any], otherwise: str) -> str:
    """What kind it is; the schema wants one of each."""
    code: str = held["kind"]["code"] if "kind" in held else otherwise
    return code


def _period(held: dict[str, Any], earliest: str) -> str:
    """The schema wants a first day wherever there is a last one; nobody lived anywhere before they were born."""
    begin = held.get("begin_date", earliest if "end_date" in held else None)
    return tagged("Period", valued("BeginDate", begin), valued("EndDate", held.get("end_date")))


def _reached_at(held: dict[str, Any], earliest: str) -> Iterator[str]:
    for one in held.get("addresses", ()):
        yield tagged(
            "Address",
            valued("StreetNumberName", one["street"]),
            valued("City", one["city"]),
            valued("StateAbbreviation", descriptor("StateAbbreviation", one["state"])),
            valued("PostalCode", one["postal_code"]),
            _period(one, earliest),
            valued("AddressType", descriptor("AddressType", _kind(one, "Home"))),
            valued("DoNotPublishIndicator", "true" if one.get("protected") else None),
        )
    for one in held.get("telephones", ()):
        kind = _kind(one, "Other")
        yield tagged(
            "Telephone", valued("TelephoneNumber", one["number"]), valued("TelephoneNumberType", descriptor("TelephoneNumberType", kind))
        )


def _contact(student: str, identifier: str, place: int, guardian: dict[str, Any], earliest: str) -> tuple[str, str]:
    relation = published("Relation", guardian["relation"]["code"])
    contact = tagged(
        "Contact",
        valued("ContactUniqueId", identifier),
        _name(guardian["name"]),
        *_reached_at(guardian, earliest),
    )
    association = tagged(
        "StudentContactAssociation",
        student,
        tagged("ContactReference", tagged("ContactIdentity", valued("ContactUniqueId", identifier))),
        valued("Relation", relation),
        valued("LivesWith", None if "lives_with_student" not in guardian else str(guardian["lives_with_student"]).lower()),
        valued("ContactPriority", place),
    )
    return contact, association


def _attendance(student: str, event: dict[str, Any]) -> str:
    day, school = date.fromisoformat(event["event_date"]), _school(event["school"]["nces_id"])
    year = _year(SchoolCalendar(day).year)
    return tagged(
        "StudentSchoolAttendanceEvent",
        tagged(
            "AttendanceEvent",
            valued("EventDate", event["event_date"]),
            valued("AttendanceEventCategory", descriptor("AttendanceEventCategory", event["category"]["code"])),
            valued("AttendanceEventReason", event.get("reason")),
            valued("EventDuration", event.get("duration_days")),
        ),
        student,
        school,
        tagged("SessionReference", tagged("SessionIdentity", valued("SessionName", year), valued("SchoolYear", year), school)),
    )


def _programs(student: str, one: Rostered, record: dict[str, Any]) -> Iterator[str]:
    special = record.get("special_education", {})
    if "iep" not in special:
        return
    iep, program = special["iep"], "Special Education"
    yield tagged(
        "StudentSpecialEducationProgramAssociation",
        student,
        tagged(
            "ProgramReference",
            tagged(
                "ProgramIdentity",
                _district(one),
                valued("ProgramName", program),
                valued("ProgramType", published("ProgramType", program)),
            ),
        ),
        valued("BeginDate", iep["begin_date"]),
        _district(one),
        valued("IdeaEligibility", "true"),
        valued("SpecialEducationSetting", descriptor("SpecialEducationSetting", iep["environment"]["code"])),
        valued("IEPBeginDate", iep["begin_date"]),
        valued("IEPEndDate", iep["end_date"]),
        tagged("Disability", valued("Disability", descriptor("Disability", special["eligibility"]["disabilities"][0]["category"]["code"]))),
    )
