"""Bodies from a system: all that it has, or all that it has of some students, whichever of it changed."""

from collections.abc import Collection
from functools import partial
from typing import Any, Final

from services.records.ed_fi.api import LONGEST_ANSWER, EdFiApi
from services.records.ed_fi.changes import MOST, OF_STUDENTS
from services.records.ed_fi.packed import PackedBodies
from services.records.formats.edfi_api_discipline import key_of
from services.records.formats.edfi_upload import SHARED
from services.records.load_memory import OF_A_DOCUMENT

Bodies = dict[str, list[dict[str, Any]]]

PLACES: Final = ("localEducationAgencies", "schools")
FOR_ONE_STUDENT: Final = LONGEST_ANSWER * OF_A_DOCUMENT
"""Bytes that reading a single student may take."""


async def everything(api: EdFiApi, packed: PackedBodies) -> None:
    """Every body of every resource that is read, as far as the system has it for this client. Raises as EdFiApi and PackedBodies."""
    for resource in (*PLACES, "students", *OF_STUDENTS, *SHARED):
        await _every(api, resource, packed)


async def every_of(api: EdFiApi, students: Collection[str], packed: PackedBodies) -> None:
    """Every body of these students, with the contacts, incidents and schools that theirs refer to. Raises as EdFiApi and PackedBodies.

    A student of whom something changed is read whole: what the record then says is what the system says, whatever was told or missed
    before.
    """
    for resource in PLACES:
        await _every(api, resource, packed)
    for resource in ("students", *OF_STUDENTS):
        has_begun = False
        for identifier in sorted(students):
            those = await api.every(resource, {"studentUniqueId": identifier}, most=MOST)
            if those is not None and not has_begun:
                packed.begin(resource)
                has_begun = True
            packed.add(resource, those or ())
        packed.end(resource)
    packed.begin("contacts")
    for identifier in packed.named_contacts():
        packed.add("contacts", await api.every("contacts", {"contactUniqueId": identifier}, most=MOST) or ())
    packed.end("contacts")
    packed.begin("disciplineIncidents")
    for school, identifier in packed.named_incidents():
        asked = {"incidentIdentifier": identifier, "schoolId": school}
        incidents = await api.every("disciplineIncidents", asked, most=MOST) or ()
        packed.add("disciplineIncidents", {key_of(body): body for body in incidents}.values())
    packed.end("disciplineIncidents")


async def all_of(api: EdFiApi, student: str) -> Bodies:
    """As every_of, of one student."""
    packed = PackedBodies(FOR_ONE_STUDENT)
    await every_of(api, (student,), packed)
    return {resource: [body for _, body in those] for resource, those in packed.group(0).items()}


async def _every(api: EdFiApi, resource: str, packed: PackedBodies) -> None:
    is_there = await api.pages(resource, {}, most=MOST, begin=partial(packed.begin, resource), take=partial(packed.add, resource))
    if is_there:
        packed.end(resource)
    else:
        packed.drop(resource)
