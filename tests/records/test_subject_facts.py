"""What privacy is told of a parent's service: the compact's words for it, and nothing that the record does not say."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from safepassage.record import StudentRecord
from services.records.subject_facts import facts_of
from shared.contracts.privacy import SubjectFacts
from tests.records.whole_record import whole_record


def facts(**connection: Any) -> SubjectFacts:
    record = whole_record().model_dump(mode="json", exclude_none=True)
    record["demographics"]["military_connection"] = connection
    found = facts_of(
        StudentRecord.model_validate(record),
        student_id=uuid4(),
        facts_version=1,
        custodian_id=uuid4(),
        originating_agency="x",
        enrolled=(),
        time_zone="America/New_York",
        jurisdiction="US-XA",
    )
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ActiveDuty", "active-duty"),
        ("NationalGuardOrReserve", "not-known"),
        ("National Guard or Reserve, on orders", "guard-or-reserve-on-orders"),
        ("Medically discharged", "medically-discharged-or-retired"),
        ("Died on active duty", "died"),
        ("Retired", "retired"),
        ("Veteran", "veteran"),
        ("Civilian employee", "civilian"),
        ("SomethingElse", "not-known"),
    ],
)
def test_a_service_is_told_in_the_words_of_the_compact(code: str, status: str) -> None:
    found = facts(status={"system": "ceds:001576", "code": code}, begin_date="2025-03-01", end_date="2026-03-01")
    assert "military" in found.flags
    service = found.military_service
    assert service is not None
    assert (service.status, service.since, service.until) == (status, date(2025, 3, 1), date(2026, 3, 1))


@pytest.mark.parametrize("code", ["NotMilitaryConnected", "Unknown"])
def test_where_nobody_serves_nothing_is_told(code: str) -> None:
    found = facts(status={"system": "ceds:001576", "code": code})
    assert found.military_service is None
    assert "military" not in found.flags
