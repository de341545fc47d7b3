"""What reading one student of an Ed-Fi upload rests on: the student's bodies and contacts, organisations, and how this version reads.

Two students of one id with the same digest are read alike, whatever else is in the uploads.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

import safepassage
from services.records import record_text
from services.records.formats.edfi_organizations import AGENCIES
from services.records.formats.edfi_whose import ASSOCIATIONS, contact_of, student_of

DISCIPLINE: Final = frozenset(
    {"studentDisciplineIncidentBehaviorAssociations", "studentDisciplineIncidentNonOffenderAssociations", "disciplineActions"}
)
"""Whoever has one of these is read each time: what of an incident no record says turns on all who had a part in it."""


READ_BY: Final = (Path(__file__).parent, Path(record_text.__file__), Path(safepassage.__file__).parent)
"""Of whose text `this_reader` is: formats, the one module beside them that they read by, and the SDK with the record and its elements."""


class Digests(NamedTuple):
    """Of one upload."""

    by_student: dict[str, bytes]
    """SHA-256 by student, in memory alone. Not of whom it cannot be told: of two bodies of one student or contact the upload says so."""
    related: dict[str, list[str]]
    """Students of the upload by contact."""


def digests_of(bodies: Mapping[str, Sequence[Any]], *, reader: bytes | None = None) -> Digests:
    """Of the bodies of an upload. `reader`: in which way they are read, if not in this version's."""
    own: dict[str, list[Any]] = defaultdict(list)
    related: dict[str, list[str]] = defaultdict(list)
    contacts: dict[str, list[Any]] = defaultdict(list)
    students, read_each_time = set[str](), set[str]()
    for resource, those in bodies.items():
        for body in those:
            if type(body) is not dict:
                continue
            if resource == "contacts":
                contacts[str(body.get("contactUniqueId"))].append(body)
            elif (identifier := student_of(body, resource)) is not None:
                own[identifier] += (resource, body)
                if resource == ASSOCIATIONS:
                    related[identifier].append(contact_of(body))
                elif resource == "students":
                    (read_each_time if identifier in students else students).add(identifier)
                elif resource in DISCIPLINE:
                    read_each_time.add(identifier)
    for identifier, theirs in related.items():
        found = [contacts.get(one, ()) for one in theirs]
        own[identifier] += found
        if any(len(same) != 1 for same in found):
            read_each_time.add(identifier)
    shared = _shared(bodies, reader or this_reader())
    digests = {one: digest for one in students - read_each_time if shared and (digest := _digest(shared, own[one])) is not None}
    return Digests(digests, _by_contact(related, students))


def _by_contact(related: Mapping[str, Sequence[str]], students: Collection[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for identifier, contacts in related.items():
        if identifier in students:
            for contact in contacts:
                found[contact].append(identifier)
    return found


def _shared(bodies: Mapping[str, Sequence[Any]], reader: bytes) -> bytes | None:
    """What is the same for all: which resources there are, which carries elements; organisations; the reader itself."""
    agencies = [those for resource, those in bodies.items() if resource in AGENCIES]
    return _digest(reader, [list(bodies), agencies])


def _digest(before: bytes, said: Any) -> bytes | None:
    """None for what msgspec does not write, or not as it is: half of a character, a number without an end."""
    try:
        text = msgspec.json.encode(said)
        if b"null" in text and msgspec.json.decode(text) != said:
            return None
        return sha256(before + text).digest()
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        return None


@cache
def this_reader() -> bytes:
    """This version's way of reading: its own text, the SDK's, and the libraries that judge. With any other, all are read anew."""
    found = sha256(" ".join([version(name) for name in ("pydantic", "jsonschema-rs", "msgspec")]).encode())
    for part in READ_BY:
        for path in sorted(part.rglob("*")) if part.is_dir() else [part]:
            if path.suffix in (".py", ".json"):
                found.update(path.name.encode() + b"\0" + sha256(path.read_bytes()).digest())
    return found.digest()
