"""By what a student who was read is known when the very same comes again: a keyed tag, and what was told meanwhile, sealed beside it. Pure.

The tag is over what reading rested on, what is held of the source, and the loader's organisations. What was told holds for the days that
are sealed with it. Whatever of these is another now, the student is read anew.
"""

from collections.abc import Collection
from datetime import date
from typing import Any, Final, NamedTuple

import msgspec

from services.records.formats.edfi_as_before import Told
from services.records.formats.parsed import ParsedStudent
from services.records.loading_places import Places, same_until
from services.records.lookup_tags import LookupTags
from services.records.vault import DataKey

SECTION: Final = "as-read"


class AsRead(NamedTuple):
    """What is sealed."""

    first: date
    last: date
    """Between these days no enrolment of the student begins or ends."""
    told: Told


class ReadMark(NamedTuple):
    """What is kept, before it is sealed."""

    tag: bytes
    """`LookupTags.as_read`."""
    said: bytes
    """AsRead as JSON."""

    @classmethod
    def of(
        cls, one: ParsedStudent, tags: LookupTags, places: Places, *, carries: Collection[str], content_tag: bytes, today: date
    ) -> "ReadMark | None":
        """Of a student who was read; None for one who is read each time, as one whose enrolments the roster does not say in full.

        carries  elements that the roster says in full
        """
        enrollment = None if one.record is None else one.record.enrollment
        if one.rests_on is None or enrollment is None or "enrollment.enrollments" not in carries:
            return None
        said = AsRead(today, same_until(enrollment.enrollments or (), today), one.rests_on.told)
        return cls(tag_of(tags, places, content_tag, one.rests_on.digest), msgspec.json.encode(said))

    def sealed(self, key: DataKey, source_tag: bytes) -> bytes:
        """With the student's data key."""
        return key.seal(self.said, section=SECTION, source=source_tag.hex(), version=0)


def tag_of(tags: LookupTags, places: Places, content_tag: bytes, digest: bytes) -> bytes:
    """The tag of a student with this digest of what reading rests on."""
    return tags.as_read(content_tag, places.mark + digest)


def opened_mark(key: DataKey, row: Any) -> AsRead:
    """What is kept in a SourceIdRow. Raises SealBroken."""
    return _DECODER.decode(key.open(row.read_sealed, section=SECTION, source=row.tag.hex(), version=0))


_DECODER: Final = msgspec.json.Decoder(AsRead)
