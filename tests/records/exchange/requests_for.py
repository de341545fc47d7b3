"""What a receiving district says to ask another state for a child."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from safepassage.wire_exchange import (
    EnrollmentEvidence,
    EvidenceDocument,
    NewExchangeRequest,
    Official,
    PersonSelector,
    ReceivingOrganisation,
)

SECTIONS = ("identity", "demographics", "contacts", "enrollment", "attendance", "academics", "assessments", "programmes", "health")


def new_request(
    person: PersonSelector, *, holder: str, district: UUID, now: datetime, sections: Sequence[str] = SECTIONS, **about: Any
) -> NewExchangeRequest:
    """Enrolled today, attested an hour ago."""
    evidence = EnrollmentEvidence(
        receiving_organisation=ReceivingOrganisation(id=str(district), kind="lea", name="The receiving district"),
        kind="enrolled",
        entry_date=now.date(),
        grade="07",
        document=EvidenceDocument(type="enrollment-form", digest="A" * 43),
        parent_initiated=True,
        official=Official(role="registrar", pairwise_id="official-1", attested_at=now - timedelta(hours=1)),
    )
    return NewExchangeRequest.model_validate({"holder": holder, "person": person, "sections": sections, "evidence": evidence, **about})
