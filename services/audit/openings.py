"""Opening what is sealed, for those who may see it: the custodian of the student, or the state agency for a purpose (decisions 7).

# INVARIANT: nothing is opened for a vendor or a peer, and nothing of another organisation's student for anybody but the state.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Any, Final, NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from safepassage.leaf import Leaf, parse_leaf
from safepassage.problems.log import PurposeMissing
from safepassage.problems.requests import NotPermitted
from services.audit.driver import Driver
from services.audit.leaves import leaves_at
from services.audit.sealed_parts import SealedPart, in_pieces, parts_at
from services.audit.sealing import Opened, entry_binding, open_sealed
from services.audit.stored_tree import HashesMissing
from services.audit.subject_keys import SubjectKeys
from services.audit.tables import OrganisationRow
from shared.caller import Caller
from shared.tenancy import within

CUSTODIANS = frozenset({"sea", "lea", "school"})
PARTS_AT_ONCE: Final = 1_000
"""Sealed parts that are opened in one go, some 20 ms; each student of an entry is one."""
THREATS_SCOPE: Final = "evidence:sealed"


class Sight(NamedTuple):
    """Whose students a caller may see entries about."""

    whole_state: bool
    organisations: frozenset[UUID]
    threats: bool = False
    """The caller may read what an emergency's threat was."""

    def covers(self, custodian: UUID | None) -> bool:
        """True if the caller may see what is about a student whose records `custodian` keeps; None: not known."""
        return self.whole_state or (custodian is not None and custodian in self.organisations)


async def sight_of(tx: AsyncSession, caller: Caller) -> Sight:
    """What a caller may see. Raises NotPermitted for vendors, agencies and peers; PurposeMissing for the state without a purpose."""
    if caller.kind not in CUSTODIANS:
        raise NotPermitted("the log is opened for those who keep the records")
    threats = THREATS_SCOPE in caller.claims.scopes
    if caller.kind == "sea":
        if caller.purpose is None:
            raise PurposeMissing
        return Sight(True, frozenset(), threats)
    below: list[Any] = list(await tx.scalars(within(OrganisationRow, caller.organisation_id)))
    return Sight(False, frozenset({caller.organisation_id, *below}), threats)


class Place(NamedTuple):
    """An entry's log and index."""

    log: int
    at: int


@dataclass
class SubjectPart:
    """A student whom an entry is about."""

    position: int
    opened: Opened

    @cached_property
    def custodian(self) -> UUID | None:
        """Who keeps the student's records."""
        return _uuid(self.opened.payload.get("custodian"))

    @cached_property
    def student(self) -> UUID | None:
        """The student; None in an entry about nobody."""
        return _uuid(self.opened.payload.get("student"))


@dataclass
class OpenedEntry:
    """An entry and what could be opened of it."""

    origin: str
    place: Place
    entry: bytes
    leaf: Leaf
    subjects: list[SubjectPart] = field(default_factory=list)
    actor: Opened | None = None
    context: Opened | None = None
    threat_kept_back: bool = False
    """The context is without an emergency's threat, so that it no longer gives the leaf's commitment."""
    held: list[int] = field(default_factory=list)
    """Parts whose sealed rows were looked at, opened or not."""
    closed: dict[int, bytes] = field(default_factory=dict)
    """Those of them that have no key here, with its id."""

    @property
    def logged_at(self) -> datetime:
        """When, to the second."""
        return datetime.fromtimestamp(self.leaf.t, UTC)

    def seen_by(self, sight: Sight) -> "OpenedEntry | None":
        """The entry as `sight` covers it: only its own students; who and what only if there is one of them. None if there is none."""
        own = [part for part in self.subjects if sight.covers(part.custodian)]
        if not own and not sight.whole_state:
            return None
        seen = OpenedEntry(self.origin, self.place, self.entry, self.leaf, own, self.actor, self.context)
        if self.context is not None and "threat" in self.context.payload and not sight.threats:
            told = {name: value for name, value in self.context.payload.items() if name != "threat"}
            seen.context, seen.threat_kept_back = self.context._replace(payload=told), True
        return seen


