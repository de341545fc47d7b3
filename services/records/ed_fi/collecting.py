"""Bodies from a system: all that it has, or all that it has of some students, whichever of it changed."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any, Final

from services.records.ed_fi.api import EdFiApi
from services.records.ed_fi.changes import MOST, OF_STUDENTS
from services.records.formats.edfi_api_discipline import Key, key_of, named_in

Bodies = dict[str, list[dict[str, Any]]]

PLACES: Final = ("localEducationAgencies", "schools")
SHARED: Final = ("contacts", "disciplineIncidents")
"""Resources of several students each."""


async def everything(api: EdFiApi) -> Bodies:
    """Every body of every resource that is read, as far as the system has it for this client. Raises as EdFiApi."""
    found: Bodies = {}
    for resource in (*PLACES, "students", *SHARED, *OF_STUDENTS):
        those = await api.every(resource, {}, most=MOST)
        if those is not None:
            found[resource] = those
    return found


async def all_of(api: EdFiApi, students: Collection[str]) -> Bodies:
    """Every body of these students, with the contacts, incidents and schools that theirs refer to. Raises as EdFiApi.

    A student of whom something changed is read whole: what the record then says is what the system says, whatever was told or missed
    before.
    """
    found: Bodies = {}
    for resource in PLACES:
        those = await api.every(resource, {}, most=MOST)
        if those is not None:
            found[resource] = those
    there: dict[str, Bodies] = defaultdict(dict)
    for identifier in sorted(students):
        for resource in ("students", *OF_STUDENTS):
            those = await api.every(resource, {"studentUniqueId": identifier}, most=MOST)
            if those is not None:
                there[resource][identifier] = those
    found |= {resource: [body for those in of_each.values() for body in those] for resource, of_each in there.items()}
    found["contacts"] = await _contacts(api, found)
    found["disciplineIncidents"] = await _incidents(api, found)
    return found


async def _contacts(api: EdFiApi, found: Bodies) -> list[dict[str, Any]]:
    named = {str((one.get("contactReference") or {}).get("contactUniqueId")) for one in found.get("studentContactAssociations", ())}
    return [body for one in sorted(named) for body in await api.every("contacts", {"contactUniqueId": one}, most=MOST) or ()]


async def _incidents(api: EdFiApi, found: Bodies) -> list[dict[str, Any]]:
    parts = [one for resource in OF_STUDENTS if resource.startswith("studentDisciplineIncident") for one in found.get(resource, ())]
    keys: set[Key] = {named_in(one.get("disciplineIncidentReference") or {}) for one in parts}
    gathered: dict[Key, dict[str, Any]] = {}
    for school, identifier in sorted(keys):
        asked = {"incidentIdentifier": identifier, "schoolId": school}
        for body in await api.every("disciplineIncidents", asked, most=MOST) or ():
            gathered[key_of(body)] = body
    return list(gathered.values())
