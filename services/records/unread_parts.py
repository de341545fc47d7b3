"""What a peer of a later version said in a record and this one does not know: the record as it came, sealed as a part of its own.

It is no section: no agreement schedules it, no decision permits it, and nothing releases it. Whoever keeps the record sees it beside the
record (kept_resources); once this node knows more, the record is read again (reading_again).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, literal_column, select

from safepassage.elements import BY_ID
from safepassage.unread import Unread
from services.records.record_sources import SENT_IN_PART, UNREAD, Part, chosen_sources
from services.records.tables import SectionRow

_ELEMENTS: Final = "elements"
_IN_PART: Final = "in_part"
_RECORD: Final = "record"
NAMES: Final = frozenset({_ELEMENTS, _IN_PART})
"""The members of the parts that name what is not whole, and say nothing of it."""


def unread_in(parts: Sequence[Part], source: str) -> Unread | None:
    """What of the source's record was not known when it was read last, or not whole when it was sent."""
    found = {part.section: part.members for part in parts if part.source == source and part.section in (UNREAD, SENT_IN_PART)}
    if not found:
        return None
    unread, sent = found.get(UNREAD, {}), found.get(SENT_IN_PART, {})
    elements, in_part, sent_in_part = (
        tuple(json.loads(members.get(name, b"[]"))) for members, name in ((unread, _ELEMENTS), (unread, _IN_PART), (sent, _IN_PART))
    )
    return Unread(elements, in_part, unread.get(_RECORD, b""), sent_in_part)


def read_in_part(parts: Sequence[Part]) -> frozenset[str]:
    """Elements of this version's own of which the one record says less than a peer did: read without something, or not at all, or sent so.

    Neither what the peer said is told by that, nor that there is an element that this version does not know: nobody has agreed to it.
    """
    unread = [part for part in parts if part.section in (UNREAD, SENT_IN_PART)]
    chosen = chosen_sources(parts) if unread else {}
    named = ((part, element) for part in unread for member in NAMES for element in json.loads(part.members.get(member, b"[]")))
    return frozenset(
        element for part, element in named if element in BY_ID and chosen.get(BY_ID[element].section, part.source) == part.source
    )


def part_unread(unread: Unread | None, *, source: str, version: int) -> list[Part]:
    """The parts to store: none where all is known and whole."""
    if unread is None:
        return []
    parts = []
    if unread.not_known:
        members = {_ELEMENTS: _text(unread.elements), _IN_PART: _text(unread.in_part), _RECORD: unread.record}
        parts.append(Part(UNREAD, source, version, members))
    if unread.sent_in_part:
        parts.append(Part(SENT_IN_PART, source, version, {_IN_PART: _text(unread.sent_in_part)}))
    return parts


def said_of(unread: Unread) -> dict[str, Any]:
    """Each element of which something is not known, as the peer said it."""
    record: Mapping[str, Any] = json.loads(unread.record)
    return {element: record[section][member] for element in unread.not_known for section, _, member in [element.partition(".")]}


def still_unread(connection: Connection) -> list[tuple[UUID, str]]:
    """Students and exchanges of whose record not all is read."""
    query = select(SectionRow.student_id, SectionRow.source).where(_IS_UNREAD).order_by(SectionRow.student_id)
    return [(row.student_id, row.source) for row in connection.execute(query)]


_IS_UNREAD = SectionRow.section == literal_column(f"'{UNREAD}'")
"""With the word itself: for one that is bound, the partial index is of no use."""


def _text(value: Sequence[str]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
