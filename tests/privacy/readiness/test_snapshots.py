"""Scorecards are kept: one a day, and one when an official wants it; so the score has a history."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI

from safepassage.problems.requests import LogUnavailable
from safepassage.wire_readiness import Snapshot, SnapshotPage
from services.audit.app import create_app as create_audit
from services.audit.settings import AuditSettings
from services.privacy.readiness.evidence import measure_here
from services.privacy.readiness.snapshots import take_daily
from services.privacy.readiness.watching import step
from shared.database import Database
from shared.migrations import migrate
from tests.privacy.node import ENTITY_ID, problem_of
from tests.privacy.readiness.agency import Agency, new_key

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def empty_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """audit's store at head."""
    path = tmp_path_factory.mktemp("audit") / "empty.db"

    async def make() -> None:
        database = Database(f"sqlite+inline:///{path}")
        await migrate("audit", database)
        await database.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, make()).result()
    return path


@pytest.fixture
async def audit(agency: Agency, empty_log: Path, tmp_path: Path) -> AsyncIterator[FastAPI]:
    """The real audit service, where privacy's calls go."""
    node = agency.world.node
    shutil.copy(empty_log, tmp_path / "audit.db")
    settings = AuditSettings(entity_id=ENTITY_ID, database_url=f"sqlite+inline:///{tmp_path}/audit.db", keys_directory=node.keys / "audit")
    app = create_audit(settings, transports={}, clock=node.clock)
    async with app.router.lifespan_context(app):
        node.app.state.siblings._transports["audit"].app = app
        yield app


async def everybody_reports(agency: Agency) -> None:
    assert (await agency.gateway_reports()).status == 204
    assert (await agency.records_reports()).status == 204
    await measure_here(agency.world.node.app)


async def taken(agency: Agency, key: str | None = None) -> Snapshot:
    answer = await agency.official.post("/v1/readiness/snapshots", None, key=key)
    assert answer.status == 201, answer.body
    return Snapshot.model_validate_json(answer.body)


def now_of(agency: Agency) -> datetime:
    return agency.world.node.clock()


async def test_a_snapshot_measures_at_once_and_keeps_what_it_found(agency: Agency, audit: FastAPI) -> None:
    await agency.gateway_reports()
    await agency.records_reports()
    kept = await taken(agency)
    assert kept.occasion == "on-demand"
    assert kept.scorecard.not_reported == ()
    assert kept.total == kept.scorecard.total
    assert kept.total.live_points > 60
    agency.world.node.clock.advance(days=1)
    read = await agency.official.get(f"/v1/readiness/snapshots/{kept.id}")
    assert Snapshot.model_validate_json(read.body) == kept
    assert (await agency.card()).total.live_points == 0


async def test_the_same_request_keeps_one(agency: Agency, audit: FastAPI) -> None:
    key = new_key()
    assert await taken(agency, key) == await taken(agency, key)
    page = SnapshotPage.model_validate_json((await agency.official.get("/v1/readiness/snapshots")).body)
    assert len(page.snapshots) == 1


async def test_nothing_is_kept_while_audit_does_not_answer(agency: Agency) -> None:
    refused = await agency.official.post("/v1/readiness/snapshots", None)
    assert (refused.status, problem_of(refused).code) == (503, "log-unavailable")
    assert json.loads((await agency.official.get("/v1/readiness/snapshots")).body)["snapshots"] == []


async def test_the_history_shows_how_the_score_changed_page_by_page(agency: Agency, audit: FastAPI) -> None:
    points = []
    for level in (1, 2, 4):
        await agency.attested("g1", level=level)
        points.append((await taken(agency)).total.attested_points)
        agency.world.node.clock.advance(hours=1)
    assert points == [1, 2, 4]
    seen, query = [], "limit=2"
    while query:
        page = SnapshotPage.model_validate_json((await agency.official.get("/v1/readiness/snapshots", query)).body)
        seen += [one.total.attested_points for one in page.snapshots]
        query = f"limit=2&cursor={page.next}" if page.next else ""
    assert seen == [4, 2, 1]


async def test_a_days_scorecard_is_kept_once_whoever_tries(agency: Agency, audit: FastAPI) -> None:
    await everybody_reports(agency)
    app, now = agency.world.node.app, now_of(agency)
    tries = await asyncio.gather(*(take_daily(app, now=now, running_since=now) for _ in range(4)))
    assert sorted(tries) == [False, False, False, True]
    agency.world.node.clock.advance(days=1)
    await everybody_reports(agency)
    assert await take_daily(app, now=now_of(agency), running_since=now)
    page = SnapshotPage.model_validate_json((await agency.official.get("/v1/readiness/snapshots")).body)
    assert [one.occasion for one in page.snapshots] == ["daily", "daily"]


async def test_a_days_scorecard_waits_an_hour_for_a_service_that_is_silent(agency: Agency, audit: FastAPI) -> None:
    await agency.gateway_reports()
    await measure_here(agency.world.node.app)
    app, now = agency.world.node.app, now_of(agency)
    assert not await take_daily(app, now=now + timedelta(minutes=9), running_since=now)
    assert await take_daily(app, now=now + timedelta(hours=1), running_since=now)


async def test_a_minute_keeps_what_can_be_measured_while_audit_is_away(agency: Agency) -> None:
    node = agency.world.node
    node.app.state.readiness_since = node.clock()
    with pytest.raises(LogUnavailable):
        await step(node.app)
    assert "privacy" not in (await agency.card()).not_reported
    assert "audit" in (await agency.card()).not_reported


async def test_an_unknown_snapshot_is_not_found(agency: Agency) -> None:
    unknown = await agency.official.get(f"/v1/readiness/snapshots/{agency.world.oak.id}")
    assert (unknown.status, problem_of(unknown).code) == (404, "no-such-snapshot")


async def test_a_kept_scorecard_is_told_to_the_log(agency: Agency, audit: FastAPI) -> None:
    await agency.gateway_reports()
    await agency.records_reports()
    kept = await taken(agency)
    events = [one for one in await agency.world.node.events() if one.context.operation == "readiness-kept"]
    assert [(one.context.about, one.context.count) for one in events] == [(f"readiness:{kept.id}", kept.total.points)]
