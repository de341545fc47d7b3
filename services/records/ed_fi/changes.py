"""Which students something changed of, by the system's change queries: what was written anew, deleted, or is known by another key."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from services.records.ed_fi.api import EdFiApi, Query
from services.records.ed_fi.refused import RefusedFor
from services.records.ed_fi.student_resources import OF_STUDENTS
from services.records.ed_fi.wanted import MOST, KeyOf, Watch, of_keys
from services.records.formats.edfi_api_discipline import key_of, named_in
from services.records.formats.edfi_whose import student_of

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
    deleted: set[str] = field(default_factory=set)
    """Of whom the system told that they were deleted, be they there again or not."""


async def changes_since(api: EdFiApi, version: int, watch: Watch) -> Changes:
    """What changed after `version`.

    Changes that come while this is read may be among it, and will be told again the next time. Raises NotTold, and as EdFiApi;
    EdFiSystemRefused where students may not be read any more: nobody is gone for that.
    """
    asked = {"minChangeVersion": version + 1}
    changes = Changes()
    for resource in ("students", *OF_STUDENTS):
        of_students = resource == "students"
        for told, take in ((resource, _written), (f"{resource}/deletes", _deleted), (f"{resource}/keyChanges", _moved)):
            # Of a page that is read again it does no harm to have been told before.
            taken = partial(take, changes, of_students=of_students)
            is_there = await api.pages(told, asked, most=MOST, begin=_nothing, take=taken)
            if told == resource and not is_there:
                break
        if of_students and told == resource:
            raise RefusedFor("it does not let students be read any more", fault="no-students")
    await _of_contacts(api, asked, changes, watch)
    await _of_incidents(api, asked, changes, watch)
    return changes


def _written(changes: Changes, page: Page, *, of_students: bool) -> None:
    for body in page:
        _add(changes, body.get("studentUniqueId") if of_students else student_of(body))


def _deleted(changes: Changes, page: Page, *, of_students: bool) -> None:
    for gone in page:
        identifier = _key(gone, "keyValues")
        _add(changes, identifier)
        if of_students:
            changes.deleted.add(identifier)


def _moved(changes: Changes, page: Page, *, of_students: bool) -> None:
    for moved in page:
        before, after = _key(moved, "oldKeyValues"), _key(moved, "newKeyValues")
        _add(changes, before)
        _add(changes, after)
        if of_students and before != after:
            changes.renamed[before] = after


def _nothing() -> None: ...


async def _of_contacts(api: EdFiApi, asked: Query, changes: Changes, watch: Watch) -> None:
    """Students of a contact that changed."""
    keys: dict[str, Query] = {}

    def take(page: Page) -> None:
        named = [str(body.get("contactUniqueId")) for body in page]
        keys.update((identifier, {"contactUniqueId": identifier}) for identifier in named)

    await api.pages("contacts", asked, most=MOST, begin=_nothing, take=take)
    await _students_by(api, ("studentContactAssociations",), keys, _contact_in, changes, watch)


async def _of_incidents(api: EdFiApi, asked: Query, changes: Changes, watch: Watch) -> None:
    """Students who have a part in an incident that changed."""
    keys: dict[tuple[str, str], Query] = {}

    def take(page: Page) -> None:
        for body in page:
            school, identifier = key_of(body)
            keys[school, identifier] = {"incidentIdentifier": identifier, "schoolId": school}

    await api.pages("disciplineIncidents", asked, most=MOST, begin=_nothing, take=take)
    await _students_by(api, BEHAVIORS, keys, _incident_in, changes, watch)


async def _students_by(
    api: EdFiApi, resources: Iterable[str], keys: Mapping[Any, Query], key_in: KeyOf, changes: Changes, watch: Watch
) -> None:
    take: Callable[[Page], None] = partial(_written, changes, of_students=False)
    for resource in resources:
        await of_keys(api, resource, keys, key_in, watch, begin=_nothing, take=take)


def _contact_in(association: Mapping[str, Any]) -> str | None:
    reference = association.get("contactReference")
    return str(reference.get("contactUniqueId")) if isinstance(reference, dict) else None


def _incident_in(part: Mapping[str, Any]) -> tuple[str, str] | None:
    reference = part.get("disciplineIncidentReference")
    return named_in(reference) if isinstance(reference, dict) else None


def _key(told: Mapping[str, Any], member: str) -> str:
    key = told.get(member)
    identifier = key.get("studentUniqueId") if isinstance(key, dict) else None
    if not isinstance(identifier, str):
        raise NotTold
    return identifier.strip()


def _add(changes: Changes, identifier: Any) -> None:
    if isinstance(identifier, str) and identifier.strip():
        changes.students.add(identifier.strip())
