"""What privacy is told of a student, made from the record: the closed list of decisions 3, and nothing else. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from safepassage.record import Sections, StudentRecord
from safepassage.record.contacts import Guardian
from services.records.postsecondary import attendance_of
from shared.contracts.privacy import Flag, MilitaryService, MilitaryStatus, SubjectFacts

NOT_MILITARY = frozenset({"", "no", "none", "not", "unknown", "notmilitaryconnected", "notapplicable"})
NOT_IN_IT = frozenset({"no", "n", "false"})
"""Statuses of a child who was asked about and is not migratory: no duty to send records early runs for it (20 U.S.C. 6398(b))."""
MILITARY_STATUS: Final[Mapping[str, MilitaryStatus]] = {
    "activeduty": "active-duty",
    "guardorreserveonorders": "guard-or-reserve-on-orders",
    "nationalguardorreserveonorders": "guard-or-reserve-on-orders",
    "guardorreserveinactive": "guard-or-reserve-inactive",
    "nationalguardorreserveinactive": "guard-or-reserve-inactive",
    "medicallydischarged": "medically-discharged-or-retired",
    "medicallyretired": "medically-discharged-or-retired",
    "medicallydischargedorretired": "medically-discharged-or-retired",
    "deceased": "died",
    "died": "died",
    "diedonactiveduty": "died",
    "diedofinjuries": "died",
    "retired": "retired",
    "veteran": "veteran",
    "civilian": "civilian",
    "civilianemployee": "civilian",
}
"""Codes as sources spell them, letters alone. CEDS 001576 has ActiveDuty and NationalGuardOrReserve: the second does not say whether orders
call to active duty, which is what the compact asks (Art. III(A)(1), (C)(1)), so it stays not known."""


@dataclass(frozen=True)
class EnrolledAt:
    """Membership in an organisation of this node. `exit_date` is its last day."""

    organisation_id: UUID
    entry_date: date
    exit_date: date | None = None


class Beyond(Protocol):
    """What a decision rests on of a part of the record that the node does not keep."""

    @property
    def flags(self) -> frozenset[Flag]:
        """As `flags_of` it."""

    @property
    def military_service(self) -> MilitaryService | None:
        """As `military_service_of` it."""


def facts_of(
    record: StudentRecord,
    *,
    student_id: UUID,
    facts_version: int,
    custodian_id: UUID,
    originating_agency: str,
    enrolled: Sequence[EnrolledAt],
    time_zone: str,
    jurisdiction: str,
    now: datetime,
    same_child: Iterable[UUID] = (),
    beyond: Beyond | None = None,
) -> SubjectFacts | None:
    """The facts, or None while the record has no date of birth: then privacy knows no such subject, and nothing is disclosed.

    beyond  what only the part would show that is not here

    Attendances are in one order, whatever the store's: what was the same record gives the same facts.
    """
    born = record.identity.birth_date if record.identity else None
    if born is None:
        return None
    attends = attendance_of(record, now.astimezone(ZoneInfo(time_zone)).date())
    return SubjectFacts.model_validate(
        {
            "student_id": student_id,
            "facts_version": facts_version,
            "custodian_id": custodian_id,
            "originating_agency": originating_agency,
            "attendances": tuple(
                {"organisation_id": one.organisation_id, "from": one.entry_date, "until": one.exit_date}
                for one in sorted(enrolled, key=lambda one: (one.entry_date, one.organisation_id))
            ),
            "birth_date": born.birth_date,
            "time_zone": time_zone,
            "attends_postsecondary": attends.postsecondary,
            "postsecondary_until": attends.postsecondary_until,
            "secondary_until": attends.secondary_until,
            "jurisdiction": jurisdiction,
            "flags": flags_of(record) | (beyond.flags if beyond else frozenset()) | ({"dual-enrollment"} if attends.dual else frozenset()),
            "military_service": military_service_of(record) or (beyond.military_service if beyond else None),
            "same_child": tuple(sorted(one for one in same_child if one != student_id)),
            "rights_holders": tuple(_rights_holder(one, born.birth_date) for one in _guardians(record) if one.rights and one.person_id),
        }
    )


def flags_of(record: Sections) -> frozenset[Flag]:
    """Flags on which a forbid, an obligation or a duty may rest. What was once so and has ended still counts: the data is still there.

    All but `dual-enrollment`, which says whose rights they are today (postsecondary).
    """
    special, programmes, contacts, demographics = record.special_education, record.programmes, record.contacts, record.demographics
    flags: set[Flag] = set()
    if special and (special.iep or (special.eligibility and special.eligibility.eligible)):
        flags.add("special-education")
    if special and special.early_intervention:
        flags.add("part-c")
    if programmes and programmes.foster:
        flags.add("foster")
    if programmes and programmes.homeless:
        flags.add("homeless")
    if programmes and programmes.migrant and _letters(programmes.migrant.status.code) not in NOT_IN_IT:
        flags.add("migrant")
    if demographics and demographics.military_connection and not _says_no(demographics.military_connection.status.code):
        flags.add("military")
    places = [*(contacts.addresses or () if contacts else ()), *(place for one in _guardians(record) for place in one.addresses or ())]
    if any(place.protected for place in places):
        flags.add("protected-address")
    return frozenset(flags)


def military_service_of(record: Sections) -> MilitaryService | None:
    """Of a parent, as the record has it; None where nobody serves."""
    held = record.demographics.military_connection if record.demographics else None
    if held is None or _says_no(held.status.code):
        return None
    status = MILITARY_STATUS.get(_letters(held.status.code), "not-known")
    return MilitaryService(status=status, since=held.begin_date, until=held.end_date)


def _says_no(code: str) -> bool:
    """The code says that nobody serves, or that it is not known; sources spell it in many ways."""
    return _letters(code) in NOT_MILITARY


def _letters(code: str) -> str:
    return re.sub(r"[^a-z]", "", code.lower())


def _guardians(record: Sections) -> tuple[Guardian, ...]:
    return (record.contacts.guardians or ()) if record.contacts else ()


def _rights_holder(guardian: Guardian, born: date) -> dict[str, Any]:
    """The members of a RightsHolder."""
    assert guardian.rights is not None  # noqa: S101 the caller has filtered
    return {
        "person_id": guardian.person_id,
        "relation": _relation(guardian.relation.code),
        "from": guardian.rights.begin_date or born,
        "ended_on": guardian.rights.ended_on,
        "ended_by": guardian.rights.ended_by,
    }


@lru_cache(maxsize=256)
def _relation(code: str) -> str:
    """A source's word for a relation as one of privacy's: there are few."""
    return re.sub(r"[^a-z0-9._:-]+", "-", code.lower()).strip("-._:")[:64] or "other"
