"""What an export will be, fixed when it is planned: which entries each part looks at. Pure.

A plan is not kept: it is signed and comes back with each part, so that an export goes on where it was cut off, in any replica, and no file
of what the log tells lies anywhere in the node.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from safepassage.export_manifest import plan_digest
from safepassage.problems.exports import ExportTokenInvalid, NoSuchPart, PartsMissing
from safepassage.problems.requests import InvalidRequest
from safepassage.wire_exports import ExportedPart, ExportedRange, ExportPlan
from shared.cursors import Cursors

PART_ENTRIES: Final = 5_000
PART_OPENED: Final = 50_000
"""Sealed parts that are opened for a part of an export, about: more than a second of the processor's, of the ten that a caller waits."""
PLAN_HOLDS: Final = timedelta(days=7)


class Piece(NamedTuple):
    """The entries [start, end) of one log that a part looks at."""

    range: ExportedRange
    start: int
    end: int


def parts_of(ranges: Sequence[ExportedRange], *, part_entries: int) -> int:
    """How many parts the ranges are."""
    return sum(-(-(one.end - one.start) // part_entries) for one in ranges)


def entries_of_a_part(opened_of_an_entry: float) -> int:
    """At how many entries each part of an export looks. Of a log whose entries are about a thousand students each it is a hundredth.

    opened_of_an_entry  sealed parts that each has, on the average
    """
    return max(1, min(PART_ENTRIES, int(PART_OPENED / opened_of_an_entry)))


def piece_of(plan: ExportPlan, part: int) -> Piece:
    """What part `part` looks at. Raises NoSuchPart."""
    left = part
    for one in plan.ranges:
        here = -(-(one.end - one.start) // plan.part_entries)
        if left < here:
            start = one.start + left * plan.part_entries
            return Piece(one, start, min(start + plan.part_entries, one.end))
        left -= here
    raise NoSuchPart(field="part")


class ExportTokens:
    """Signs plans and parts for the client that they were made for, and knows them again."""

    def __init__(self, cursors: Cursors, client_id: str) -> None:
        self._cursors, self._client = cursors, client_id

    def of_plan(self, plan: ExportPlan) -> str:
        """The token of a plan."""
        return self._cursors.sign({"plan": plan_digest(plan)}, bound_to=f"export:{self._client}")

    def of_part(self, plan: ExportPlan, part: ExportedPart) -> str:
        """The token of a part that was given out."""
        return self._cursors.sign(part.model_dump(mode="json"), bound_to=f"export-part:{self._client}:{plan.id}")

    def require_plan(self, plan: ExportPlan, token: str, *, now: datetime) -> None:
        """Raises ExportTokenInvalid unless this node made the plan for this client, at most a week ago."""
        if (
            self._read(token, f"export:{self._client}") != {"plan": plan_digest(plan)}
            or not plan.planned_at <= now < plan.planned_at + PLAN_HOLDS
        ):
            raise ExportTokenInvalid(field="token")

    def parts(self, plan: ExportPlan, tokens: Sequence[str]) -> tuple[ExportedPart, ...]:
        """The parts by kind and number.

        Raises ExportTokenInvalid; PartsMissing unless the entries are complete, and the proofs too or not there at all.
        """
        read = [ExportedPart.model_validate(self._read(token, f"export-part:{self._client}:{plan.id}")) for token in tokens]
        found = {(one.kind, one.part): one for one in read}
        numbers = range(plan.parts)
        wanted = {("entries", number) for number in numbers}
        with_proofs = wanted | {("proofs", number) for number in numbers}
        if len(found) != len(tokens) or set(found) not in (wanted, with_proofs):
            raise PartsMissing(field="parts")
        return tuple(found[key] for key in sorted(found))

    def _read(self, token: str, bound_to: str) -> dict[str, Any]:
        try:
            return self._cursors.read(token, bound_to=bound_to) or {}
        except InvalidRequest:
            raise ExportTokenInvalid(field="token") from None
