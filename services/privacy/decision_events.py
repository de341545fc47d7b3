"""What the log is told of a decision. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from safepassage.canonical import digest_of
from safepassage.wire_decisions import AccessRecord
from services.privacy.asked_by import AskedBy
from services.privacy.policy import GroupOutcome
from shared.contracts.audit import Context, Digests, Event
from shared.contracts.privacy import Decision, DecisionRequest

SEARCH: Final = "search"
DENIED: Final = "deny"


def events_of(event: Event, decision: Decision, *, students: Sequence[UUID], custodians: Sequence[UUID]) -> list[Event]:
    """The decision's behind-entry; two, where of several students some are denied everything and others are not.

    # INVARIANT: each student is in one of them. Whoever was denied all has the refused request in the record that 34 CFR 99.32(a)(1) asks
    for, whatever was permitted of others beside them.

    event       that it was decided, as `event_of` tells it of all of them
    custodians  who keeps the record of each student, in their order; none for a request about nobody
    """
    denied = {subject.student_id: subject.withheld for subject in decision.subjects if not subject.permitted}
    if not denied or event.context.outcome == DENIED or event.context.operation == SEARCH:
        return [event]
    kept_by = dict(zip(students, custodians, strict=True))
    reasons = {one.reason for withheld in denied.values() for one in withheld}
    refused = {"outcome": DENIED, "reason": reasons.pop() if len(reasons) == 1 else None, "elements": ()}
    others = {student: custodian for student, custodian in kept_by.items() if student not in denied}
    refusal = {"key": f"{event.key}:denied", "context": event.context.model_copy(update=refused), "digests": Digests()}
    return [
        _about(event, others),
        _about(event, {student: kept_by[student] for student in kept_by if student in denied}).model_copy(update=refusal),
    ]


def _about(event: Event, kept_by: Mapping[UUID, UUID]) -> Event:
    """The event about these students alone; `kept_by` says who keeps the record of each."""
    return event.model_copy(update={"subjects": tuple(kept_by), "custodians": _once(tuple(kept_by.values()))})


def event_of(
    request: DecisionRequest,
    decision: Decision,
    *,
    custodians: Sequence[UUID],
    permitted: Sequence[str],
    groups: Sequence[GroupOutcome],
    by: AskedBy,
    access: AccessRecord | None,
) -> Event:
    """That it was decided.

    custodians  who keeps the record of each student, in their order; none for a request about nobody
    permitted   elements that are permitted of any
    groups      students whose facts are alike, and what was withheld of them
    access      what an enforcement point was told, where one asked
    """
    searched, refused = access is not None and access.asked == "search", access is not None and not access.granted
    reasons = {one.reason for group in groups for one in group.withheld}
    said = request.transfer or request.licensure
    context = Context(
        operation=SEARCH if searched else request.action,
        outcome=DENIED if refused and not searched else decision.outcome,
        reason=reasons.pop() if len(reasons) == 1 else None if access is None else access.denied_as,
        purpose=request.purpose,
        basis=request.basis,
        recipient_organisation=request.recipient.id,
        recipient_node=request.recipient.node,
        exchange_id=request.exchange_id,
        decision_id=decision.id,
        consent_id=request.consent_id,
        agreement_id=request.agreement_id,
        elements=() if refused and not searched else tuple(permitted),
        policies=decision.policies[:64],
        citations=decision.citations[:64],
        request_digest=None if said is None else said.request_digest,
    )
    return Event.model_validate(
        {
            "class": "decision",
            "key": f"decision:{decision.id}",
            "subjects": request.subject_ids,
            "custodians": _once(custodians),
            "actor": by.actor,
            "context": context,
            "digests": Digests(decision=None if decision.token is None else digest_of(decision.token.encode())),
            "policy_hash": decision.policy_hash,
        }
    )


def _once(custodians: Sequence[UUID]) -> tuple[UUID, ...]:
    """As an event names them: one for all, where they are one."""
    return tuple(custodians[:1] if len(set(custodians)) == 1 else custodians)
