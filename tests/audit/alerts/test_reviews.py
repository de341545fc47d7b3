"""Each week is signed off once: when it is over, when nothing of it is open, and not by whom it is about."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from safepassage.canonical import digest_of, digest_of_json
from safepassage.leaf import parse_leaf
from safepassage.problems.requests import InvalidRequest
from services.audit.alerts.weeks import end_of, last_over, monday_before, monday_of, week_of
from services.audit.stored_tree import StoredTree
from services.audit.tables import AlertAcknowledgementRow
from shared.clock import EPOCH
from shared.contracts.readiness import AuditReport
from shared.officials import official_of
from tests.audit.alerts.officials import (
    PRIVACY_OFFICE,
    acknowledge,
    acknowledge_all,
    code,
    listed,
    reviews,
    said,
    sign,
    signed,
    state_client,
)
from tests.audit.alerts.watched import entries, read_students, stop_workers, watch
from tests.audit.audit_node import OAK, STATE, AuditNode, event, give_organisations
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

WEEK = "2026-W43"
"""Of 20 October 2026, a Tuesday."""


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_weeks_are_those_of_iso_8601(on: date) -> None:
    day = (on - EPOCH.date()).days
    monday = monday_before(day)
    assert monday_of(week_of(day)) == monday
    assert monday <= day < monday + 7
    assert (EPOCH + timedelta(days=monday)).weekday() == 0
    assert end_of(monday) == EPOCH + timedelta(days=monday + 7)


def test_a_week_that_its_year_does_not_have_is_refused() -> None:
    assert week_of(monday_of("2026-W53")) == "2026-W53"
    with pytest.raises(InvalidRequest):
        monday_of("2027-W53")


def test_a_week_is_over_ten_minutes_after_its_end() -> None:
    monday = datetime(2026, 10, 26, tzinfo=UTC)
    assert week_of(last_over(monday + timedelta(minutes=10))) == WEEK
    assert week_of(last_over(monday + timedelta(minutes=9))) == "2026-W42"


async def a_week_with_alerts(node: AuditNode, clock: StandingClock, client: str = "sis-1", person: str | None = None) -> None:
    await read_students(node, 300, client=client, person=person)
    await watch(node)
    await watch(node)  # at what it has entered itself
    clock.instant = datetime(2026, 10, 26, 0, 10, tzinfo=UTC)


@pytest.mark.requirement("LOG-ALERTS")
async def test_a_week_is_signed_once_all_its_alerts_are_acknowledged(node: AuditNode, clock: StandingClock) -> None:
    await a_week_with_alerts(node, clock)
    assert (await reviews(node)).unsigned == (WEEK,)
    answer = await sign(node, WEEK)
    assert (answer.status, code(answer), said(answer)["detail"]) == (409, "alerts-open", "2 of 2 are open")
    await acknowledge_all(node)
    review = await signed(node, WEEK)
    assert (review.week, review.official, review.role, review.alerts) == (WEEK, "cpo", "privacy-officer", 2)
    page = await reviews(node)
    assert (page.reviews, page.unsigned) == ((review,), ())
    answer = await sign(node, WEEK, official="deputy")
    assert (answer.status, code(answer)) == (409, "week-reviewed")


async def test_the_entry_of_a_review_pins_what_was_signed(node: AuditNode, clock: StandingClock) -> None:
    await a_week_with_alerts(node, clock)
    await acknowledge_all(node)
    review = await signed(node, WEEK)
    (entry,) = [one for one in await entries(node) if one["context"]["operation"] == "alerts-reviewed"]
    assert (entry["log"], entry["index"]) == (review.log, review.index)
    assert entry["context"]["about"] == f"alert-review:{WEEK}:cpo"
    async with node.database.reading() as tx:
        (leaf,) = await StoredTree(tx, 2026).entries(review.index, review.index + 1)
    assert parse_leaf(leaf).digests.ct == review.digest
    alerts = sorted(await listed(node), key=lambda one: one.id)
    assert [one.digest for one in alerts if one.digest] != []
    assert review.digest != digest_of_json([])


async def test_a_week_without_alerts_is_signed_too(node: AuditNode, clock: StandingClock) -> None:
    await node.append(event("request"))
    await watch(node)
    clock.instant = datetime(2026, 10, 27, tzinfo=UTC)
    review = await signed(node, WEEK)
    assert (review.alerts, review.digest) == (0, digest_of_json([]))


async def test_a_week_that_is_not_over_is_not_signed(node: AuditNode, clock: StandingClock) -> None:
    for instant in (clock(), datetime(2026, 10, 26, 0, 9, tzinfo=UTC)):
        clock.instant = instant
        answer = await sign(node, WEEK)
        assert (answer.status, code(answer)) == (409, "week-not-over")
    clock.instant = datetime(2026, 10, 26, 0, 10, tzinfo=UTC)
    assert (await sign(node, WEEK)).status == 201


async def test_a_week_that_the_rules_have_not_seen_to_its_end_is_not_signed(node: AuditNode, clock: StandingClock) -> None:
    await read_students(node, 300)
    clock.instant = datetime(2026, 10, 26, 1, tzinfo=UTC)
    await read_students(node, 1)
    answer = await sign(node, WEEK)
    assert (answer.status, code(answer)) == (409, "week-not-over")
    await node.app.state.projector.catch_up()
    await node.app.state.watcher.look_at_actors()
    answer = await sign(node, WEEK)
    assert (answer.status, code(answer)) == (409, "week-not-over")
    await watch(node)
    assert code(await sign(node, WEEK)) == "alerts-open"
    await acknowledge_all(node)
    assert (await sign(node, WEEK)).status == 201


async def test_what_came_after_the_week_does_not_keep_it_open(node: AuditNode, clock: StandingClock) -> None:
    await a_week_with_alerts(node, clock)
    await acknowledge_all(node)
    await read_students(node, 300)
    await watch(node)
    assert (await sign(node, WEEK)).status == 201


async def test_whom_an_alert_of_the_week_is_about_does_not_sign_it(node: AuditNode, clock: StandingClock) -> None:
    await a_week_with_alerts(node, clock, client=PRIVACY_OFFICE)
    deputy = state_client(node, client="deputy-office")
    for alert in await listed(node):
        assert (await acknowledge(node, alert, headers=deputy | {"idempotency-key": str(alert.id)})).status == 201
    answer = await sign(node, WEEK)
    assert (answer.status, code(answer)) == (403, "alert-about-you")
    assert (await sign(node, WEEK, headers=deputy)).status == 201


async def test_nor_does_who_did_it_through_another_client(node: AuditNode, clock: StandingClock) -> None:
    themselves = digest_of(b"who read")
    await a_week_with_alerts(node, clock, client="an-application", person=themselves)
    await acknowledge_all(node)
    pages = state_client(node, client="console", person=themselves)
    answer = await sign(node, WEEK, headers=pages, official=official_of(themselves))
    assert (answer.status, code(answer)) == (403, "alert-about-you")
    assert (await sign(node, WEEK)).status == 201


async def test_the_same_request_again_is_one_review(node: AuditNode, clock: StandingClock) -> None:
    clock.instant = datetime(2026, 10, 27, tzinfo=UTC)
    headers = state_client(node)
    first, second = await sign(node, WEEK, headers=headers), await sign(node, WEEK, headers=headers)
    assert (first.status, second.status, first.body) == (201, 201, second.body)


async def test_reviews_are_signed_by_the_state_with_the_scope_alone(node: AuditNode, clock: StandingClock) -> None:
    clock.instant = datetime(2026, 10, 27, tzinfo=UTC)
    for headers in (state_client(node, "alerts:read"), node.as_caller("alerts:review", organisation=OAK) | {"idempotency-key": "12345678"}):
        assert (await sign(node, WEEK, headers=headers)).status == 403
    assert (await node.send("GET", "/v1/log/alert-reviews", state_client(node, "alerts:read"))).status == 200
    assert (await node.send("GET", "/v1/log/alert-reviews", node.as_caller("alerts:read", organisation=OAK))).status == 403


async def test_no_district_signs_a_review_whatever_scopes_and_purpose_it_has(node: AuditNode, clock: StandingClock) -> None:
    await give_organisations(node)
    clock.instant = datetime(2026, 10, 27, tzinfo=UTC)
    district = node.as_caller("alerts:read", "alerts:review", organisation=OAK, purpose="audit-evaluation")
    answer = await sign(node, WEEK, headers=district | {"idempotency-key": "12345678"})
    assert (answer.status, code(answer)) == (403, "not-permitted")
    assert (await reviews(node)).unsigned == (WEEK,)


async def test_the_state_says_for_which_purpose_it_signs_and_acknowledges(node: AuditNode, clock: StandingClock) -> None:
    await a_week_with_alerts(node, clock)
    aimless = node.as_caller("alerts:read", "alerts:review", kind="sea", organisation=STATE) | {"idempotency-key": "12345678"}
    for answer in (await acknowledge(node, (await listed(node))[0], headers=aimless), await sign(node, WEEK, headers=aimless)):
        assert (answer.status, code(answer)) == (403, "purpose-missing")


async def test_an_alert_is_of_the_week_of_its_day_and_of_no_other(node: AuditNode, clock: StandingClock) -> None:
    sunday, monday = datetime(2026, 10, 25, 23, 50, tzinfo=UTC), datetime(2026, 10, 26, 0, 10, tzinfo=UTC)
    days = []
    for instant in (sunday, monday, datetime(2026, 11, 1, 23, 50, tzinfo=UTC), datetime(2026, 11, 2, 0, 10, tzinfo=UTC)):
        clock.instant = instant
        await read_students(node, 300, client=f"sis-{instant.day}")
        await watch(node)
        days.append(instant.date().isoformat())
    clock.instant = datetime(2026, 11, 9, 0, 10, tzinfo=UTC)
    await watch(node)
    await watch(node)
    found = Counter(one.day for one in await listed(node, "limit=1000"))
    assert set(days) <= set(found)
    await acknowledge_all(node)
    weeks = (("2026-W43", "2026-10-19", "2026-10-26"), ("2026-W44", "2026-10-26", "2026-11-02"), ("2026-W45", "2026-11-02", "2026-11-09"))
    for week, first, after in weeks:
        assert (await signed(node, week)).alerts == sum(count for day, count in found.items() if first <= day < after) > 0


async def test_a_review_pins_what_was_said_of_each_alert_too(node: AuditNode, clock: StandingClock) -> None:
    await a_week_with_alerts(node, clock)
    await acknowledge_all(node, reason="explained")
    review = await signed(node, WEEK)
    async with node.database.reading() as tx:
        said_of = (await tx.scalars(select(AlertAcknowledgementRow).order_by(AlertAcknowledgementRow.id))).all()
    pinned = [
        {
            "id": str(alert.id),
            "digest": alert.digest,
            "acknowledgements": [
                {"id": str(one.id), "reason": "explained", "official": "cpo"} for one in said_of if one.alert_id == alert.id
            ],
        }
        for alert in sorted(await listed(node), key=lambda one: one.id)
    ]
    assert all(one["acknowledgements"] for one in pinned)
    assert review.digest == digest_of_json(pinned)


async def test_weeks_before_the_log_are_not_asked_for(node: AuditNode, clock: StandingClock) -> None:
    clock.advance(weeks=3)
    assert (await reviews(node)).unsigned == ("2026-W45", "2026-W44", WEEK)
    clock.advance(weeks=20)
    assert len((await reviews(node)).unsigned) == 12


async def test_a_week_before_the_log_is_not_signed(node: AuditNode, clock: StandingClock) -> None:
    clock.instant = datetime(2026, 10, 27, tzinfo=UTC)
    answer = await sign(node, "2026-W42")
    assert (answer.status, code(answer), said(answer)["field"]) == (422, "invalid-request", "week")
    assert (await sign(node, WEEK)).status == 201


async def test_reviews_come_in_pages_newest_first_and_each_page_is_an_entry(node: AuditNode, clock: StandingClock) -> None:
    await node.append(event("request"))
    clock.instant = datetime(2026, 11, 17, tzinfo=UTC)
    await watch(node)
    weeks = ["2026-W46", "2026-W45", "2026-W44", WEEK]
    for week in weeks[2:] + weeks[:2]:
        await acknowledge_all(node)
        await signed(node, week)
    found, query = [], "limit=3"
    while query:
        answer = await node.send("GET", "/v1/log/alert-reviews", state_client(node), query=query)
        found.append([one["week"] for one in said(answer)["reviews"]])
        query = answer.headers.get("link", "").partition("?")[2].partition(">")[0]
    assert found == [weeks[:3], weeks[3:]]
    whole = await node.send("GET", "/v1/log/alert-reviews", state_client(node), query="limit=4")
    assert ([one["week"] for one in said(whole)["reviews"]], whole.headers.get("link")) == (weeks, None)
    looks = [one["context"] for one in await entries(node, classes=["search"]) if one["context"]["operation"] == "alert-reviews-listed"]
    assert [one["count"] for one in looks] == [3, 1, 4]


async def test_a_review_that_is_refused_leaves_no_entry(node: AuditNode, clock: StandingClock) -> None:
    await a_week_with_alerts(node, clock)
    assert code(await sign(node, WEEK)) == "alerts-open"
    await acknowledge_all(node)
    await signed(node, WEEK)
    assert code(await sign(node, WEEK, official="deputy")) == "week-reviewed"
    assert sum(one["context"]["operation"] == "alerts-reviewed" for one in await entries(node)) == 1


async def measured(node: AuditNode) -> tuple[int | None, int | None, int | None, int | None]:
    """Alerts and weeks, as the scorecard is told of them."""
    answer = await node.send("GET", "/internal/readiness-evidence", node.as_job("privacy"))
    it = AuditReport.model_validate_json(answer.body).measures
    return it.alerts, it.alerts_reviewed, it.alert_weeks, it.alert_weeks_signed


async def test_the_scorecard_sees_what_was_looked_at_and_signed(node: AuditNode, clock: StandingClock) -> None:
    await read_students(node, 300)
    await watch(node)
    await watch(node)
    assert await measured(node) == (0, 0, 0, 0)
    clock.advance(days=1)
    assert await measured(node) == (2, 0, 0, 0)
    clock.instant = datetime(2026, 10, 26, 0, 10, tzinfo=UTC)
    assert await measured(node) == (2, 0, 1, 0)
    await acknowledge_all(node)
    assert await measured(node) == (2, 2, 1, 0)
    await signed(node, WEEK)
    assert await measured(node) == (2, 2, 1, 1)
    clock.advance(weeks=1)
    assert await measured(node) == (0, 0, 2, 1)
    clock.advance(weeks=9)
    assert await measured(node) == (0, 0, 4, 0)


async def test_the_scorecard_counts_the_alerts_of_seven_days_until_yesterday_that_the_log_has(
    node: AuditNode, clock: StandingClock
) -> None:
    await read_students(node, 300)
    await watch(node)
    assert (await acknowledge(node, (await listed(node))[0])).status == 201
    await stop_workers(node, "keep_watch")
    await read_students(node, 1, client="sis-2")
    await node.app.state.projector.catch_up()
    await node.app.state.watcher.look_at_actors()
    clock.advance(days=8, milliseconds=-1)
    assert (await measured(node))[:2] == (2, 1), "what is found is counted once it is entered"
    clock.advance(milliseconds=1)
    assert (await measured(node))[:2] == (0, 0)
