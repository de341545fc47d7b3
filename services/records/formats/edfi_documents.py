"""Uploads of Ed-Fi API JSON: one document with the resources by name, or a zip with a file of each, an array (.json) or a body a line."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final

from safepassage.problems.records import UnreadableRoster
from services.records.formats.archive import Archive
from services.records.formats.edfi_api import FORMAT, SOURCE, Bodies, read_edfi_api
from services.records.formats.edfi_as_before import Before, StudentAsBefore
from services.records.formats.edfi_rests_on import Digests, digests_of
from services.records.formats.json_once import object_once, without_mark
from services.records.formats.parsed import ParsedRoster

MEDIA_TYPE: Final = "application/vnd.ed-fi+json"
ARRAY, LINES = ".json", (".jsonl", ".ndjson")


class EdFiUpload:
    """The bodies of an upload, of which nothing is read yet: who of its students is as before is for whoever stores them to say."""

    format, source_system = FORMAT, SOURCE

    def __init__(self, bodies: Bodies, *, names: Mapping[str, str] | None = None) -> None:
        self._bodies, self._names = bodies, names
        self.told: Callable[[str], str] = str
        """A place as a report may say it."""

    @cached_property
    def digests(self) -> Digests:
        """What reading each student rests on."""
        return digests_of(self._bodies)

    def roster(self, as_before: Mapping[str, StudentAsBefore]) -> ParsedRoster:
        """Read everybody but these. Raises UnreadableRoster."""
        before = Before(as_before, self.digests.related)
        roster = read_edfi_api(self._bodies, names=self._names, before=before, digests=self.digests.by_student)
        roster.findings.told = self.told
        return roster


def edfi_document(data: bytes) -> EdFiUpload:
    """`{"resources": {resource: [body, ...]}}`, as a record is given out. Raises UnreadableRoster."""
    resources = _object(without_mark(data)).get("resources")
    if not isinstance(resources, dict) or not all(isinstance(bodies, list) for bodies in resources.values()):
        raise UnreadableRoster('not an object with "resources", each a list of bodies')
    return EdFiUpload({_resource(name): bodies for name, bodies in resources.items()})


def is_edfi_files(archive: Archive) -> bool:
    """Whether a zip has the students of an Ed-Fi API."""
    return any(f"students{ending}" in archive for ending in (ARRAY, *LINES))


def edfi_files(archive: Archive) -> EdFiUpload:
    """The files of a zip, each named after its resource: students.jsonl, studentSchoolAssociations.json, ... Raises UnreadableRoster."""
    bodies: dict[str, list[Any]] = {}
    names: dict[str, str] = {}
    for name in archive.names:
        stem, dot, ending = name.rpartition(".")
        if dot + ending not in (ARRAY, *LINES):
            continue
        resource = _resource(stem)
        if resource in bodies:
            raise UnreadableRoster("two files have one resource")
        with archive.open(name) as file:
            data = without_mark(file.read())
        bodies[resource] = bodies_in(data) if dot + ending == ARRAY else _lines(data)
        names[resource] = name
    return EdFiUpload(bodies, names=names)


def read_edfi_document(data: bytes) -> ParsedRoster:
    """All of `edfi_document`. Raises UnreadableRoster."""
    return edfi_document(data).roster({})


def read_edfi_files(archive: Archive) -> ParsedRoster:
    """All of `edfi_files`. Raises UnreadableRoster."""
    return edfi_files(archive).roster({})


def _resource(name: str) -> str:
    """A resource's name is letters and digits; anything else is none."""
    if not (name.isascii() and name.isalnum() and len(name) <= 100):
        raise UnreadableRoster("a resource is named by letters and digits")
    return name


def _object(data: bytes) -> dict[str, Any]:
    try:
        return object_once(data)
    except ValueError as error:
        raise UnreadableRoster("not a JSON object, each member once") from error


def bodies_in(data: bytes) -> list[Any]:
    """An array of bodies. A member that occurs twice is refused here too: which of the two was meant cannot be told.

    Raises UnreadableRoster.
    """
    wrapped = _object(b'{"bodies":' + data + b"}")
    if set(wrapped) != {"bodies"} or not isinstance(wrapped["bodies"], list):
        raise UnreadableRoster("a file is no array of bodies")
    return list(wrapped["bodies"])


def _lines(data: bytes) -> list[Any]:
    """A body a line; what is no JSON object stands as nothing, so that it is reported by its number."""
    return [_body(line) for line in data.splitlines() if line.strip()]


def _body(line: bytes) -> dict[str, Any] | None:
    try:
        return object_once(line)
    except ValueError:
        return None
