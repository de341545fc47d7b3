"""What a source said of a student that the record has no place for: kept verbatim beside it, sealed as a part of its own. Pure.

It is no element: no agreement schedules it, no decision permits it, and nothing releases it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.records.record_sources import KEPT, Part

Kept = Mapping[str, Sequence[Any]]
"""Bodies by resource, as the source had them."""

_MEMBER: Final = "resources"


def kept_in(parts: Sequence[Part], source: str) -> dict[str, list[Any]]:
    """What is kept of a source, among a student's parts."""
    for part in parts:
        if part.section == KEPT and part.source == source:
            held: dict[str, list[Any]] = json.loads(part.members[_MEMBER])
            return held
    return {}


def part_kept(before: Sequence[Part], said: Kept | None, *, source: str, version: int) -> list[Part]:
    """The part to store: what was kept of the same source, with the resources of `said` in the place of those before; none for nothing."""
    there = {name: list(bodies) for name, bodies in (kept_in(before, source) | dict(said or {})).items() if bodies}
    if not there:
        return []
    return [Part(KEPT, source, version, {_MEMBER: json.dumps(there, ensure_ascii=False, separators=(",", ":")).encode()})]