async def open_entries(
    tx: AsyncSession,
    keys: SubjectKeys,
    places: Sequence[Place],
    *,
    tags: Collection[bytes] | None = None,
    classes: Collection[str] = (),
) -> list[OpenedEntry]:
    """Open entries, in the order of `places`. What was destroyed stays closed.

    tags     of pages about many students open only those with these tags; None opens all
    classes  leave out entries of other classes; empty leaves out none

    Others get their turn between pieces of PARTS_AT_ONCE: a page of entries may be about a hundred thousand students.
    """
    entries: dict[Place, OpenedEntry] = await tx.run_sync(partial(_closed, places=places, classes=classes))
    ciphers: dict[bytes, AESGCM | None] = {}
    for year in sorted({place.log for place in entries}):
        indices = sorted(place.at for place in entries if place.log == year)
        for piece in await tx.run_sync(partial(_pieces, year=year, indices=indices, tags=tags)):
            await tx.run_sync(partial(_open_piece, entries=entries, keys=keys, ciphers=ciphers, year=year, piece=piece, tags=tags))
            await asyncio.sleep(0)
    return [entries[place] for place in places if place in entries]


def _closed(session: Session, *, places: Sequence[Place], classes: Collection[str]) -> dict[Place, OpenedEntry]:
    """The entries of these classes, not opened yet."""
    driver = Driver(session.connection())
    origins = dict(driver.rows("SELECT year, origin FROM log"))
    by_log: dict[int, set[int]] = defaultdict(set)
    for place in places:
        by_log[place.log].add(place.at)
    entries: dict[Place, OpenedEntry] = {}
    for year, indices in by_log.items():
        leaves = leaves_at(driver, year, sorted(indices))
        if len(leaves) != len(indices):
            raise HashesMissing
        for at, entry in leaves.items():
            leaf = parse_leaf(entry)
            if not classes or leaf.class_ in classes:
                entries[Place(year, at)] = OpenedEntry(origins[year], Place(year, at), entry, leaf)
    return entries


def _pieces(session: Session, *, year: int, indices: list[int], tags: Collection[bytes] | None) -> list[list[int]]:
    """Where only some tags are opened, an entry has few parts."""
    most = PARTS_AT_ONCE
    if tags is not None:
        return [indices[start : start + most] for start in range(0, len(indices), most)]
    return in_pieces(Driver(session.connection()), year, indices, most=most)


def _open_piece(
    session: Session,
    *,
    entries: Mapping[Place, OpenedEntry],
    keys: SubjectKeys,
    ciphers: dict[bytes, AESGCM | None],
    year: int,
    piece: Sequence[int],
    tags: Collection[bytes] | None,
) -> None:
    """Open what is sealed of these entries.

    ciphers  those that were looked for; None where there is none. Of a student in many entries the key is unwrapped once
    """
    driver = Driver(session.connection())
    sealed = parts_at(driver, year, piece, tags=tags)
    wanted = {part.key_id for part in sealed} - ciphers.keys()
    if wanted:
        ciphers |= dict.fromkeys(wanted) | keys.find_with(driver, list(wanted))
    for part in sealed:
        _open_part(entries[Place(year, part.at)], part, ciphers)


def _open_part(entry: OpenedEntry, part: SealedPart, ciphers: Mapping[bytes, AESGCM | None]) -> None:
    entry.held.append(part.part)
    cipher = ciphers.get(part.key_id)
    if cipher is None:
        entry.closed[part.part] = part.key_id
        return
    bound_to = entry_binding(entry.origin, str(entry.leaf.id))
    groups = open_sealed(cipher, part.groups, bound_to=bound_to)
    entry.actor, entry.context = groups.get("actor", entry.actor), groups.get("context", entry.context)
    if "subject" in groups:
        entry.subjects.append(SubjectPart(max(part.part - 1, 0), groups["subject"]))


def _uuid(value: object) -> UUID | None:
    return UUID(value) if isinstance(value, str) else None
