"""A record as its own agency loads it → what is stored: with its provenance, its place, and the student that it belongs to."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.record import Provenance, StudentRecord
from safepassage.record.loads import LoadedRecord
from services.records.kept_beside import Kept
from services.records.loading import Arriving
from services.records.loading_places import Belonging, Places
from services.records.lookup_tags import LookupTags
from services.records.tables import SourceIdRow


@dataclass(frozen=True)
class Known:
    """What was loaded for a source id before."""

    student_id: UUID
    content_tag: bytes


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
    provenance = {
        name: Provenance(
            originating_agency=originating_agency,
            source_system=source_system,
            as_of=as_of,
            contested_by=tuple(contested.get(name, ())),
        )
        for name in sections
    }
    return StudentRecord.model_validate({**sections, "provenance": provenance, "statements": loaded.statements})


def placed(
    loaded: LoadedRecord,
    *,
    places: Places,
    source_system: str,
    as_of: datetime,
    now: datetime,
    student_id: UUID | None = None,
    source_tag: bytes | None = None,
    kept: Kept | None = None,
) -> Placed:
    """Place a loaded record. Raises ValidationError where a statement contests a section that is not there."""
    where: Belonging = places.belonging(loaded, now.date())
    agency = str(where.custodian_id)
    arriving = Arriving(
        record=as_record(loaded, originating_agency=agency, source_system=source_system, as_of=as_of),
        custodian_id=where.custodian_id,
        originating_agency=agency,
        enrolled=where.enrolled,
        student_id=student_id,
        source_tag=source_tag,
        kept=kept,
    )
    return Placed(arriving, where.unresolved)


def tagged(one: Placed, tags: LookupTags, said: LoadedRecord | None) -> Placed:
    """With a keyed tag of what the source said and where it resolved: the same again need not be stored again."""
    place = "|".join(
        [str(one.arriving.custodian_id), *sorted(f"{e.organisation_id}/{e.entry_date}/{e.exit_date}" for e in one.arriving.enrolled)]
    )
    content = b"" if said is None else said.model_dump_json(exclude_none=True).encode()
    content += b"" if one.arriving.kept is None else json.dumps(one.arriving.kept, sort_keys=True).encode()
    return replace(one, arriving=replace(one.arriving, content_tag=tags.content(place.encode() + b"\0" + content)))


async def known_by_source(tx: AsyncSession, tags: Sequence[bytes]) -> Mapping[bytes, Known]:
    """What was loaded for these source ids before, by tag."""
    if not tags:
        return {}
    rows = (await tx.execute(select(SourceIdRow).where(SourceIdRow.tag.in_(tags)))).scalars()
    return {row.tag: Known(row.student_id, row.content_tag) for row in rows}
