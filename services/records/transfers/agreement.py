"""Do both sides' evidence of a transfer agree? What the receiving side has signed, against what the sending side has on record. Pure.

34 CFR 99.31(a)(2) permits the disclosure where the child is enrolled or seeks to enrol. That one district says so is the evidence of the
law; that the sending side's own record fits to it is the safeguard against a claim that is mistaken or false.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from safepassage.wire_exchange import EnrollmentEvidence
from safepassage.wire_transfers import HoldCode

STANDS_FOR: Final = timedelta(days=180)
"""A claim of another district counts so long after the day from which it claims the child, unless it was taken back."""

DECEASED: Final = frozenset({"73064", "01923", "died", "deceased", "studentdied", "diedorispermanentlyincapacitated"})
"""Codes of an exit as sources spell them, letters and digits alone; CEDS 000110. 01923 covers permanent incapacity too: a person looks."""
INSTITUTION: Final = frozenset(
    {"01917", "73077", "transferredtoaninstitution", "incarcerated", "transferredtoajuveniledetentionfacility"}
    | {"transferredtoajuvenileoradultcorrectionalfacility"}
)


@dataclass(frozen=True)
class StandingClaim:
    """Another request for the same child that has not ended."""

    request_id: UUID
    requester: str
    exchange_id: UUID
    evidence: EnrollmentEvidence


@dataclass(frozen=True)
class Membership:
    """An enrolment here. `exit_date` is its last day."""

    entry_date: date
    exit_date: date | None = None

    def goes_on(self, today: date) -> bool:
        """It has not ended: an end may be on record that is still to come."""
        return self.exit_date is None or self.exit_date >= today


@dataclass(frozen=True)
class SendingSide:
    """What the sending side has on record of the child's enrolment."""

    enrolled: tuple[Membership, ...]
    last_exit: str | None
    """The code of the latest exit, where the latest enrolment has ended."""
    claims: tuple[StandingClaim, ...]
    """Of others than the one that is looked at."""
    ended: bool = False
    """The claim that is looked at does not stand any more: taken back by the peer, or refused by a person here."""


def disagreements(asserted: EnrollmentEvidence, requester: str, side: SendingSide, today: date) -> tuple[HoldCode, ...]:
    """Why the record is held; nothing where both sides' evidence agrees.

    That the child still has an open enrolment here is no disagreement: it began before the day from which the other side claims the child,
    and the sending school often hears of the move by this request.
    """
    found: list[HoldCode] = []
    if not side.enrolled:
        found.append("not-enrolled-here")
    if any(one.goes_on(today) and one.entry_date > asserted.entry_date for one in side.enrolled):
        found.append("concurrent-enrollment")
    if competing(asserted, requester, side.claims, today):
        found.append("concurrent-claims")
    word = re.sub(r"[^a-z0-9]", "", (side.last_exit or "").lower())
    if word in DECEASED:
        found.append("recorded-as-deceased")
    if word in INSTITUTION:
        found.append("recorded-in-institution")
    return tuple(found)


def competing(asserted: EnrollmentEvidence, requester: str, claims: Sequence[StandingClaim], today: date) -> tuple[StandingClaim, ...]:
    """Of other claims to the child those that stand, and that are not of the same district."""
    return tuple(
        one
        for one in claims
        if today <= one.evidence.entry_date + STANDS_FOR and not _same_claimant(asserted, requester, one.evidence, one.requester)
    )


def _same_claimant(one: EnrollmentEvidence, of_one: str, other: EnrollmentEvidence, of_other: str) -> bool:
    """One organisation that asks again, or two of one district by their NCES ids, whose first seven digits are the district's."""
    mine, theirs = one.receiving_organisation, other.receiving_organisation
    if of_one != of_other:
        return False
    same_district = mine.nces_id is not None and theirs.nces_id is not None and mine.nces_id[:7] == theirs.nces_id[:7]
    return mine.id == theirs.id or same_district
