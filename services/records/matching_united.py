"""Who is this child, where records of the node were united: two records of one child are no two children. Pure.

A union takes away the doubt that the one record casts on the other, and nothing else: it never makes a record agree that does not.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from safepassage.wire_exchange import PersonSelector
from services.records.matching import Certain, Match, NeedsPerson, match, names_and_birth_agree
from services.records.matching_person import Candidate


@dataclass(frozen=True)
class OneChild:
    """Records of one child, as unions that stand say, and the one by which the child goes on."""

    records: frozenset[UUID]
    leading: UUID | None
    """None where the unions do not agree on one."""


def match_united(selector: PersonSelector, candidates: Sequence[Candidate], children: Collection[OneChild]) -> Match:
    """As `match`; a child of several records is certain where one of them would be, were the others not there.

    What is given then is the leading record. # INVARIANT: its own name and date of birth agree, whatever the others say; none of the
    child's records is of a multiple birth, and whoever else is near casts the doubt that they cast without the union.
    """
    outcome = match(selector, candidates)
    if not isinstance(outcome, NeedsPerson):
        return outcome
    for child in children:
        own = [one for one in candidates if one.student_id in child.records]
        leading = next((one for one in own if one.student_id == child.leading), None)
        if len(own) < 2 or leading is None or any(one.multiple_birth for one in own) or not names_and_birth_agree(selector, leading):
            continue
        others = [one for one in candidates if one.student_id not in child.records]
        if any(match(selector, [*others, one]) == Certain(one.student_id) for one in own):
            return Certain(leading.student_id)
    return outcome
