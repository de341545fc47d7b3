"""What the store has of a unit of destruction: a student's school year, or what the node's own key of a school year seals."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.disclosures.disclosure_record import phase_of
from services.audit.drafts import KINDS
from services.audit.openings import OpenedEntry, Place, open_entries
from services.audit.retention.classes import school_year_ends
from services.audit.retention.rules import KeptEntry, Told
from services.audit.subject_index import IndexRow, Window, entries_about, rows_about
from services.audit.subject_keys import SubjectKeys
from services.audit.tables import DisclosureCopyRow, RedisclosureRow, SealedRow, SegmentRow, SubjectKeyRow
from shared.contracts.audit import Context

OPENED_AT_ONCE: Final = 500
CLEARED: Final = "destruction-cleared"
"""privacy's word for a clearance (services.privacy.destructions)."""


class StudentYear(NamedTuple):
    """What is there of a student in a school year."""

    school_year: int
    key_id: bytes
    rows: Sequence[IndexRow]
    entries: Sequence[KeptEntry]
    custodian: UUID | None
    """The newest one."""
    copy_owed: bool


class NodeYear(NamedTuple):
    """What is there under the node's own key of a school year."""

    school_year: int
    key_id: bytes
    ranges: Mapping[int, tuple[int, int]]
    """By log, the first index of the school year and the one behind its last."""
    entries: int
    pages_of_students: int


async def student_years(tx: AsyncSession, keys: SubjectKeys, student: UUID, school_years: Collection[int]) -> list[StudentYear]:
    """Of those school years (of all, if none is named) each that has a key of the student, oldest first."""
    tags = await keys.tags_by_epoch(tx, str(student))
    found = []
    for school_year in sorted(tags):
        tag = tags[school_year]
        if (school_years and school_year not in school_years) or await tx.get(SubjectKeyRow, tag) is None:
            continue
        rows = await rows_about(tx, tag)
        places = [Place(row.log, row.idx) for row in rows]
        entries, custodian = [], None
        for start in range(0, len(places), OPENED_AT_ONCE):
            for opened in await open_entries(tx, keys, places[start : start + OPENED_AT_ONCE], tags=[tag]):
                entries.append(kept_entry(opened))
                custodian = custodian if not opened.subjects else opened.subjects[0].custodian or custodian
        found.append(StudentYear(school_year, tag, rows, entries, custodian, await _copy_owed(tx, places)))
    return found


async def node_years(tx: AsyncSession, keys: SubjectKeys, school_years: Collection[int]) -> list[NodeYear]:
    """Of those school years each that has a key of the node, oldest first."""
    tags = await keys.tags_by_epoch(tx, None)
    found = []
    for school_year in sorted(set(school_years) & set(tags)):
        if await tx.get(SubjectKeyRow, tags[school_year]) is None:
            continue
        ranges = await _ranges(tx, school_year)
        entries = pages = 0
        for log, (start, end) in ranges.items():
            here = (SealedRow.log == log) & (SealedRow.idx >= start) & (SealedRow.idx < end)
            own = select(func.count()).where(here, SealedRow.part == 0, SealedRow.key_id == tags[school_year])
            entries += await tx.scalar(own) or 0
            pages += await tx.scalar(select(func.count(SealedRow.idx.distinct())).where(here, SealedRow.part > 0)) or 0
        found.append(NodeYear(school_year, tags[school_year], ranges, entries, pages))
    return found


def kept_entry(opened: OpenedEntry) -> KeptEntry:
    """What the rules know of an entry about one student; what does not open counts as whatever keeps it."""
    custodian = opened.subjects[0].custodian if opened.subjects else None
    if opened.context is None or opened.actor is None or custodian is None:
        return KeptEntry(opened.leaf.class_, opened.logged_at, True, None)
    context = Context.model_validate(opened.context.payload)
    named = (opened.actor.payload.get("organisation_id"), context.recipient_organisation, context.originating_organisation)
    organisations = frozenset({custodian, *(one for one in map(_organisation, named) if one is not None)})
    return KeptEntry(opened.leaf.class_, opened.logged_at, phase_of(opened.leaf.class_, context, custodian) is not None, organisations)


async def told_of_end(tx: AsyncSession, keys: SubjectKeys, student: UUID, clearance_id: UUID) -> Told | None:
    """What the log tells of the end of a student's records; None if it knows nothing of that clearance."""
    tags = await keys.tags(tx, str(student))
    clearance, asked = None, []
    for entry in await _opened(tx, keys, tags, ("rights",)):
        context = _context(entry)
        if context is not None and (context.operation, context.about) == (CLEARED, f"destruction:{clearance_id}"):
            clearance = entry
        elif context is None or context.operation != CLEARED:
            asked.append(entry.place)
    if clearance is None:
        return None
    cleared = clearance.place
    used_since = await _used_since(tx, keys, tags, cleared)
    return Told(clearance.logged_at, used_since, any(one > cleared for one in asked))


async def _used_since(tx: AsyncSession, keys: SubjectKeys, tags: Sequence[bytes], cleared: Place) -> bool:
    """Whether the student's records were disclosed behind a place, however often the agency itself has read them since."""
    window = Window(since=cleared, kinds=[KINDS[name] for name in ("disclosure", "read")])
    while places := await entries_about(tx, tags, window, limit=OPENED_AT_ONCE):
        for entry in await open_entries(tx, keys, places, tags=tags):
            context = _context(entry)
            custodian = entry.subjects[0].custodian if entry.subjects else None
            if context is None or phase_of(entry.leaf.class_, context, custodian) == "disclosure":
                return True
        window = window.after(places[-1])
    return False


async def _opened(tx: AsyncSession, keys: SubjectKeys, tags: Sequence[bytes], classes: Sequence[str]) -> list[OpenedEntry]:
    places = await entries_about(tx, tags, Window(kinds=[KINDS[name] for name in classes]), limit=OPENED_AT_ONCE)
    return await open_entries(tx, keys, places, tags=tags)


def _context(entry: OpenedEntry) -> Context | None:
    return None if entry.context is None else Context.model_validate(entry.context.payload)


def _organisation(value: object) -> UUID | None:
    """An organisation of this node; None for one behind a peer."""
    if isinstance(value, UUID):
        return value
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


async def _copy_owed(tx: AsyncSession, places: Sequence[Place]) -> bool:
    """Whether a copy of the record of one of the entries is due to a district, and not given: 34 CFR 99.32(b)(2)(iii)."""
    row = RedisclosureRow
    for start in range(0, len(places), OPENED_AT_ONCE):
        some = places[start : start + OPENED_AT_ONCE]
        query = select(row.idx).outerjoin(DisclosureCopyRow, DisclosureCopyRow.id == row.copy_id)
        for log in sorted({place.log for place in some}):  # of one log alone SQLite uses an index for several
            indices = [place.at for place in some if place.log == log]
            if (
                await tx.scalar(query.where(row.log == log, row.idx.in_(indices), DisclosureCopyRow.given_at.is_(None)).limit(1))
                is not None
            ):
                return True
    return False


async def _ranges(tx: AsyncSession, school_year: int) -> dict[int, tuple[int, int]]:
    begins, ends = (int(school_year_ends(year).timestamp()) for year in (school_year - 1, school_year))
    ranges = {}
    for log in (school_year - 1, school_year):
        query: Any = select(func.min(SegmentRow.start), func.max(SegmentRow.start + SegmentRow.count))
        start, end = (await tx.execute(query.where(SegmentRow.log == log, SegmentRow.t >= begins, SegmentRow.t < ends))).one()
        if start is not None:
            ranges[log] = (start, end)
    return ranges
