"""A decision is a pure function of what was recorded: it is run again from its row, and must be the same to the bit."""

import json

from safepassage.canonical import digest_of
from safepassage.problems.privacy import DecisionNotReproduced, PolicySetNotHeld
from safepassage.wire_decisions import Reproduction
from services.privacy.access.answers import unseen_outcome
from services.privacy.policy import PolicySet, reproduce
from services.privacy.recorded import RecordedRow, open_input, open_outcome
from services.privacy.sealing import Sealer


def reproduction_of(row: RecordedRow, sealer: Sealer, policy_set: PolicySet) -> Reproduction:
    """The recorded input leads to the recorded outcome. Raises SealBroken, PolicySetNotHeld, DecisionNotReproduced."""
    if row.policy_hash != policy_set.policy_hash:
        raise PolicySetNotHeld
    recorded_input, recorded_outcome = open_input(sealer, row), open_outcome(sealer, row)
    try:
        again = _again(recorded_input, policy_set)
    except ValueError as error:
        raise DecisionNotReproduced from error
    if again != recorded_outcome:
        raise DecisionNotReproduced
    return Reproduction(
        decision_id=row.id, policy_hash=row.policy_hash, input_hash=digest_of(recorded_input), outcome_hash=digest_of(recorded_outcome)
    )


def _again(recorded_input: bytes, policy_set: PolicySet) -> bytes:
    """The outcome of a recorded input. Raises ValueError where it is of no known form."""
    if recorded_input.startswith(b'{"unseen":'):
        asked = json.loads(recorded_input)["unseen"]
        return unseen_outcome(recorded_input, tuple(asked["elements"]), policy_set).canonical()
    return reproduce(recorded_input, policy_set)
