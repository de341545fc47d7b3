"""The order in which a request goes on, and what a hearing must have."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from safepassage.canonical import digest_of
from safepassage.problems.rights import StepNotPossible
from safepassage.wire_rights import HearingDecision, HearingOfficer, HearingRecord, HearingSchedule
from services.privacy.clocks import events_that_end, hearing_shortcomings, state_after

ZONE = ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "events", "state"),
    [
        ("inspection", [], "outstanding"),
        ("inspection", ["explained", "arranged"], "outstanding"),
        ("inspection", ["inspected"], "complied"),
        ("inspection", ["copy-given"], "complied"),
        ("amendment", ["forwarded", "refused", "hearing-requested"], "hearing"),
        ("amendment", ["granted"], "granted"),
        ("hearing", ["scheduled", "scheduled", "held", "stands", "statement-placed", "statement-placed"], "stands"),
        ("hearing", ["scheduled", "held", "amend"], "amend"),
        ("statement", [], "placed"),
    ],
)
def test_a_request_goes_on_in_its_order(kind: str, events: list[str], state: str) -> None:
    assert state_after(kind, events) == state


@pytest.mark.parametrize(
    ("kind", "events", "then"),
    [
        ("inspection", ["inspected"], "withdrawn"),
        ("amendment", [], "hearing-requested"),
        ("amendment", ["granted"], "refused"),
        ("amendment", ["refused", "hearing-requested"], "hearing-requested"),
        ("hearing", [], "held"),
        ("hearing", ["scheduled"], "stands"),
        ("hearing", ["scheduled", "held", "amend"], "statement-placed"),
    ],
)
def test_no_step_is_left_out_or_taken_back(kind: str, events: list[str], then: str) -> None:
    with pytest.raises(StepNotPossible):
        state_after(kind, events, then)


def test_an_inspection_is_over_when_it_was_complied_with_refused_or_withdrawn() -> None:
    assert events_that_end("inspection") == {"copy-given", "inspected", "refused", "withdrawn"}


OFFICER = HearingOfficer(role="hearing-officer", pairwise_id="h-1", no_interest_ref="statement 3")
SCHEDULE: dict[str, Any] = {
    "at": datetime(2026, 11, 20, 15, tzinfo=UTC),
    "place_ref": "room plan 4",
    "notice_given_on": date(2026, 11, 10),
    "notice_ref": "letter 9",
    "officer": OFFICER,
}
RECORD: dict[str, Any] = {"held_at": datetime(2026, 11, 20, 15, 5, tzinfo=UTC), "opportunity_ref": "minutes p. 1"}
DECISION: dict[str, Any] = {
    "outcome": "stands",
    "decided_on": date(2026, 11, 25),
    "officer_pairwise_id": "h-1",
    "document": digest_of(b"decision"),
    "evidence_summary_ref": "decision p. 2",
    "reasons_ref": "decision p. 3",
    "solely_on_evidence_ref": "decision p. 4",
}


def fields(
    *,
    schedule: dict[str, Any] | None = None,
    record: dict[str, Any] | None = None,
    decision: dict[str, Any] | None = None,
    refused_by: str = "o-1",
) -> list[tuple[str, str]]:
    found = hearing_shortcomings(
        schedule=HearingSchedule(**SCHEDULE | (schedule or {})),
        record=HearingRecord(**RECORD | (record or {})),
        decision=HearingDecision(**DECISION | (decision or {})),
        refused_by=refused_by,
        zone=ZONE,
        now=NOW,
    )
    return [(one.field, one.citation.removeprefix("34 CFR 99.22")) for one in found]


@pytest.mark.requirement("FERPA-99.22")
def test_a_hearing_that_has_everything_lacks_nothing() -> None:
    assert fields() == []


@pytest.mark.requirement("FERPA-99.22")
@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"schedule": {"notice_given_on": date(2026, 11, 20)}}, ("schedule.notice_given_on", "(b)")),
        ({"record": {"held_at": datetime(2026, 11, 20, 14, 59, tzinfo=UTC)}}, ("record.held_at", "(b)")),
        ({"refused_by": "h-1"}, ("schedule.officer", "(c)")),
        ({"decision": {"officer_pairwise_id": "h-2"}}, ("officer_pairwise_id", "(c)")),
        ({"decision": {"decided_on": date(2026, 11, 19)}}, ("decided_on", "(f)")),
        ({"decision": {"decided_on": date(2026, 12, 1)}}, ("decided_on", "(e)")),
    ],
)
def test_each_condition_of_a_hearing_is_missed_by_itself(changes: dict[str, Any], missing: tuple[str, str]) -> None:
    assert fields(**changes) == [missing]


def test_the_day_before_and_the_day_itself_are_in_time() -> None:
    assert fields(schedule={"notice_given_on": date(2026, 11, 19)}) == []
    assert fields(decision={"decided_on": date(2026, 11, 20)}) == []
    assert fields(decision={"decided_on": date(2026, 11, 30)}) == []
