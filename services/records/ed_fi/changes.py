"""Which students something changed of, by the system's change queries: what was written anew, deleted, or is known by another key."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from services.records.ed_fi.api import EdFiApi
from services.records.formats.edfi_upload import student_of

MOST: Final = 2_000_000
"""Bodies of one resource."""

OF_STUDENTS: Final = (
    "studentSchoolAssociations",
    "studentEducationOrganizationAssociations",
    "studentDemographics",
    "studentDirectories",
    "studentIdentificationCodes",
    "studentContactAssociations",
    "studentSchoolAttendanceEvents",
    "studentAcademicRecords",
    "courseTranscripts",
    "studentAssessments",
    "studentSpecialEducationProgramAssociations",
    "studentSection504ProgramAssociations",
    "studentHomelessProgramAssociations",
    "studentMigrantEducationProgramAssociations",
    "studentLanguageInstructionProgramAssociations",
    "studentSchoolFoodServiceProgramAssociations",
    "studentTitleIPartAProgramAssociations",
    "studentProgramAssociations",
    "studentCTEProgramAssociations",
    "studentNeglectedOrDelinquentProgramAssociations",
    "studentHealths",
    "studentDisciplineIncidentBehaviorAssociations",
    "studentDisciplineIncidentNonOffenderAssociations",
    "disciplineActions",
)
"""Resources of which each body is one student's. A system has those of its version of the standard."""

BEHAVIORS: Final = tuple(name for name in OF_STUDENTS if name.startswith("studentDisciplineIncident"))


Page = list[dict[str, Any]]


class NotTold(Exception):
    """The system does not tell of whom something was deleted: versions before 5.3 tell its own ids alone."""


@dataclass
class Changes:
    """Students by the id that the system knows them by."""

    students: set[str] = field(default_factory=set)
    """Of whom something is other than it was, also that they are no longer there."""
    renamed: dict[str, str] = field(default_factory=dict)
    """Ids before and after."""


async def changes_since(api: EdFiApi, version: int) -> Changes:
    """What changed after `version`.

    Changes that come while this is read may be among it, and will be told again the next time. Raises NotTold, and as EdFiApi.
    """
    asked = {"minChangeVersion": version + 1}
    changes = Changes()
    for resource in ("students", *OF_STUDENTS):
        of_students = resource == "students"
        for told, take in ((resource, _written), (f"{resource}/deletes", _deleted), (f"{resource}/keyChanges", _moved)):
            # Of a page that is read again it does no harm to have been told before.
            taken = partial(take, changes, of_students=of_students)
            await api.pages(told, asked, most=MOST, begin=_nothing, take=taken)
    await _of_contacts(api, asked, changes)
    await _of_incidents(api, asked, changes)
    return changes


def _written(changes: Changes, page: Page, *, of_students: bool) -> None:
    for body in page:
        _add(changes, body.get("studentUniqueId") if of_students else student_of(body))


def _deleted(changes: Changes, page: Page, *, of_students: bool) -> None:
    for gone in page:
        _add(changes, _key(gone, "keyValues"))


def _moved(changes: Changes, page: Page, *, of_students: bool) -> None:
    for moved in page:
        before, after = _key(moved, "oldKeyValues"), _key(moved, "newKeyValues")
        _add(changes, before)
        _add(changes, after)
        if of_students and before != after:
            changes.renamed[before] = after


def _nothing() -> None: ...


async def _of_contacts(api: EdFiApi, asked: Mapping[str, int], changes: Changes) -> None:
    """Students of a contact that changed."""
    for body in await api.every("contacts", asked, most=MOST) or ():
        await _students_by(api, ("studentContactAssociations",), {"contactUniqueId": str(body.get("contactUniqueId"))}, changes)


async def _of_incidents(api: EdFiApi, asked: Mapping[str, int], changes: Changes) -> None:
    """Students who have a part in an incident that changed."""
    for body in await api.every("disciplineIncidents", asked, most=MOST) or ():
        school = (body.get("schoolReference") or {}).get("schoolId")
        await _students_by(api, BEHAVIORS, {"incidentIdentifier": str(body.get("incidentIdentifier")), "schoolId": str(school)}, changes)


async def _students_by(api: EdFiApi, resources: Iterable[str], key: Mapping[str, str], changes: Changes) -> None:
    for resource in resources:
        for body in await api.every(resource, key, most=MOST) or ():
            _add(changes, student_of(body))


def _key(told: Mapping[str, Any], member: str) -> str:
    key = told.get(member)
    identifier = key.get("studentUniqueId") if isinstance(key, dict) else None
    if not isinstance(identifier, str):
        raise NotTold
    return identifier.strip()


def _add(changes: Changes, identifier: Any) -> None:
    if isinstance(identifier, str) and identifier.strip():
        changes.students.add(identifier.strip())
