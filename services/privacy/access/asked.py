"""From what an enforcement point sends to what is decided on: defaults filled in, words checked. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ValidationError

from safepassage.wire_access import AccessContext, AccessEvaluation, AccessEvaluations, AccessFault, AccessPart
from shared.contracts.privacy import DecisionRequest
from shared.problems import invalid_request

NOT_VALID = "access-request-not-valid"


@dataclass(frozen=True)
class Asked:
    """One evaluation: what is decided on, and what it takes for the decision to be true."""

    student_id: UUID | None
    """None for an id that no student can have."""
    request: DecisionRequest
    """Without its student: under which version of the facts is known when they are read."""
    partial: bool
    supported: frozenset[str]


def asked_of(evaluation: AccessEvaluation) -> Asked:
    """What an evaluation asks."""
    request = request_of(
        {"kind": evaluation.subject.type, "id": evaluation.subject.id},
        action=evaluation.action.name,
        basis=evaluation.action.properties.basis,
        purpose=evaluation.action.properties.purpose,
        elements=evaluation.resource.properties.elements,
        context=evaluation.context,
    )
    return Asked(
        student_of(evaluation.resource.id),
        request,
        partial=evaluation.resource.properties.partial,
        supported=frozenset(evaluation.context.supported_obligations),
    )


def request_of(
    recipient: Mapping[str, str], *, action: str, basis: str, purpose: str, elements: tuple[str, ...], context: AccessContext
) -> DecisionRequest:
    """The request to the rules, with evidence by its ids; facts are loaded, never taken from here."""
    return DecisionRequest.model_validate(
        {
            "action": action,
            "subjects": (),
            "recipient": recipient,
            "basis": basis,
            "purpose": purpose,
            "elements": tuple(dict.fromkeys(elements)),
            "consent_id": context.consent_id,
            "agreement_id": context.agreement_id,
            "evidence_ids": context.evidence_ids,
            "recipient_proof": None if context.recipient_proof is None else context.recipient_proof.model_dump(),
        }
    )


def student_of(identifier: str) -> UUID | None:
    """The student whose id it is. What is no id is the id of nobody."""
    try:
        return UUID(identifier)
    except ValueError:
        return None


def each_of(several: AccessEvaluations) -> tuple[Asked | AccessFault, ...]:
    """What is asked, one by one; an evaluation that is not whole is a fault of its own, and stops no other."""
    return tuple(_whole(several, part) for part in several.evaluations or (AccessPart(),))


def _whole(defaults: AccessPart, part: AccessPart) -> Asked | AccessFault:
    try:
        return asked_of(
            AccessEvaluation.model_validate(
                {
                    "subject": _entity(defaults.subject, part.subject, "type", "id"),
                    "action": _entity(defaults.action, part.action, "name"),
                    "resource": _entity(defaults.resource, part.resource, "type", "id"),
                    "context": part.context or defaults.context or AccessContext(),
                }
            )
        )
    except ValidationError as error:
        problem = invalid_request(error)
        return AccessFault(code=NOT_VALID, field=problem.field, detail=str(problem))


def _entity(default: BaseModel | None, given: BaseModel | None, *required: str) -> dict[str, Any]:
    """The one that is given, whole, or else the default; what it must have and has not comes from the default."""
    chosen = given or default
    if chosen is None:
        return {}
    members = {name: value for name, value in vars(chosen).items() if value is not None}
    held = {} if default is None else {name: getattr(default, name) for name in required if getattr(default, name) is not None}
    return held | members
