"""A replay: recorded decisions under another set, from the sealed rows of the store to the report, and what the event loop feels of it."""

import asyncio
import json
import random
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import insert

from bench.figures import Figure, as_served
from node.keys import create_node_keys
from safepassage.canonical import canonical_json
from safepassage.ids import uuid7
from safepassage.wire_decisions import Asker
from services.privacy.app import create_app
from services.privacy.policy import PolicyInput, PolicySet, decide
from services.privacy.policy.policy_set import assemble, contents
from services.privacy.policy.rule_pack import SCHEMA, Pack, read_packs, sha256_of
from services.privacy.recorded import DecisionRecord, sealed_columns
from services.privacy.sealing import Sealer
from services.privacy.tables import DecisionRow, PolicyReplayRow, PolicySetRow
from shared.contracts.privacy import DecisionRequest, Recipient
from shared.database import Database
from shared.migrations import migrate
from shared.siblings import InProcess
from tests.privacy.node import settings_for
from tests.privacy.policy.situations import DAY, SITUATIONS, changed

TITLE = "A replay of recorded decisions under another set"

DECISIONS, FACTS = 40_000, 300
"""Recorded decisions, and different groups of facts among them: a node has some dozens of agreements and notices, not a million."""
BEGAN = datetime(2026, 9, 1, tzinfo=UTC)
ELEMENTS = [
    "academics.transcript",
    "attendance.summary",
    "enrollment.enrollments",
    "identity.name",
    "identity.ssn",
    "programmes.meal_status",
]


def run() -> list[Figure]:
    """Measure on an SQLite store on disk."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> list[Figure]:
    create_node_keys(folder / "keys")
    url = f"sqlite+inline:///{folder}/privacy.db"
    database = Database(url)
    await migrate("privacy", database)
    await database.close()
    app = create_app(settings_for(url, folder / "keys"), transports={"audit": InProcess()})
    async with app.router.lifespan_context(app):
        state = app.state
        new = await _draft(state.database)
        await _record(state.database, state.sealer, state.policy_sets.built_in)
        replay = await _queue(state.database, new)
        gaps: list[float] = []
        as_served()
        ticking = asyncio.create_task(_tick(gaps))
        started, began = time.process_time(), time.perf_counter()
        await state.replays.drain()
        seconds, wall = time.process_time() - started, time.perf_counter() - began
        ticking.cancel()
        async with state.database.reading() as tx:
            report = json.loads((await tx.get_one(PolicyReplayRow, replay)).report or "{}")
        if report.get("decisions") != DECISIONS or report["not_reproduced"] or not report["deny_to_permit"]:
            raise RuntimeError("the replay that is measured is not the replay that is meant")
    return [
        Figure(
            "decisions a second of one core, all in", DECISIONS / seconds, "1/s", ">= 40000", f"{DECISIONS:,} decisions in {wall:.2f} s"
        ),
        Figure("the longest that the event loop waited", max(gaps) * 1e3, "ms", "<= 50", "beside it, a task that wants to run every ms"),
    ]


async def _tick(gaps: list[float]) -> None:
    last = time.perf_counter()
    while True:
        await asyncio.sleep(0.001)
        now = time.perf_counter()
        gaps.append(now - last)
        last = now


async def _draft(database: Database) -> str:
    """The release's packs without one: everybody's social security number would leave."""
    packs = [_without(pack, "exchange-ssn") for pack in read_packs() if pack.name != "us-ca.forbids"]
    drafted = assemble(packs, schema_sha256=sha256_of(SCHEMA))
    values = {"policy_hash": drafted.policy_hash, "origin": "draft", "author": "o-1", "title": "Bench", "parsed_by": "cedar", "texts": "{}"}
    stored = canonical_json(contents(packs, schema_sha256=sha256_of(SCHEMA))).decode()
    async with database.transaction() as tx:
        await tx.execute(insert(PolicySetRow).values(**values, recorded_at=BEGAN, contents=stored))
    return drafted.policy_hash


def _without(pack: Pack, identifier: str) -> Pack:
    return Pack(pack.name, pack.text_sha256, {name: policy for name, policy in pack.policies.items() if name != identifier})


async def _record(database: Database, sealer: Sealer, policy_set: PolicySet) -> None:
    """Decisions of three months, each of a student of its own at an instant of its own."""
    randomness = random.Random(1)
    kinds = [_facts(randomness) for _ in range(FACTS)]
    for start in range(0, DECISIONS, 2_000):
        rows = [_row(sealer, policy_set, kinds[randomness.randrange(FACTS)], start + number, randomness) for number in range(2_000)]
        async with database.transaction() as tx:
            await tx.execute(insert(DecisionRow), rows)


def _facts(randomness: random.Random) -> dict[str, object]:
    name = randomness.choice(["contractor", "contractor, redisclosed", "transfer", "transfer, redisclosed", "consent"])
    changes: dict[str, object] = {"elements": sorted(randomness.sample(ELEMENTS, randomness.randint(2, 6)))}
    changes |= {f"student.{flag}": randomness.random() < 0.1 for flag in ("homeless", "protected_address", "eligible")}
    changes |= {f"custody.{name}": randomness.random() < 0.8 for name in ("annual_notice_forwards_records", "onward_transfer_agreed")}
    return changed(SITUATIONS[name], changes)


def _row(sealer: Sealer, policy_set: PolicySet, facts: dict[str, object], number: int, randomness: random.Random) -> dict[str, object]:
    at = BEGAN + timedelta(seconds=90 * number)
    now, text = int(at.timestamp() * 1000), json.dumps(facts)
    shift = now - int(facts["now"])  # type: ignore[call-overload]  # milliseconds
    moved = {instant: str(int(instant) + shift) for instant in map(str, _instants(facts))}
    for before, after in moved.items():
        text = text.replace(before, after)
    said = json.loads(text) | {"subjects": [[str(uuid4()), randomness.randrange(1, 9), 0]], "evidence": {"agreement": str(uuid4())}}
    policy_input = PolicyInput.model_validate_json(json.dumps(said), strict=True)
    outcome = decide(policy_input, policy_set)
    request = DecisionRequest(
        action="disclose", subjects=(), recipient=Recipient(kind="vendor", id="v"), basis="consent", purpose="study", elements=("x",)
    )
    record = DecisionRecord(
        request=request, asked_by=Asker(service="records"), custodian_ids=(UUID(int=1),), epochs={}, input_hash=outcome.input_hash
    )
    return sealed_columns(
        sealer,
        decision_id=uuid7(at),
        decided_at=at,
        valid_until=at + timedelta(minutes=1),
        policy_hash=policy_set.policy_hash,
        record=record,
        policy_input=policy_input.canonical(),
        outcome=outcome.canonical(),
    )


def _instants(value: object) -> set[int]:
    if isinstance(value, dict):
        return set().union(*map(_instants, value.values())) if value else set()
    if isinstance(value, list):
        return set().union(*map(_instants, value)) if value else set()
    return {value} if isinstance(value, int) and value > 1000 * DAY else set()


async def _queue(database: Database, policy_hash: str) -> UUID:
    replay = uuid7(BEGAN)
    async with database.transaction() as tx:
        values = {"policy_hash": policy_hash, "official": "o-1", "requested_at": BEGAN, "state": "queued", "done": 0, "total": 0}
        tx.add(PolicyReplayRow(id=replay, from_at=BEGAN, until_at=BEGAN + timedelta(days=365), **values))
    return replay
