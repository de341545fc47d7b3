"""Which student of the node a child is whom another node names: among all who may be the child, with what unions say of them."""

from collections.abc import Sequence

from sqlalchemy import Connection

from safepassage.wire_exchange import PersonSelector
from services.records.matching import Match, NeedsPerson, match
from services.records.matching_candidates import find_candidates
from services.records.matching_person import Candidate
from services.records.matching_united import match_united
from services.records.same_child import children_of
from services.records.vault import Vault


def child_here(connection: Connection, vault: Vault, selector: PersonSelector) -> tuple[Match, list[Candidate]]:
    """The child, or who may be, and all who were looked at. Raises SealBroken."""
    candidates = find_candidates(connection, vault, selector)
    return match_with_unions(connection, selector, candidates), candidates


def match_with_unions(connection: Connection, selector: PersonSelector, candidates: Sequence[Candidate]) -> Match:
    """As `match_united`, of the unions that stand; they are looked for where they could take a doubt away."""
    outcome = match(selector, candidates)
    if isinstance(outcome, NeedsPerson) and len(candidates) > 1:
        return match_united(selector, candidates, children_of(connection, [one.student_id for one in candidates]))
    return outcome
