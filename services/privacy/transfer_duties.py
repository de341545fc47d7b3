"""The duty to send a transferring child's record, beside the permission to: a request that is permitted, or denied, may be overdue."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from safepassage.wire_organisations import Organisation
from services.privacy.clocks.compact_coverage import coverage
from services.privacy.duties import Clock
from services.privacy.policy.calendar_days import zone_of
from shared.contracts.privacy import DecisionRequest, SubjectFacts

BY_FLAG: Final[Mapping[str, str]] = {
    "special-education": "idea-send-records",
    "homeless": "mckinney-vento-send-records",
    "foster": "foster-send-records",
    "military": "mic3-send-records",
    "migrant": "migrant-send-records",
}
"""What the law asks of the school that a child left, by what the facts say of the child."""


def transfer_clocks(
    request: DecisionRequest, subjects: Sequence[SubjectFacts], organisations: Mapping[UUID, Organisation], *, now: datetime
) -> tuple[Clock, ...]:
    """The clocks that a request of another state's school starts, whatever is decided on it. Pure.

    They run from the receipt of the request, as records says, for each agency that keeps the child's record, once for an exchange.
    """
    return tuple(_clocks(request, subjects, organisations, now))


def _clocks(
    request: DecisionRequest, subjects: Sequence[SubjectFacts], organisations: Mapping[UUID, Organisation], now: datetime
) -> Iterator[Clock]:
    transfer = request.transfer
    if request.action == "request" or request.finding or transfer is None or request.exchange_id is None:
        return
    for subject in subjects:
        keeper = organisations.get(subject.custodian_id)
        if keeper is None:
            continue
        begins_at = min(now, transfer.received_at or now)
        for flag in BY_FLAG.keys() & subject.flags:
            if flag == "military" and not _may_be_covered(subject, keeper, begins_at):
                continue
            yield Clock(
                BY_FLAG[flag],
                keeper.id,
                keeper.time_zone,
                begins_at,
                about=f"exchange:{request.exchange_id}",
                student_id=subject.student_id,
            )


def _may_be_covered(subject: SubjectFacts, keeper: Organisation, at: datetime) -> bool:
    """The compact covers the child on the day on which the request came, as its keeper counts days; or it is not known that it does not."""
    day = at.astimezone(zone_of(keeper.time_zone)).date()
    return coverage(subject.military_service, agency_kind=keeper.kind, on=day).answer != "not-covered"
