"""Ed-Fi API resources (Data Standard 5) being made: bodies that their schemas take, and a note of each element that did not fit."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from safepassage.record import Coded, OrganisationReference
from safepassage.record.enrollment import Enrollments
from services.records.formats.edfi_validation import conformity

Body = dict[str, Any]

_LONGEST: Final = {
    "firstName": 75, "middleName": 75, "lastSurname": 75, "preferredFirstName": 75, "preferredLastSurname": 75, "generationCodeSuffix": 10,
    "personalTitlePrefix": 30, "birthCity": 30, "streetNumberName": 150, "apartmentRoomSuiteNumber": 50, "city": 30, "postalCode": 17,
    "nameOfCounty": 30, "telephoneNumber": 24, "electronicMailAddress": 128, "assigningOrganizationIdentificationCode": 60,
    "identificationCode": 60, "contactRestrictions": 250, "attendanceEventReason": 255, "sessionName": 60, "courseCode": 60,
    "courseTitle": 60, "finalLetterGradeEarned": 20, "assessmentIdentifier": 60, "namespace": 255, "result": 35, "incidentIdentifier": 36,
    "incidentDescription": 1024, "disciplineActionIdentifier": 36, "studentUniqueId": 32,
    "behaviorDetailedDescription": 1024, "medicalExemption": 1024, "immunizationName": 100,
}  # fmt: skip
"""Characters that Ed-Fi takes; of a descriptor 306."""

_ED_FI_CODES: Final = {
    ("ceds:000255", "Male"): "uri://ed-fi.org/SexDescriptor#Male",
    ("ceds:000255", "Female"): "uri://ed-fi.org/SexDescriptor#Female",
    ("ceds:000255", "NotSelected"): "uri://ed-fi.org/SexDescriptor#Not Selected",
    ("ceds:000425", "Mother"): "uri://ed-fi.org/RelationDescriptor#Mother",
    ("ceds:000425", "Father"): "uri://ed-fi.org/RelationDescriptor#Father",
    ("ceds:000076", "ExcusedAbsence"): "uri://ed-fi.org/AttendanceEventCategoryDescriptor#Excused Absence",
    ("ceds:000076", "UnexcusedAbsence"): "uri://ed-fi.org/AttendanceEventCategoryDescriptor#Unexcused Absence",
    ("ceds:000076", "Tardy"): "uri://ed-fi.org/AttendanceEventCategoryDescriptor#Tardy",
    ("ceds:000076", "EarlyDeparture"): "uri://ed-fi.org/AttendanceEventCategoryDescriptor#Early departure",
} | {
    ("ceds:000100", code): f"uri://ed-fi.org/GradeLevelDescriptor#{name}"
    for code, name in {
        "PK": "Preschool/Prekindergarten", "KG": "Kindergarten", "01": "First grade", "02": "Second grade", "03": "Third grade",
        "04": "Fourth grade", "05": "Fifth grade", "06": "Sixth grade", "07": "Seventh grade", "08": "Eighth grade", "09": "Ninth grade",
        "10": "Tenth grade", "11": "Eleventh grade", "12": "Twelfth grade", "13": "Grade 13", "PS": "Postsecondary", "UG": "Ungraded",
    }.items()
}  # fmt: skip
"""CEDS codes whose Ed-Fi descriptor says the same. Every other code keeps its own words in its own namespace."""


def descriptor(code: Coded | None, name: str) -> str | None:
    """The descriptor URI of a code. A code that came as an Ed-Fi descriptor goes out as it came."""
    if code is None:
        return None
    known = _ED_FI_CODES.get((code.system, code.code))
    if known is not None:
        return known
    if code.system.startswith("uri://"):
        return f"{code.system}#{code.code}"
    namespace = re.sub(r"[^a-z0-9.-]+", "-", code.system.casefold()).strip("-") or "source"
    return f"uri://{namespace}/{name}Descriptor#{code.code}"


def without_nothing(**members: Any) -> Body:
    """A body without members that are absent."""
    return {name: value for name, value in members.items() if value is not None and value != []}


def organisation_id(reference: OrganisationReference | None) -> int | None:
    """Ed-Fi ids of organisations are numbers: the state's, or the NCES id; None where neither is one."""
    if reference is None:
        return None
    for identifier in (reference.state_id, reference.nces_id):
        if identifier is not None and identifier.isascii() and identifier.isdigit():
            return int(identifier)
    return None


def latest_organisation(enrollment: Enrollments | None) -> int | None:
    """Ed-Fi id of the school of the latest enrolment that has one."""
    rows = (enrollment.enrollments or ()) if enrollment is not None else ()
    found = [(row.entry_date, identifier) for row in rows if (identifier := organisation_id(row.school)) is not None]
    return max(found)[1] if found else None


def _fits(name: str, text: str) -> bool:
    return len(text) <= _LONGEST.get(name, 306 if name.endswith("Descriptor") else len(text))


def _fitting(body: Body) -> Body:
    """`body` without members that are too long, and without the parts that have such a member."""
    kept: Body = {}
    for name, value in body.items():
        if isinstance(value, str):
            value = value if _fits(name, value) else None
        elif isinstance(value, dict):
            value = value if _fitting(value) == value else None
        elif isinstance(value, list):
            value = [part for part in value if _fitting(part) == part] or None
        if value is not None:
            kept[name] = value
    return kept


NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass
class Resources:
    """What is made so far. `not_expressed` are elements, or parts of them, that Ed-Fi could not take as they are."""

    made: dict[str, list[Body]] = field(default_factory=dict)
    not_expressed: list[str] = field(default_factory=list)

    def add(self, resource: str, element: str, of: Mapping[str, str] = NOTHING, /, **members: Any) -> bool:
        """Add a body if it has what Ed-Fi demands; what it would not take is left out, never cut. Whatever is left out is named.

        element  what the body tells of
        of       other elements that some of its members tell of, by member
        """
        given = without_nothing(**members)
        body = _fitting(given)
        found = conformity(resource, body)
        body = {name: value for name, value in body.items() if name not in found.refused}
        for name, value in given.items():
            if not found.whole or body.get(name) != value:
                self.lost(of.get(name, element))
        if found.whole:
            self.made.setdefault(resource, []).append(body)
        return found.whole

    def lost(self, element: str) -> None:
        """`element`, or some of it, is not in the resources."""
        if element not in self.not_expressed:
            self.not_expressed.append(element)
