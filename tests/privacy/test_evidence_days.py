"""A day of evidence has come once it has come for whoever records it: in Guam ten hours before it does by UTC. Pure."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from safepassage.canonical import digest_of
from safepassage.problems.evidence import EvidenceIncomplete
from safepassage.wire_legal_process import JuvenileJustice
from safepassage.wire_programmes import Dependency
from services.privacy.evidence_rules import require_complete
from tests.privacy.grounds import OWN

MORNING = datetime(2026, 12, 31, 22, tzinfo=UTC)
"""In Guam it is eight o'clock on New Year's Day, in New York it is afternoon."""
SAID: dict[str, Any] = {
    "agency_id": UUID(int=1),
    "document": digest_of(b"document"),
    "reference": "file 2026/7",
    "valid_from": datetime(2026, 12, 1, tzinfo=UTC),
    "valid_until": datetime(2027, 6, 1, tzinfo=UTC),
    "recipient_id": str(UUID(int=2)),
    "elements": ["identity.name"],
    "student_ids": [UUID(int=3)],
}


def dependency(tax_year: int) -> Dependency:
    return Dependency.model_validate(SAID | {"kind": "dependency", "person_id": UUID(int=2), "tax_year": tax_year})


def statute(adopted_on: date) -> JuvenileJustice:
    return JuvenileJustice.model_validate(SAID | {"kind": "juvenile-justice"} | OWN["juvenile-justice"] | {"adopted_on": adopted_on})


@pytest.mark.parametrize(("of", "field"), [(dependency(2028), "tax_year"), (statute(date(2027, 1, 2)), "adopted_on")])
def test_what_begins_tomorrow_everywhere_is_refused(of: Any, field: str) -> None:
    with pytest.raises(EvidenceIncomplete) as refused:
        require_complete(of, now=MORNING)
    assert refused.value.field == field


@pytest.mark.parametrize("of", [dependency(2027), statute(date(2027, 1, 1))])
def test_what_has_begun_in_guam_is_taken(of: Any) -> None:
    require_complete(of, now=MORNING)
