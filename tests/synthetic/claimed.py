"""What becomes of a transfer that one of two states asks for, both of which have the child enrolled."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from node.synthetic.population import SyntheticRecord
from safepassage.canonical import digest_of
from safepassage.wire_exchange import EnrollmentEvidence, EvidenceDocument, Official, ReceivingOrganisation
from services.records.transfers.agreement import Membership, SendingSide, disagreements

DAY: Final = date(2026, 11, 26)


def stays(one: SyntheticRecord) -> list[dict[str, Any]]:
    """Of the first school of each time, the latest first."""
    return [stay for stay in one.document["enrollment"]["enrollments"] if stay.get("primary", True)]


def holds(claims: dict[str, Any], at_school: list[dict[str, Any]]) -> tuple[str, ...]:
    """Why the state in which the child is `at_school` holds the record back, a day after DAY, from the district that `claims` it."""
    evidence = EnrollmentEvidence(
        receiving_organisation=ReceivingOrganisation(id="claims", kind="lea", name=claims["district"]["name"]),
        kind="enrolled",
        entry_date=date.fromisoformat(claims["entry_date"]),
        grade=claims["grade"]["code"],
        document=EvidenceDocument(type="enrollment-form", digest=digest_of(b"form")),
        parent_initiated=True,
        official=Official(role="registrar", pairwise_id="official-1", attested_at=datetime(2026, 11, 26, tzinfo=UTC)),
    )
    enrolled = tuple(
        Membership(date.fromisoformat(stay["entry_date"]), date.fromisoformat(stay["exit_date"]) if "exit_date" in stay else None)
        for stay in at_school
    )
    return disagreements(evidence, "https://claims.example", SendingSide(enrolled, None, ()), DAY + timedelta(days=1))
