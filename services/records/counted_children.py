"""Where the children of a part of a blast radius live, each counted once, however many united records of theirs it touched.

Of records that the caller does not see it is not told that they are one child's: each counts for itself, and where it lives is not known.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, Final, NamedTuple
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, select

from safepassage.record.contacts import Address, Guardian
from services.records.reading import opened
from services.records.record_sources import merged
from services.records.residence import UNKNOWN, Residence, residence_of
from services.records.same_child import of_one_child
from services.records.tables import EducatorCredentialRow, SectionRow, StudentRow
from services.records.vault import Vault
from shared.database import Database

AT_ONCE: Final = 100
"""Children whose addresses are opened before others of the process go on."""
WANTED: Final = {"contacts": ("addresses", "guardians")}

Child = frozenset[UUID]
"""The records of one child that the caller sees."""
PartAt = Callable[[int], Awaitable[Sequence[UUID]]]
"""Another part of the same count, by its number: ids in order, those of each part after those of the part before it."""

_ADDRESSES: Final = TypeAdapter(tuple[Address, ...])
_GUARDIANS: Final = TypeAdapter(tuple[Guardian, ...])


class Lived(NamedTuple):
    """What was found of a part."""

    by: Counter[Residence]
    """Children."""
    united: int
    """Records more, of children who were counted already, in this part or in one before it."""
    staff: int
    """Educators, among those of whom it is not known: records has their credentials, and no address."""


class Seen(NamedTuple):
    """What of the part is the caller's to see."""

    students: ColumnElement[bool]
    """On StudentRow."""
    staff: ColumnElement[bool]
    """On EducatorCredentialRow."""


async def where_they_live(
    database: Database, vault: Vault, part: Sequence[UUID], seen: Seen, today: date, *, before: int, part_at: PartAt
) -> Lived:
    """Where the children of a part live today, but those who were counted already.

    A child counts with the first of its records that were touched, and lives where all of them say, touched or not.

    part    ids in order
    before  how many parts come before it

    Raises SealBroken, KeysUnavailable: then nothing is told; and as `part_at`.
    """
    children = await database.read(partial(_children, part, seen.students))
    staff = await database.read(partial(_staff, part, seen.staff))
    others = {record for child in children.values() for record in child}
    earlier = await held([one for one in sorted(others) if one < part[0]], before, part_at) if part else set[UUID]()
    counted = once(part, children, earlier)
    by = Counter[Residence]({UNKNOWN: len(part) - len(children)})  # not here, or not the caller's to see
    for start in range(0, len(counted), AT_ONCE):
        by.update(await database.read(partial(_residences, vault, counted[start : start + AT_ONCE], today)))
        await asyncio.sleep(0)
    return Lived(by, len(children) - len(counted), staff)


def once(part: Sequence[UUID], children: Mapping[UUID, Child], earlier: Collection[UUID]) -> list[Child]:
    """The children of a part, each with the first of its records that were touched. Pure.

    children  by those of the part's records that are seen
    earlier   records of parts before it
    """
    counted, found = set(earlier), []
    for record in part:
        if (child := children.get(record)) is not None:
            if counted.isdisjoint(child):
                found.append(child)
            counted.add(record)
    return found


async def held(wanted: Sequence[UUID], parts: int, part_at: PartAt) -> set[UUID]:
    """Which of these records are in the first parts of the count: each is looked for by halves, so that few parts are asked for.

    # INVARIANT: whoever has the parts learns which of them is looked at, and not for whom.
    """
    found, halves = set[UUID](), [(list(wanted), 0, parts)]
    while halves:
        sought, low, high = halves.pop()
        if not sought or low >= high:
            continue
        middle = (low + high) // 2
        there = await part_at(middle)
        found |= set(there) & set(sought)
        halves.append(([one for one in sought if one < there[0]], low, middle))
        halves.append(([one for one in sought if one > there[-1]], middle + 1, high))
    return found


def _children(part: Sequence[UUID], seen: ColumnElement[bool], connection: Connection) -> dict[UUID, Child]:
    children = of_one_child(connection, part)
    records = frozenset[UUID]().union(*children.values())
    shown = {UUID(str(one)) for one in connection.execute(select(StudentRow.id).where(StudentRow.id.in_(records), seen)).scalars()}
    return {record: child & shown for record, child in children.items() if record in shown}


def _staff(part: Sequence[UUID], seen: ColumnElement[bool], connection: Connection) -> int:
    """How many are educators whose credentials are kept here."""
    row, tags = EducatorCredentialRow, [one.bytes for one in part]
    by_id = select(row.educator_id).where(row.educator_id.in_(part), seen).distinct()
    by_tag = select(row.educator).where(row.educator.in_(tags), seen).distinct()  # services.records.educators.kept: in_the_log
    return sum(len(connection.execute(query).all()) for query in (by_id, by_tag))


def _residences(vault: Vault, children: Sequence[Child], today: date, connection: Connection) -> list[Residence]:
    records = {record for child in children for record in child}
    sections = SectionRow.__table__.c
    keys = {
        row.id: row.wrapped_key
        for row in connection.execute(select(StudentRow.id, StudentRow.wrapped_key).where(StudentRow.id.in_(records)))
    }
    contacts: dict[UUID, list[Any]] = {record: [] for record in keys}
    query = select(SectionRow.__table__).where(sections.student_id.in_(list(contacts)), sections.section.in_(list(WANTED)))
    for row in connection.execute(query):
        contacts[row.student_id].append(row)
    return [
        _residence([_contacts(vault, one, keys[one], contacts[one]) for one in sorted(child & keys.keys())], today) for child in children
    ]


def _contacts(vault: Vault, record: UUID, wrapped_key: bytes, rows: Sequence[Any]) -> Mapping[str, bytes]:
    section: Mapping[str, bytes] = merged(opened(vault.data_key(record, wrapped_key), rows, only=WANTED)).get("contacts", {})
    return section


def _residence(records: Iterable[Mapping[str, bytes]], today: date) -> Residence:
    """Of a child by all its records: where two of them say two states it is not known."""
    addresses: list[Address] = []
    guardians: list[Guardian] = []
    for one in records:
        addresses += _ADDRESSES.validate_json(one.get("addresses", b"[]"))
        guardians += _GUARDIANS.validate_json(one.get("guardians", b"[]"))
    return residence_of(addresses, guardians, today)
