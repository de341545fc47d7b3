"""Simulations: the only place where a caller's facts are believed, and nothing that could be taken for a decision."""

import asyncio
import json
import logging
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from safepassage.wire_simulation import Simulation, SimulationSituations
from services.privacy import simulation
from services.privacy.policy_cases import built_in
from services.privacy.tables import DecisionRow, ObligationRow
from shared.contracts.privacy import Decision
from shared.telemetry import JsonLines
from tests.privacy.disk import stored_bytes
from tests.privacy.node import PrivacyNode, problem_of
from tests.privacy.officials import Officials
from tests.privacy.policy.situations import SITUATIONS
from tests.privacy.world import World

pytestmark = pytest.mark.anyio

TRANSCRIPT = "academics.transcript"


@pytest.fixture
def officials(world: World) -> Officials:
    return Officials.of(world)


async def simulate(officials: Officials, **asked: Any) -> Simulation:
    return await officials.said(Simulation, "/v1/simulations", officials.acting("o-analyst", **asked))


async def test_a_built_in_situation_is_answered_with_every_reason(officials: Officials) -> None:
    lawful = await simulate(officials, situation="transfer")
    assert (lawful.outcome, lawful.groups[0].would_permit, lawful.in_force) == ("would-permit", (TRANSCRIPT,), True)
    assert "ferpa-99.31a2-transfer" in lawful.policies
    changes = {"transfer.documented": False, "elements": ["academics.transcript", "identity.ssn"]}
    refused = await simulate(officials, situation="transfer", changes=changes)
    assert refused.outcome == "would-deny"
    assert {(one.element, one.reason) for one in refused.groups[0].would_withhold} == {
        (TRANSCRIPT, "enrollment-not-documented"),
        ("identity.ssn", "ssn-never-leaves"),
    }


async def test_every_built_in_situation_is_listed_with_facts_that_would_be_permitted_and_nobodys(officials: Officials) -> None:
    listed = SimulationSituations.model_validate_json((await officials.client.get("/v1/simulation-situations")).body).situations
    assert [one.name for one in listed] == sorted(built_in().situations)
    assert not any({"subjects", "evidence", "now"} & set(one.facts) for one in listed)
    for name in ("contractor", "transfer"):
        facts = next(one.facts for one in listed if one.name == name)
        assert (await simulate(officials, situation=name)).outcome == "would-permit"
        assert facts["elements"] == [TRANSCRIPT]
    oak = officials.world.node.client(officials.world.oak, "policies:simulate")
    assert (await oak.get("/v1/simulation-situations")).status == 403


async def test_what_one_lawful_change_would_permit_is_said(officials: Officials) -> None:
    changes = {"elements": [TRANSCRIPT, "identity.sex", "identity.ssn"]}
    [group] = (await simulate(officials, situation="contractor", changes=changes)).groups
    assert {one.element for one in group.would_withhold} == {"identity.sex"}
    assert [(one.element, one.change.fact, one.change.suffices) for one in group.would_be_permitted_by] == [
        ("identity.sex", "agreement.elements", True)
    ]


async def test_facts_of_the_callers_own_are_believed_here_and_a_draft_answers_them(officials: Officials) -> None:
    facts = {name: value for name, value in SITUATIONS["transfer"].items() if name not in ("subjects", "evidence", "now")}
    facts["transfer"] = facts["transfer"] | {"official_attested_at": 1}
    drafted = await officials.draft()
    by_set = [await simulate(officials, facts=facts, policy_hash=one) for one in (officials.active, drafted.policy_hash)]
    assert [(one.outcome, one.in_force) for one in by_set] == [("would-permit", True), ("would-deny", False)]
    assert by_set[1].groups[0].would_withhold[0].policy == "xa-transcripts-stay"


@pytest.mark.requirement("SETS-simulation")
async def test_a_simulation_is_no_decision_and_cannot_be_read_as_one(officials: Officials) -> None:
    simulated = await simulate(officials, situation="transfer")
    node = officials.world.node
    assert (await node.count(DecisionRow), await node.count(ObligationRow)) == (0, 0)
    told = [event for event in await node.events() if event.context.operation == "policies-simulated"]
    assert [(event.class_, event.subjects, event.context.about) for event in told] == [("policy", (), "official:o-analyst")]
    said = simulated.model_dump(mode="json")
    assert (said["simulation"], "not a decision" in said["notice"]) == (True, True)
    assert not {"token", "subjects", "valid_until", "decided_at", "permitted"} & said.keys()
    with pytest.raises(ValueError, match="validation error"):
        Decision.model_validate(said)
    assert not (await node.standing(simulated.id)).stands


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"situation": "transfer", "facts": {}}, "facts"),
        ({}, "facts"),
        ({"situation": "canary"}, "situation"),
        ({"facts": {"subjects": [["canary", 1, 0]]}}, "facts.subjects"),
        ({"situation": "transfer", "changes": {"groups.0.student.homeless": "canary"}}, "facts"),
        ({"situation": "transfer", "changes": {"canary.member": 1}}, "facts"),
        ({"facts": {"action": "disclose", "canary": 1}}, "facts"),
    ],
)
@pytest.mark.one_row_on_postgresql
async def test_what_is_not_the_form_of_facts_is_refused_and_not_repeated(
    officials: Officials, asked: dict[str, Any], field: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = await officials.client.post("/v1/simulations", officials.acting("o-analyst", **asked))
    assert (answer.status, problem_of(answer).field) == (422, field)
    lines = "\n".join([*map(JsonLines().format, caplog.records), caplog.text])
    assert "canary" not in answer.body.decode() + lines


async def test_simulated_facts_are_kept_nowhere(
    officials: Officials, node: PrivacyNode, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    facts = json.loads(json.dumps(SITUATIONS["transfer"]))
    del facts["subjects"]
    facts["recipient"]["id"] = "canary-recipient"
    facts["evidence"] = {"asserted_by": "canary-assertion"}
    await simulate(officials, facts=facts, changes={"now": 1_791_234_567_891})
    on_disk = await stored_bytes(node.app.state.database, tmp_path)
    lines = "\n".join([*map(JsonLines().format, caplog.records), caplog.text]).encode()
    for canary in (b"canary-recipient", b"canary-assertion", b"1791234567891"):
        assert canary not in on_disk
        assert canary not in lines


async def test_nobodys_writing_waits_for_what_a_simulation_computes(officials: Officials, monkeypatch: pytest.MonkeyPatch) -> None:
    computing, written, tried = threading.Event(), threading.Event(), simulation._changes

    def slowly(*about: Any) -> Any:
        computing.set()
        written.wait(10)
        return tried(*about)

    monkeypatch.setattr(simulation, "_changes", slowly)
    simulating = asyncio.create_task(simulate(officials, situation="transfer"))
    try:
        assert await asyncio.to_thread(computing.wait, 10)
        async with asyncio.timeout(5), officials.world.node.app.state.database.transaction() as tx:
            await tx.execute(text("SELECT 1"))
    finally:
        written.set()
    assert (await simulating).outcome == "would-permit"


async def test_only_officials_of_the_state_agency_with_the_scope_simulate(officials: Officials) -> None:
    world, body = officials.world, officials.acting("o-analyst", situation="transfer")
    assert (await world.node.client(world.oak, "policies:simulate").post("/v1/simulations", body)).status == 403
    assert (await world.node.client(world.sea, "policies:draft").post("/v1/simulations", body)).status == 403
    unknown = await officials.client.post("/v1/simulations", body | {"policy_hash": "A" * 43})
    assert problem_of(unknown).code == "no-such-policy-set"
