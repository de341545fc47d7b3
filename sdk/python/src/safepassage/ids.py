"""Identifiers: UUIDv7 sorts by the time it was made; a student's id is UUIDv4, so that it tells nothing."""

import secrets
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def uuid7(now: datetime) -> UUID:
    """A UUID of version 7 (RFC 9562 section 5.7) for the instant `now`: 48 bits of milliseconds, 74 random bits.

    Not in the standard library before Python 3.14.
    """
    milliseconds = int(now.timestamp() * 1000)
    random = secrets.randbits(74)
    value = milliseconds << 80 | 0x7 << 76 | (random >> 62) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    return UUID(int=value)


def first_uuid7(at: datetime) -> UUID:
    """No UUIDv7 of the instant `at` or later is smaller, and every earlier one is: where a list by id begins or ends at an instant.

    Before 1970 there is none, so that whatever begins there begins with the first of all.
    """
    return UUID(int=uuid7(max(at, EPOCH)).int >> 80 << 80)


def milliseconds_of(identifier: UUID) -> int:
    """When a UUIDv7 was made, in milliseconds since the epoch."""
    return identifier.int >> 80
