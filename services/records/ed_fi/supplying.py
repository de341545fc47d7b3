"""One student's record, had from the district's own system at the moment when it is needed: in memory, and nowhere else.

It is read and mapped as a pull reads and maps it, so that what leaves is what would have been kept. All of it or nothing: where one
resource cannot be had that was there before, there is no record.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from anyio import to_thread

from safepassage.problems.ed_fi import EdFiSystemRefused
from safepassage.problems.records import UnreadableRoster
from safepassage.record import Provenance, StudentRecord
from safepassage.record.loads import LoadedRecord
from services.records.ed_fi.api import EdFiApi
from services.records.ed_fi.collecting import Bodies, all_of
from services.records.ed_fi.refused import RefusedFor
from services.records.formats.edfi_api import SOURCE, read_edfi_api
from services.records.formats.edfi_elements import ELEMENTS, elements_of
from services.records.formats.parsed import ParsedRoster
from services.records.kept_statements import with_statements
from services.records.left_with_source import Left, divided, joined, left_in, now_left, with_reach
from services.records.loading_rosters import loaded_of, over
from services.records.record_sources import NO_SECTION, STATEMENTS, Part, merged, parts_of, record_of
from services.records.tables import OWN, StudentRow


class NotAtSource(Exception):
    """The system no longer has the child."""


@dataclass(frozen=True)
class Supplied:
    """What the system said."""

    document: dict[str, Any] = field(repr=False)
    """The whole record with what other nodes sent, as `services.records.record_sources.merged` has it."""
    is_as_kept: bool
    """What is kept of it here, and what privacy was told, is as the system says now."""
    roster: ParsedRoster = field(repr=False)
    """To be stored where it is not."""


async def ask(api: EdFiApi, left: Left) -> Bodies:
    """All that the system has of the child. No student but this one is asked for.

    Raises NotAtSource, EdFiSystemUnavailable, EdFiSystemRefused.
    """
    bodies = await all_of(api, left.student_unique_id)
    if "students" not in bodies:
        raise RefusedFor("it does not let students be read any more", fault="no-students")
    if not bodies["students"]:
        raise NotAtSource
    # INVARIANT: no half record. A resource that may not be read any more looks like one without a body.
    if not _full(left.elements) <= elements_of(bodies):
        raise EdFiSystemRefused("it does not let be read what it did when the student was loaded")
    return bodies


async def supplied(bodies: Bodies, left: Left, student: StudentRow, parts: Sequence[Part], *, now: datetime) -> Supplied:
    """The record of what was said, and of what is kept. Raises EdFiSystemRefused for what is no student's."""
    try:
        roster = await to_thread.run_sync(lambda: read_edfi_api(bodies))
    except UnreadableRoster as error:
        raise EdFiSystemRefused("what it says of a student cannot be read") from error
    said = next((one.record for one in roster.students if one.source_id == left.student_unique_id), None)
    if said is None:
        raise EdFiSystemRefused("what it says of a student cannot be read")
    if {"contact-unknown", "incident-unknown"} & roster.findings.reasons.keys():
        raise EdFiSystemRefused("it names contacts or incidents that it does not let be read")
    own = [part for part in parts if part.source == OWN]
    held = loaded_of(record_of(merged(own)))
    whole = over(with_reach(held, said), said, carries=roster.carries, updates=roster.updates)
    record = with_statements(_with_provenance(whole, student, now), _statements(own, left))
    others = [part for part in parts if part.source != OWN]
    document = merged([*others, *parts_of(record, source=OWN, version=max(part.version for part in own))])
    elements = roster.carries | (roster.updates & set(said.elements()))
    return Supplied(document, _is_as_kept(record, left.model_copy(update={"elements": elements}), own), roster)


def _full(elements: frozenset[str]) -> frozenset[str]:
    """Those that some resource says in full."""
    return elements & elements_of(ELEMENTS)


def _with_provenance(record: LoadedRecord, student: StudentRow, now: datetime) -> StudentRecord:
    origin = Provenance(originating_agency=student.originating_agency, source_system=SOURCE, as_of=now)
    sections = dict(record.sections())
    return StudentRecord.model_validate({**sections, "provenance": dict.fromkeys(sections, origin)})


def _statements(own: Sequence[Part], left: Left) -> Any:
    held = record_of(merged([part for part in own if part.section not in NO_SECTION])).statements
    return joined(held, left.statements)


def _is_as_kept(record: StudentRecord, said: Left, own: Sequence[Part]) -> bool:
    """Whether a load of the same would change nothing of what is kept and told: then a decision on that is one on this."""
    held = left_in(own)
    now = now_left(said, held, record)
    kept, _ = divided(record, now)
    made = {part.section: part.members for part in parts_of(kept, source=OWN, version=1) if part.section != STATEMENTS}
    stored = {part.section: part.members for part in own if part.section not in (*NO_SECTION, STATEMENTS)}
    return held is not None and made == stored and (now.flags, now.military_service) == (held.flags, held.military_service)
