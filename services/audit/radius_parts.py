"""The students of a count in parts of a bounded size, each the bytes of so many ids. Pure."""

from collections.abc import Collection, Iterator
from typing import Final
from uuid import UUID

AT_ONCE_IN_A_PART: Final = 1_000
"""Students. The parts but the last are full."""
ID_BYTES: Final = 16


def cut(students: Collection[UUID]) -> Iterator[bytes]:
    """Their ids in an order that says nothing of what was done when, cut into parts."""
    ordered = sorted(students)
    for start in range(0, len(ordered), AT_ONCE_IN_A_PART):
        yield b"".join(student.bytes for student in ordered[start : start + AT_ONCE_IN_A_PART])


def ids_of(part: bytes) -> tuple[UUID, ...]:
    """The students of a part."""
    return tuple(UUID(bytes=part[start : start + ID_BYTES]) for start in range(0, len(part), ID_BYTES))
