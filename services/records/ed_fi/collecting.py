"""Bodies from a system: all that it has, or all that it has of some students, whichever of it changed."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any, Final

from services.records.ed_fi.api import LONGEST_ANSWER, EdFiApi, Query
from services.records.ed_fi.packed import PackedBodies
from services.records.ed_fi.student_resources import OF_STUDENTS
from services.records.ed_fi.wanted import KeyOf, Watch, of_keys, whole
from services.records.formats.edfi_api_discipline import Key, key_of
from services.records.formats.edfi_upload import SHARED
from services.records.formats.edfi_whose import student_of
from services.records.load_memory import OF_A_DOCUMENT

Bodies = dict[str, list[dict[str, Any]]]

PLACES: Final = ("localEducationAgencies", "schools")
FOR_ONE_STUDENT: Final = LONGEST_ANSWER * OF_A_DOCUMENT
"""Bytes that reading a single student may take."""


async def everything(api: EdFiApi, packed: PackedBodies, watch: Watch) -> None:
    """Every body of every resource that is read, as far as the system has it for this client. Raises as EdFiApi and PackedBodies."""
    for resource in (*PLACES, "students", *OF_STUDENTS, *SHARED):
        await _every(api, resource, packed, watch)


async def every_of(
    api: EdFiApi, students: Collection[str], packed: PackedBodies, watch: Watch | None, *, gone: Collection[str] = ()
) -> None:
    """Every body of these students, with the contacts, incidents and schools that theirs refer to. Raises as EdFiApi and PackedBodies.

    A student of whom something changed is read whole: what the record then says is what the system says, whatever was told or missed
    before. Where the students are so many that whole pages of a resource take less, these are read, and theirs alone is kept.

    watch   None: nothing is read of anybody else
    gone    those of them of whom the system told that they are no longer there
    """
    for resource in PLACES:
        await _every(api, resource, packed, watch)
    asked: dict[str, Query] = {identifier: {"studentUniqueId": identifier} for identifier in students}
    await _those(api, "students", asked, _student, packed, watch)
    # Who stands in no page and is not told to be gone is asked for: nobody is to be enrolled no more for having been passed over.
    missed = {identifier: asked[identifier] for identifier in set(students) - packed.students.keys() - set(gone)}
    if watch is not None and missed and "students" in packed.resources:
        await of_keys(api, "students", missed, _student, None, begin=_nothing, take=partial(packed.add, "students"))
        packed.end("students")
    for resource in OF_STUDENTS:
        await _those(api, resource, asked, student_of, packed, watch)
    contacts: dict[str, Query] = {identifier: {"contactUniqueId": identifier} for identifier in packed.named_contacts()}
    await _those(api, "contacts", contacts, _contact, packed, watch)
    incidents: dict[Key, Query] = {
        (school, identifier): {"incidentIdentifier": identifier, "schoolId": school} for school, identifier in packed.named_incidents()
    }
    await _those(api, "disciplineIncidents", incidents, key_of, packed, watch)


async def all_of(api: EdFiApi, student: str) -> Bodies:
    """As every_of, of one student, and of nobody else."""
    packed = PackedBodies(FOR_ONE_STUDENT)
    await every_of(api, (student,), packed, None)
    return {resource: [body for _, body in those] for resource, those in packed.group(0).items()}


async def _every(api: EdFiApi, resource: str, packed: PackedBodies, watch: Watch | None) -> None:
    begin, take = partial(packed.begin, resource), partial(packed.add, resource)
    if await whole(api, resource, watch or Watch(api, None), begin=begin, take=take):
        packed.end(resource)
    else:
        packed.drop(resource)


async def _those(api: EdFiApi, resource: str, keys: Mapping[Any, Query], key_in: KeyOf, packed: PackedBodies, watch: Watch | None) -> None:
    """Of a resource that was not begun the system has nothing for this client; where nothing of it is asked, it has no body of theirs."""
    begin, take = partial(packed.begin, resource), partial(packed.add, resource)
    if not keys and resource in SHARED:
        begin()
    if not keys or await of_keys(api, resource, keys, key_in, watch, begin=begin, take=take):
        packed.end(resource)


def _student(body: Mapping[str, Any]) -> str | None:
    return student_of(body, "students")


def _nothing() -> None: ...


def _contact(body: Mapping[str, Any]) -> str:
    return str(body.get("contactUniqueId"))
