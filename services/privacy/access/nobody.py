"""Nobody: opened in the place of a student who is not held, so that it takes as long to tell as for one whom the caller may not see.

For a student beyond a caller's sight the facts are read and opened, since they say where the student is enrolled; then nothing more is
looked for. So one is opened for a student who does not exist too: facts that are made up, of a common size, sealed as a student's are.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID, uuid5

from services.privacy.sealing import Sealer
from services.privacy.subjects import open_facts, sealed_row
from shared.contracts.privacy import Attendance, RightsHolder, SubjectFacts

NAMES: Final = UUID("5b0a7c7e-8f0f-5f3c-9d1c-6e6f626f6479")


def _named(name: str) -> UUID:
    return uuid5(NAMES, name)


_FACTS: Final = SubjectFacts(
    student_id=_named("student"),
    facts_version=1,
    custodian_id=_named("district"),
    originating_agency=str(_named("district")),
    attendances=tuple(Attendance(organisation_id=_named(place), **{"from": date(2024, 8, 20)}) for place in ("school", "district")),
    birth_date=date(2012, 3, 4),
    time_zone="America/Los_Angeles",
    jurisdiction="US-XA",
    rights_holders=tuple(RightsHolder(person_id=_named(who), relation=who, **{"from": date(2012, 3, 4)}) for who in ("mother", "father")),
)


@dataclass
class _Row:
    """A row of `subject` that is in no store."""

    student_id: UUID
    custodian_id: UUID
    facts_version: int
    sealed: bytes


class Nobody:
    """Of one process: sealed once, and again under each new version of the key-encryption key."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self._row: _Row | None = None

    def opened(self) -> SubjectFacts:
        """Facts of nobody, opened as those of a student."""
        if self._row is None or not self._sealer.is_newest(self._row.sealed):
            self._row = _Row(**sealed_row(self._sealer, _FACTS))
        return open_facts(self._sealer, self._row)
