"""What is missing stops decisions, never the keeping of what was decided."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from services.audit.app import create_app as create_audit
from services.audit.settings import AuditSettings
from services.privacy import app as privacy_app
from services.privacy.app import create_app
from services.privacy.policy import PolicySetBroken
from services.privacy.tables import DecisionRow, OutboxRow, PolicyActivationRow
from shared.contracts.audit import AppendResponse
from shared.database import Database
from shared.keys import KeyFileUnusable
from shared.migrations import migrate
from shared.siblings import InProcess
from tests.conftest import StandingClock
from tests.privacy.node import ENTITY_ID, PrivacyNode, problem_of, settings_for
from tests.privacy.world import World

pytestmark = pytest.mark.anyio


async def audit_service(folder: Path, keys: Path, clock: StandingClock) -> FastAPI:
    url = f"sqlite+inline:///{folder}/audit.db"
    database = Database(url)
    await migrate("audit", database)
    await database.close()
    return create_audit(AuditSettings(entity_id=ENTITY_ID, database_url=url, keys_directory=keys / "audit"), transports={}, clock=clock)


async def test_while_audit_is_away_decisions_are_made_and_their_entries_kept(world: World) -> None:
    decision = await world.node.decide(world.by_transfer(await world.student()))
    await world.node.app.state.outbox.drain()
    entries = [event for event in await world.node.events() if event.class_ == "decision"]
    assert [event.context.decision_id for event in entries] == [decision.id]


async def test_when_audit_is_back_it_takes_every_entry_once(store_url: str, node_keys: Path, clock: StandingClock, tmp_path: Path) -> None:
    to_audit = InProcess()
    app = create_app(settings_for(store_url, node_keys), transports={"audit": to_audit}, clock=clock)
    audit = await audit_service(tmp_path, node_keys, clock)
    async with app.router.lifespan_context(app), audit.router.lifespan_context(audit):
        world = await World.on(PrivacyNode(app, clock, node_keys))
        facts, agreement = await world.student(), await world.agreement()
        consent = await world.consent(facts)
        await world.withdraw(consent)
        decision = await world.node.decide(world.by_transfer(facts))
        await world.node.decide(world.by_contract(agreement, facts), by=world.node.client(world.vendor))
        await world.node.push(world.facts(student_id=facts.student_id, version=2, flags=frozenset({"protected-address"})))
        await world.node.standing(decision.id)
        told = await world.node.events()
        assert {event.class_ for event in told} == {"policy", "consent", "agreement", "decision"}
        to_audit.app = audit
        clock.advance(minutes=10)
        await app.state.outbox.drain()
        assert await world.node.count(OutboxRow) == 0
        again = {"events": [event.model_dump(mode="json", by_alias=True, exclude_none=True) for event in told]}
        response = await audit_answer(app, again)
        assert {entry.size for entry in response.entries} == {len(told)}
        assert all(entry.duplicate for entry in response.entries)


async def audit_answer(app: FastAPI, body: dict[str, Any]) -> AppendResponse:
    import json  # noqa: PLC0415 only here

    given = await app.state.siblings.send("audit", "POST", "/internal/entries", by="outbox", content=json.dumps(body).encode())
    return AppendResponse.model_validate_json(given)


@pytest.mark.parametrize("missing", ["decision-signing.json", "key-encryption/1.key", "cursor.key", "callers/records.json"])
@pytest.mark.one_row_on_postgresql
async def test_without_a_key_nothing_is_served(store_url: str, node_keys: Path, tmp_path: Path, missing: str) -> None:
    shutil.copytree(node_keys, tmp_path / "keys")
    (tmp_path / "keys" / "privacy" / missing).unlink()
    app = create_app(settings_for(store_url, tmp_path / "keys"), transports={})
    with pytest.raises(KeyFileUnusable):
        async with app.router.lifespan_context(app):
            pass


async def test_without_its_policies_nothing_is_served(store_url: str, node_keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise PolicySetBroken("us.forbids: the EST was not made from this text")

    monkeypatch.setattr(privacy_app, "load_policy_set", broken)
    app = create_app(settings_for(store_url, node_keys), transports={})
    with pytest.raises(PolicySetBroken):
        async with app.router.lifespan_context(app):
            pass


async def test_facts_that_do_not_open_permit_nothing(world: World, tmp_path: Path) -> None:
    """The key-encryption key under which they were sealed is gone."""
    facts = await world.student()
    provider = world.node.app.state.sealer.provider
    provider._ciphers = {9: next(iter(provider._ciphers.values()))}  # a fault: key_version_is_gone
    answer = await world.node.ask(world.by_transfer(facts))
    assert (answer.status, problem_of(answer).code) == (500, "seal-broken")
    assert await world.node.count(DecisionRow) == 0


async def test_without_its_store_it_permits_nothing(world: World) -> None:
    facts = await world.student()
    database = world.node.app.state.database
    async with database.transaction() as tx:
        await tx.execute(text("ALTER TABLE decision RENAME TO lost"))  # a fault: table_is_gone
    answer = await world.node.ask(world.by_transfer(facts))
    assert answer.status in (500, 503)
    assert b"decision" not in answer.body.replace(b"facts", b"")


async def test_a_policy_set_is_put_on_record_once(store_url: str, node_keys: Path, clock: StandingClock) -> None:
    for _ in range(2):
        app = create_app(settings_for(store_url, node_keys), transports={"audit": InProcess()}, clock=clock)
        async with app.router.lifespan_context(app):
            node = PrivacyNode(app, clock, node_keys)
            told = [event for event in await node.events() if event.class_ == "policy"]
            assert [(event.context.outcome, event.policy_hash) for event in told] == [
                ("unreviewed-draft", app.state.judge.policy_set.policy_hash)
            ]
            assert await node.count(PolicyActivationRow) == 1
