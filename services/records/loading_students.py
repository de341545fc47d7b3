"""A record as its own agency loads it → what is stored: with its provenance, its place, and the student that it belongs to."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Literal
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.record import Provenance, StudentRecord
from safepassage.record.loads import LoadedRecord
from services.records.kept_beside import Kept
from services.records.left_with_source import Left
from services.records.loading import Arriving
from services.records.loading_places import Belonging, Places
from services.records.lookup_tags import LookupTags
from services.records.record_sources import written_sections
from services.records.tables import SourceIdRow
from shared import prepared


@dataclass(frozen=True)
class Known:
    """What was loaded for a source id before."""

    student_id: UUID
    content_tag: bytes
    read_tag: bytes | None = None
    """By which it is known that nothing need be read (roster_as_before)."""


@dataclass(frozen=True)
class Placed:
    """A record that is ready to be stored, and whether its enrolment resolved."""

    arriving: Arriving
    unresolved: bool


def as_record(loaded: LoadedRecord, *, originating_agency: str, source_system: str, as_of: datetime) -> StudentRecord:
    """The record with its provenance: what the node knows of who loaded it, and which statements contest which section."""
    contested: dict[str, list[UUID]] = {}
    for statement in loaded.statements:
        for section in sorted(statement.sections):
            contested.setdefault(section, []).append(statement.id)
    sections = dict(loaded.sections())
    origin = _origin(originating_agency, source_system, as_of)
    provenance = {
        name: origin.model_copy(update={"contested_by": tuple(contested[name])}) if name in contested else origin for name in sections
    }
    return StudentRecord.model_validate({**sections, "provenance": provenance, "statements": loaded.statements})


@lru_cache(maxsize=64)
def _origin(originating_agency: str, source_system: str, as_of: datetime) -> Provenance:
    """Many records of a load have the same."""
    return Provenance(originating_agency=originating_agency, source_system=source_system, as_of=as_of)


def placed(
    loaded: LoadedRecord,
    *,
    places: Places,
    source_system: str,
    as_of: datetime,
    today: date,
    student_id: UUID | None = None,
    source_tag: bytes | None = None,
    kept: Kept | None = None,
    left: Left | Literal["as-before"] | None = "as-before",
) -> Placed:
    """Place a loaded record; `today` is where the loader is. Raises ValidationError where a statement contests a section that is absent."""
    where: Belonging = places.belonging(loaded, today)
    agency = str(where.custodian_id)
    arriving = Arriving(
        record=as_record(loaded, originating_agency=agency, source_system=source_system, as_of=as_of),
        custodian_id=where.custodian_id,
        originating_agency=agency,
        enrolled=where.enrolled,
        student_id=student_id,
        source_tag=source_tag,
        kept=kept,
        left=left,
    )
    return Placed(arriving, where.unresolved)


def tagged(one: Placed, tags: LookupTags, said: LoadedRecord | None, text: bytes, left: bytes = b"") -> Placed:
    """With a keyed tag of what the source said and where it resolved: the same again need not be stored again.

    text  `json_of(said)`; empty where the source said nothing
    left  what is said of the part that stays with the source, of which `said` has nothing then
    """
    where = Belonging(one.arriving.custodian_id, one.arriving.enrolled, one.unresolved)
    tag = content_tag(tags, where, text, one.arriving.kept, left)
    written = {} if said is None or left else written_sections(said, text)
    return replace(one, arriving=replace(one.arriving, content_tag=tag, written=written))


def content_tag(tags: LookupTags, where: Belonging, text: bytes, kept: Kept | None, left: bytes = b"") -> bytes:
    """As `tagged` has it, of a record that nothing is to be written of: most often it is the one that is here."""
    return tags.content(_where(where) + text + _beside(kept) + left)


def _where(where: Belonging) -> bytes:
    enrolled = sorted(f"{e.organisation_id}/{e.entry_date}/{e.exit_date}" for e in where.enrolled)
    return "|".join([str(where.custodian_id), *enrolled]).encode() + b"\0"


def _beside(kept: Kept | None) -> bytes:
    if kept is None:
        return b""
    return json.dumps(kept, sort_keys=True).encode() if any(kept.values()) else _nothing_beside(tuple(kept))


@lru_cache(maxsize=64)
def _nothing_beside(resources: tuple[str, ...]) -> bytes:
    """Of most students of a load nothing is kept, of the same resources."""
    return json.dumps({resource: [] for resource in resources}, sort_keys=True).encode()


async def known_by_source(tx: AsyncSession, tags: Sequence[bytes]) -> Mapping[bytes, Known]:
    """What was loaded for these source ids before, by tag."""
    if not tags:
        return {}
    rows = await tx.run_sync(lambda session: prepared.rows(session.connection(), _KNOWN, {"tags": list(tags)}))
    return {row.tag: Known(row.student_id, row.content_tag, row.read_tag) for row in rows}


_KNOWN = select(SourceIdRow.tag, SourceIdRow.student_id, SourceIdRow.content_tag, SourceIdRow.read_tag).where(
    SourceIdRow.tag.in_(bindparam("tags", expanding=True))
)
