"""Facts of students on their way to privacy: many in one call, so that a vendor need not wait long after a load."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from shared.contracts.privacy import SubjectFacts
from shared.contracts.subject_batches import SubjectsTaken
from shared.outbox import Outbox
from shared.outbox_lanes import Together
from shared.outbox_rows import Sealing, row_that_tells

LANE: Final = "facts"
PATH: Final = "/internal/subjects"


def telling(outbox: Outbox, facts: SubjectFacts) -> dict[str, Any]:
    """The row that tells privacy, for `outbox.add_to`. `send_facts_together` says how it goes."""
    return outbox.row_to_tell("privacy", "POST", PATH, facts, lane=LANE)


def told_by_a_job(facts: SubjectFacts, *, sealing: Sealing, now: datetime) -> dict[str, Any]:
    """The same row, where a job works on the store beside the service."""
    return row_that_tells("privacy", "POST", PATH, facts, lane=LANE, sealing=sealing, now=now)


def send_facts_together(outbox: Outbox) -> None:
    """Have `outbox` send what waits of the lane in one call; a student whose facts are refused stops no other's."""
    outbox.together[LANE] = Together("privacy", PATH, "subjects", _refused_in)


def _refused_in(answer: bytes) -> Mapping[int, str]:
    return {one.place: one.code for one in SubjectsTaken.model_validate_json(answer).refused}
