"""Which students a caller may ask about, and how much it hears. A student beyond its sight is a student who does not exist.

The same line as where records are read (decisions 8): those enrolled now at the caller's organisation or below it, and those whose record
it keeps; for the state agency all, by scope and purpose and not by its role.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from safepassage.problems.records import PurposeMissing
from services.privacy.own_organisations import own_organisations
from services.privacy.policy.calendar_days import Place
from shared.caller import Caller
from shared.contracts.privacy import SubjectFacts

STATE_SCOPE = "records:read:state"


def require_purpose_of_state(caller: Caller) -> None:
    """Raises NotPermitted, PurposeMissing: a state agency's client asks with the scope and the purpose with which it would read."""
    if caller.kind == "sea":
        caller.require(STATE_SCOPE)
        if caller.purpose is None:
            raise PurposeMissing


@dataclass(frozen=True)
class Sight:
    """What one caller sees."""

    organisation_ids: frozenset[UUID]
    """The caller's organisation and all below it."""

    @classmethod
    def of(cls, connection: Connection, organisation_id: UUID) -> "Sight":
        """Read in the snapshot in which the decision is made."""
        return cls(own_organisations(connection, organisation_id))

    def keeps(self, facts: SubjectFacts) -> bool:
        """The record is kept here: reasons and citations are told in full."""
        return facts.custodian_id in self.organisation_ids

    def sees(self, facts: SubjectFacts, now: datetime) -> bool:
        """The student may be asked about: attendance begins and ends at midnight where the student is."""
        try:
            today = Place.at(facts.time_zone, now).today
        except ValueError:
            return self.keeps(facts)
        return self.keeps(facts) or any(
            one.organisation_id in self.organisation_ids and one.from_ <= today and (one.until is None or today <= one.until)
            for one in facts.attendances
        )
