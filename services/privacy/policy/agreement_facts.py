"""A written agreement as the rules read it: its kind, its period, its schedule, and where it has each clause that the law asks for."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from safepassage.wire_evidence import AnyAgreement
from safepassage.wire_policy import AgreementAmendment, StateClause, Subprocessor
from services.privacy.policy.calendar_days import Place
from services.privacy.policy.policy_input import AgreementFacts
from services.privacy.policy.time_values import milliseconds_of
from shared.contracts.privacy import Recipient

CLAUSES: Final[Mapping[str, Mapping[str, str]]] = {
    "contractor": {},
    "audit-evaluation": {
        "designation": "99.35(a)(3)(i)",
        "information": "99.35(a)(3)(ii)(A)",
        "purpose": "99.35(a)(3)(ii)(B)",
        "activity": "99.35(a)(3)(ii)(C)",
        "destruction": "99.35(a)(3)(iii)",
        "destruction_period": "99.35(a)(3)(iv)",
        "protection": "99.35(a)(3)(v)",
    },
    "study": {
        "purpose_and_scope": "99.31(a)(6)(iii)(C)(1)",
        "use_limit": "99.31(a)(6)(iii)(C)(2)",
        "no_identification": "99.31(a)(6)(iii)(C)(3)",
        "destruction": "99.31(a)(6)(iii)(C)(4)",
    },
}
"""Of each kind: the member that says where a mandatory clause stands, and the paragraph that asks for it."""

CONTRACTOR: Final = ("direct_control", "institutional_service", "legitimate_interest", "redisclosure_limits")


def agreement_facts(agreement: AnyAgreement, recipient: Recipient, place: Place) -> AgreementFacts:
    """An agreement with its amendments; its days are those of the state agency's calendar, `place`."""
    amended = amendment_in_force(agreement, place)
    scheduled = agreement if amended is None else amended
    clauses = {clause.clause for clause in state_clauses_in_force(agreement, place)}
    clauses |= {paragraph for member, paragraph in CLAUSES[agreement.kind].items() if getattr(agreement, member)}
    return AgreementFacts.model_validate(
        {
            "clauses": tuple(sorted(clauses)),
            "elements": tuple(sorted(set(scheduled.elements))),
            "ends_at": place.begins(agreed_end(agreement, place)),
            "kind": agreement.kind,
            "names_recipient": recipient.node is None and recipient.id == str(agreement.recipient_id),
            "purposes": tuple(sorted(set(scheduled.purposes))),
            "signed": bool(agreement.document) and agreement.signed_on <= place.today,
            "starts_at": place.begins(agreement.starts_on),
            "terminated_at": None if agreement.terminated_at is None else milliseconds_of(agreement.terminated_at),
        }
        | {member: bool(getattr(agreement, member, None)) for member in CONTRACTOR}
    )


def amendment_in_force(agreement: AnyAgreement, place: Place) -> AgreementAmendment | None:
    """The last amendment that was signed and has begun; None if the agreement stands as it was made."""
    begun = _begun(agreement, place)
    return begun[-1] if begun else None


def agreed_end(agreement: AnyAgreement, place: Place) -> date:
    """The day on which it ends by all that was signed so far, also by an amendment that begins later.

    No amendment begins after the end before it, so that until that day it holds, under whatever schedule; what is owed at the end is owed
    then.
    """
    return [agreement.ends_on, *(it.ends_on for it in agreement.amendments if it.signed_on <= place.today)][-1]


def amended_from(agreement: AnyAgreement, place: Place) -> tuple[int, ...]:
    """The instants at which amendments begin: the schedule of before holds until then."""
    return tuple(place.begins(max(it.from_, it.signed_on)) for it in agreement.amendments)


def state_clauses_in_force(agreement: AnyAgreement, place: Place) -> tuple[StateClause, ...]:
    """Those of the last amendment in force that says any: one that is silent leaves those of before it, not those of the beginning."""
    said = [it.state_clauses for it in _begun(agreement, place) if it.state_clauses is not None]
    return said[-1] if said else agreement.state_clauses


def subprocessors_in_force(agreement: AnyAgreement, place: Place) -> tuple[Subprocessor, ...]:
    """As `state_clauses_in_force`."""
    said = [it.subprocessors for it in _begun(agreement, place) if it.subprocessors is not None]
    return said[-1] if said else agreement.subprocessors


def _begun(agreement: AnyAgreement, place: Place) -> list[AgreementAmendment]:
    return [it for it in agreement.amendments if it.signed_on <= place.today and it.from_ <= place.today]
