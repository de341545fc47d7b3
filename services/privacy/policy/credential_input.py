"""From evidence to facts, where an educator's credentials are asked for: what privacy knows of an educator is the application. Pure."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from safepassage.wire_educator_application import EducatorApplication
from safepassage.wire_evidence import Evidence
from services.privacy.policy.organisation_tree import OrganisationTree
from services.privacy.policy.party_facts import asker_facts, is_on_record, is_vouched_for, licensure_facts
from services.privacy.policy.policy_input import ASKING, ApplicationFacts, PolicyInput, RecipientFacts
from services.privacy.policy.policy_input import Evidence as EvidenceNamed
from services.privacy.policy.time_values import milliseconds_of
from shared.contracts.privacy import CREDENTIAL_ACTIONS, DecisionRequest


def credential_input(
    request: DecisionRequest, *, now: datetime, caller_organisation_id: UUID | None, tree: OrganisationTree, evidence: Iterable[Evidence]
) -> PolicyInput:
    """The input of the decision on `request`, which asks for an educator's credentials, at the instant `now`.

    tree      the recipient and who keeps the credentials, with all above them, as known
    evidence  what the request names, as far as it is on record; everything but an educator's application supports nothing here

    Raises ValueError if the request is about students.
    """
    if request.action not in CREDENTIAL_ACTIONS or request.subjects:
        raise ValueError("a request about students")
    educator, licensure = request.educator, request.licensure
    at, applications = milliseconds_of(now), [one for one in evidence if isinstance(one.of, EducatorApplication)]
    facts = None if educator is None else _application(request, applications, at)
    return PolicyInput(
        action=request.action,
        application=facts,
        asker=asker_facts(request, caller_organisation_id, tree) if request.action in ASKING else None,
        basis=request.basis,
        elements=tuple(sorted(set(request.elements))),
        evidence=EvidenceNamed(
            asserted_by=None if licensure is None else licensure.asserted_by,
            held=tuple(sorted(one.id for one in applications)) or None,
            request_digest=None if licensure is None else licensure.request_digest,
        ),
        holds_until=facts.ends_at if facts is not None and facts.ends_at > at else None,
        licensure=None if licensure is None else licensure_facts(request.recipient, licensure),
        now=at,
        purpose=request.purpose,
        recipient=_recipient(request, caller_organisation_id, tree, now),
        subjects=() if educator is None else ((str(educator.educator_id), 1, 0),),
    )


def _application(request: DecisionRequest, applications: Iterable[Evidence], now: int) -> ApplicationFacts | None:
    """Of several that are named the first one that supports it, else the first."""
    found = [_facts(request, one, one.of) for one in applications if isinstance(one.of, EducatorApplication)]
    fitting = (
        one
        for one in found
        if one.about_educator and one.for_discloser and one.names_recipient and one.begins_at <= now < one.ends_at and one.elements
    )
    return next(fitting, found[0] if found else None)


def _facts(request: DecisionRequest, held: Evidence, of: EducatorApplication) -> ApplicationFacts:
    educator = request.educator
    ends = [of.valid_until] if held.revoked_at is None else [of.valid_until, held.revoked_at]
    return ApplicationFacts(
        about_educator=educator is not None and of.educator_id == educator.educator_id,
        begins_at=milliseconds_of(of.valid_from),
        elements=tuple(sorted(set(of.elements))),
        ends_at=min(map(milliseconds_of, ends)),
        for_discloser=educator is not None and of.agency_id == educator.custodian_id,
        names_recipient=of.recipient_id == request.recipient.id,
    )


def _recipient(request: DecisionRequest, caller: UUID | None, tree: OrganisationTree, now: datetime) -> RecipientFacts:
    """Behind a peer: vouched for by the peer's verified, signed request. Here: on record, and the caller's or below it."""
    recipient, licensure = request.recipient, request.licensure
    if recipient.node is not None:
        known = authenticated = is_vouched_for(recipient, licensure)
    else:
        known = is_on_record(recipient, tree, now)
        authenticated = bool(tree.upward(caller)) if caller and request.action in ASKING else False
    return RecipientFacts(authenticated=authenticated, id=recipient.id, in_exchange=True, kind=recipient.kind, known=known)
