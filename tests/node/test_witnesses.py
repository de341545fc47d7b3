"""The policy of a node's witnesses, and what doctor says of them."""

import asyncio
from pathlib import Path

from sqlalchemy import update
from typer.testing import CliRunner

from node.commands.trust import app
from node.demo.network import new_nodes
from node.embedded import EmbeddedNode
from node.folder import NodeFolder
from node.health import Finding, examine_service
from safepassage.tlog_policy import parse_policy, submission_urls
from services.audit.tables import LogRow
from services.audit.witnessing.findings import KINDS
from shared.clock import system_clock
from shared.database import Database


def test_a_network_of_nodes_has_each_witnessed_by_the_others(tmp_path: Path) -> None:
    alder, birch = new_nodes(tmp_path, ports=(11, 12))
    policy = parse_policy(alder.witness_policy.read_bytes())
    assert [url for url, _ in submission_urls(policy)] == ["http://127.0.0.1:12/v1/witness"]
    assert {key.name for key in policy.witness_keys} == {"127.0.0.1:12/witness"}
    assert policy.is_reached_by(policy.witness_keys)
    assert not policy.is_reached_by(policy.witness_keys[:1])  # both of its keys have to cosign
    assert alder.settings("audit").model_dump()["witness_policy_file"] == alder.witness_policy
    assert birch.settings("audit").model_dump()["witness_policy_file"] == birch.witness_policy


def test_the_command_writes_it_from_the_trust_list_and_refuses_a_quorum_that_cannot_be(tmp_path: Path) -> None:
    alder, _ = new_nodes(tmp_path, ports=(11, 12))
    before = alder.witness_policy.read_text()
    alder.witness_policy.unlink()
    assert CliRunner().invoke(app, ["witnesses", str(alder.path)]).exit_code == 0
    assert alder.witness_policy.read_text() == before
    refused = CliRunner().invoke(app, ["witnesses", str(alder.path), "--at-least", "2"])
    assert refused.exit_code != 0
    assert alder.witness_policy.read_text() == before


def examined(node: NodeFolder) -> list[Finding]:
    async def look() -> list[Finding]:
        return [finding async for finding in examine_service("audit", node.settings("audit"), now=system_clock())]

    return asyncio.run(look())


def test_doctor_says_that_the_log_is_frozen_and_what_a_witness_did(tmp_path: Path) -> None:
    alder, _ = new_nodes(tmp_path, ports=(11, 12))

    async def live() -> None:
        async with EmbeddedNode(alder).running() as node:
            await node.applications["audit"].state.findings.record("witness-refuses", "https://birch.example/v1/witness")

    asyncio.run(live())
    found = {finding.what: finding for finding in examined(alder)}
    assert found["audit: log"].state == "good"
    refusing = found["audit: witnessing, https://birch.example/v1/witness"]
    assert refusing.state == "bad"
    assert KINDS["witness-refuses"] in refusing.detail

    async def freeze() -> None:
        database = Database.of(alder.settings("audit"))
        async with database.transaction() as tx:
            await tx.execute(update(LogRow).values(state="frozen"))
        await database.close()

    asyncio.run(freeze())
    frozen = next(finding for finding in examined(alder) if finding.what == "audit: log")
    assert frozen.state == "bad"
    assert "docs/witnessing.md" in frozen.remedy
