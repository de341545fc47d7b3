"""A written consent as the rules read it, each condition of 34 CFR 99.30 a fact of its own."""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from safepassage.wire_policy import Consent
from services.privacy.policy.calendar_days import Place
from services.privacy.policy.policy_input import ConsentFacts
from services.privacy.policy.rights import parental_rights
from services.privacy.policy.time_values import milliseconds_of
from shared.contracts.privacy import Recipient, SubjectFacts

AUTHENTICATED_LEVELS = ("ial2", "ial3")
"""Levels of NIST SP 800-63A at which a particular person was identified, 99.30(d)(1); ial1 is a claim."""

AHEAD: Final = timedelta(days=1)
"""Who recorded it may have had tomorrow already where they are, and has held it to that (services.privacy.rights.latest_day)."""


def consent_facts(
    consent: Consent, student: SubjectFacts, recipient: Recipient, place: Place, *, refused: Collection[str] = ()
) -> ConsentFacts:
    """The facts of a consent about `student`, whose calendar is `place`; `refused` by another parent."""
    holds, ended_at = _rights(consent, student, place)
    return ConsentFacts(
        approval_indicated=bool(consent.electronic_approval),
        dated=consent.signed_on <= consent.granted_at.astimezone(place.zone).date() + AHEAD,
        elements=tuple(sorted(set(consent.elements))),
        expires_at=None if consent.expires_at is None else milliseconds_of(consent.expires_at),
        granted_at=milliseconds_of(consent.granted_at),
        grantor_holds_rights=holds,
        grantor_rights_ended_at=ended_at,
        grantor_role=consent.grantor_role,
        names_recipient=recipient.id == consent.recipient_id,
        purposes=tuple(sorted(set(consent.purposes))),
        refused=tuple(sorted(refused)),
        signature=consent.signature,
        signed=bool(consent.document),
        source_authenticated=consent.acting_for.assurance_level in AUTHENTICATED_LEVELS,
        withdrawn_at=None if consent.withdrawn_at is None else milliseconds_of(consent.withdrawn_at),
    )


def _rights(consent: Consent, student: SubjectFacts, place: Place) -> tuple[bool, int | None]:
    """Is the grantor one who holds or held rights in this role; and the instant at which a binding document ends them, if one does."""
    person = consent.acting_for.person_id
    if consent.grantor_role == "student":
        return person == student.student_id, None
    holds, ends_on = parental_rights(student, person, place)
    return holds, None if ends_on is None else place.begins(ends_on)
