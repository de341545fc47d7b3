"""From an outcome of the rules to an answer: is the decision true, and what may this caller hear of it? Pure."""

from dataclasses import dataclass
from uuid import UUID

from safepassage.canonical import canonical_json, digest_of
from safepassage.wire_access import AccessAnswer, AccessDecision, AccessFault, AccessWithheld, Denial
from safepassage.wire_decisions import Withheld
from services.privacy.policy import GroupOutcome, Outcome, PolicySet
from shared.contracts.privacy import Decision, DecisionRequest

NO_SUCH_STUDENT: Denial = "no-such-student"
UNSAID = "withheld"
"""The reason that is told where the true one is a fact of a student whose record another agency keeps."""


@dataclass(frozen=True)
class Verdict:
    """Whether the enforcement point may act on what the rules permit."""

    granted: bool
    denied_as: Denial | None = None
    unsupported: tuple[str, ...] = ()


def verdict_on(outcome: Outcome, *, seen: bool, partial: bool, supported: frozenset[str]) -> Verdict:
    """True only for all that was asked, or for a part where that was asked for; and only if every obligation can be met.

    # INVARIANT: an obligation that the enforcement point does not say it supports makes the decision false.
    """
    if not seen:
        return Verdict(granted=False, denied_as=NO_SUCH_STUDENT)
    if outcome.outcome == "deny":
        return Verdict(granted=False, denied_as="not-permitted")
    if outcome.outcome == "permit-with-redaction" and not partial:
        return Verdict(granted=False, denied_as="partly-permitted")
    unsupported = tuple(sorted({one.kind for one in outcome.obligations} - supported))
    if unsupported:
        return Verdict(granted=False, denied_as="obligation-not-supported", unsupported=unsupported)
    return Verdict(granted=True)


def answer(decision: Decision, verdict: Verdict, *, in_full: bool) -> AccessDecision:
    """The answer to one evaluation of one student. `in_full`: the caller keeps the record, and may hear every reason."""
    (subject,) = decision.subjects
    return AccessDecision(
        decision=verdict.granted,
        context=AccessAnswer(
            outcome=decision.outcome,
            denied_as=verdict.denied_as,
            permitted=subject.permitted,
            withheld=tuple(_told(one, in_full) for one in subject.withheld),
            obligations=decision.obligations if verdict.granted else (),
            unsupported_obligations=verdict.unsupported,
            statement_ids=_statements_with(decision, subject.permitted) if verdict.granted else (),
            citations=decision.citations if in_full or not subject.withheld else (),
            decision_id=decision.id,
            decided_at=decision.decided_at,
            valid_until=decision.valid_until,
            policy_hash=decision.policy_hash,
            reviewed=decision.reviewed,
        ),
    )


def fault(found: AccessFault) -> AccessDecision:
    """The answer to an evaluation that was not made."""
    return AccessDecision(decision=False, context=AccessAnswer(error=found))


def unseen_input(request: DecisionRequest) -> bytes:
    """What is recorded of a question about a student whom the caller does not see, held here or not: the question alone, canonical."""
    return canonical_json({"v": 1, "unseen": request.model_dump(mode="json", by_alias=True, exclude_none=True)})


def unseen_outcome(recorded_input: bytes, elements: tuple[str, ...], policy_set: PolicySet) -> Outcome:
    """The outcome of such a question."""
    withheld = tuple(Withheld(element=element, reason=NO_SUCH_STUDENT, same_for_every_student=True) for element in elements)
    return Outcome(
        groups=(GroupOutcome((), withheld),),
        group_of=((None, 0),),
        policies=(),
        citations=(),
        obligations=(),
        reviewed=policy_set.reviewed,
        alerts=(),
        holds_until_milliseconds=None,
        policy_hash=policy_set.policy_hash,
        input_hash=digest_of(recorded_input),
    )


def _statements_with(decision: Decision, permitted: tuple[str, ...]) -> tuple[UUID, ...]:
    """The statements of disagreement that relate to what may be released, by element or by section."""
    leaving = {*permitted, *(element.partition(".")[0] for element in permitted)}
    return tuple(one.id for of in decision.statements for one in of.statements if not leaving.isdisjoint(one.relates_to))


def _told(one: Withheld, in_full: bool) -> AccessWithheld:
    if in_full or one.same_for_every_student:
        return AccessWithheld(element=one.element, reason=one.reason, policy=one.policy, citation=one.citation)
    return AccessWithheld(element=one.element, reason=UNSAID)
