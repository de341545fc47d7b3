"""Nobody: the student of an agency in whose place the log has requests for a child who is not there. Who counts students leaves it out."""

from functools import lru_cache
from typing import Final
from uuid import UUID, uuid5

_NAMES: Final = UUID("0d1f6f4e-5a0b-5c8e-9a54-6e6f626f6479")


@lru_cache(maxsize=64)
def nobody_of(organisation_id: UUID) -> UUID:
    """The id, one for all who are not at an agency; no student has it, whose ids are random or of their time (RFC 9562)."""
    return uuid5(_NAMES, f"student of {organisation_id}")


def agency_of_nobody(organisation_id: UUID) -> str:
    """Where that student comes from: an agency that nobody knows."""
    return str(uuid5(_NAMES, f"agency of {organisation_id}"))
