"""What audit reports of its log: entries by class, the head, and a pass over all of it that finds what was altered or removed."""

from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.contracts.readiness import AuditMeasures, AuditReport
from tests.audit.audit_node import AuditNode, disclosure, event

pytestmark = pytest.mark.anyio


async def reported(node: AuditNode) -> AuditMeasures:
    """What privacy is answered."""
    answer = await node.send("GET", "/internal/readiness-evidence", node.as_job("privacy"))
    assert answer.status == 200, answer.body
    told = AuditReport.model_validate_json(answer.body)
    assert told.measured_at == node.clock()
    return told.measures


async def tamper(node: AuditNode, statement: str, **values: bytes) -> None:
    """What somebody with the database can do: the guards go first."""
    async with node.database.transaction() as tx:
        if node.database.is_sqlite:
            await tx.execute(text("DROP TRIGGER IF EXISTS segment_refuses_update"))
            await tx.execute(text("DROP TRIGGER IF EXISTS segment_refuses_delete"))
        else:
            await tx.execute(text("DROP TRIGGER IF EXISTS segment_refuses_change ON segment"))
        await tx.execute(text(statement), values)


async def test_an_empty_log_is_whole(node: AuditNode) -> None:
    it = await reported(node)
    assert (it.entries, it.entries_missing, it.entries_altered, it.pass_entries) == (0, 0, 0, 0)
    assert it.head_verified
    assert it.by_class == {}


async def test_entries_are_counted_by_their_class_for_a_week(node: AuditNode) -> None:
    await node.append(event("request", student=uuid4()), event("request"), event("match"))
    node.clock.advance(days=3)  # type: ignore[attr-defined]  # the standing clock of the tests
    await node.append(event("request"), disclosure(node, uuid4()))
    assert (await reported(node)).by_class == {"disclosure": 1, "match": 1, "request": 3}
    await node.append(event("load"))
    assert (await reported(node)).by_class == {"disclosure": 1, "load": 1, "match": 1, "request": 3}
    node.clock.advance(days=5)  # type: ignore[attr-defined]  # the standing clock of the tests
    it = await reported(node)
    assert it.by_class == {"disclosure": 1, "load": 1, "request": 1}
    assert it.entries == 6


async def test_a_pass_covers_every_entry_and_its_age_is_told(node: AuditNode) -> None:
    for _ in range(3):
        await node.append(*[event("match") for _ in range(50)])
    it = await reported(node)
    assert (it.pass_entries, it.entries_missing, it.entries_altered, it.pass_age_hours) == (150, 0, 0, 0)
    await node.append(event("match"))
    assert (await reported(node)).pass_entries == 151


async def test_a_pass_finds_an_entry_that_was_altered(node: AuditNode) -> None:
    await node.append(*[event("match") for _ in range(5)])
    assert (await reported(node)).entries_altered == 0
    async with node.database.reading() as tx:
        data: bytes = (await tx.execute(text("SELECT data FROM segment WHERE start = 0"))).scalar_one()
    altered = data.replace(b'"class":"match"', b'"class":"notch"', 1)
    assert altered != data
    await tamper(node, "UPDATE segment SET data = :altered WHERE start = 0", altered=altered)
    it = await reported(node)
    assert (it.entries_altered, it.pass_entries) == (1, 4)


async def test_a_pass_finds_entries_that_are_gone(node: AuditNode) -> None:
    for _ in range(3):
        await node.append(*[event("match") for _ in range(4)])
    await tamper(node, "DELETE FROM segment WHERE start = 4")
    it = await reported(node)
    assert (it.entries, it.entries_missing) == (12, 4)
    assert not it.head_verified


async def test_only_privacy_is_answered(node: AuditNode) -> None:
    for service in ("gateway", "records"):
        answer = await node.send("GET", "/internal/readiness-evidence", node.as_job(service))  # type: ignore[arg-type]  # a service's name
        assert answer.status == 403
    answer = await node.send("GET", "/internal/readiness-evidence", node.as_caller("audit:operate", kind="sea"))
    assert answer.status == 403


async def test_nobody_is_named(node: AuditNode) -> None:
    student = uuid4()
    await node.append(disclosure(node, student), event("request", student=student))
    answer = await node.send("GET", "/internal/readiness-evidence", node.as_job("privacy"))
    assert str(student).encode() not in answer.body
    assert b"birch" not in answer.body
