"""Whether a peer's request is one that this node answers at all. Pure; nothing here depends on the child, so a refusal gives its reason."""

from datetime import datetime, timedelta

from safepassage.claims import CLOCK_SKEW_SECONDS
from safepassage.elements import SECTIONS
from safepassage.finding import SECTIONS as OF_A_FINDING
from safepassage.problems.exchanges import EvidenceNotAccepted, PurposeNotServed, UnknownSection
from safepassage.request import Selector
from safepassage.wire_exchange import EnrollmentEvidence, Official
from safepassage.wire_licensure import BASIS, PURPOSE, LicensureEvidence
from safepassage.wire_licensure import SECTIONS as OF_EDUCATORS

SERVED = frozenset({("enrollment", "transfer"), ("enrollment", "consent"), (PURPOSE, BASIS)})
"""Pairs of purpose and basis for which this node answers other nodes."""

ATTESTED_FOR = timedelta(days=90)
"""An attestation older than that says nothing of today's enrolment."""

AHEAD = timedelta(days=550)
"""A child seeks to enrol for the next school year, not for a later one."""


def require_servable(selector: Selector, now: datetime) -> None:
    """Raises PurposeNotServed, UnknownSection, EvidenceNotAccepted (`field` names the member)."""
    if (selector.purpose, selector.basis) not in SERVED or (selector.consent_id is not None) != (selector.basis in ("consent", BASIS)):
        raise PurposeNotServed
    if (selector.educator is not None) != (selector.basis == BASIS):
        raise PurposeNotServed("on an educator's application for that educator's credentials, and for nothing else")
    _require_attested_lately(selector.evidence.official, now)
    if selector.educator is not None:
        if tuple(selector.sections) != OF_EDUCATORS or selector.attachments is not None:
            raise UnknownSection(field="sections")
        if isinstance(selector.evidence, LicensureEvidence) and selector.evidence.applied_on > now.date() + timedelta(days=1):
            raise EvidenceNotAccepted("applied on a day that has not come", field="evidence.applied_on")
        return
    if not set(selector.sections) <= set(SECTIONS) or len(set(selector.sections)) != len(selector.sections):
        raise UnknownSection(field="sections")
    if selector.sought is not None and (
        selector.basis != "transfer" or selector.attachments is not None or tuple(selector.sections) != OF_A_FINDING
    ):
        raise PurposeNotServed("a request that names nobody asks whether there is an enrollment, and for nothing else")
    _require_credible(selector.enrollment, now)


def _require_attested_lately(official: Official, now: datetime) -> None:
    attested = official.attested_at
    if attested > now + timedelta(seconds=CLOCK_SKEW_SECONDS):
        raise EvidenceNotAccepted("attested in the future", field="evidence.official.attested_at")
    if attested < now - ATTESTED_FOR:
        raise EvidenceNotAccepted("attested too long ago", field="evidence.official.attested_at")


def _require_credible(evidence: EnrollmentEvidence, now: datetime) -> None:
    """34 CFR 99.31(a)(2): where the student is enrolled, or seeks to; as an official has attested it lately."""
    day = now.date()
    if evidence.kind == "enrolled" and evidence.entry_date > day + timedelta(days=1):
        raise EvidenceNotAccepted("enrolled from a day that has not come: say that the student seeks to", field="evidence.entry_date")
    if evidence.entry_date > day + AHEAD:
        raise EvidenceNotAccepted("too far ahead", field="evidence.entry_date")
    organisation = evidence.receiving_organisation
    if organisation.nces_id is not None and len(organisation.nces_id) != (12 if organisation.kind == "school" else 7):
        raise EvidenceNotAccepted("a school's NCES id has 12 digits, a district's 7", field="evidence.receiving_organisation.nces_id")
