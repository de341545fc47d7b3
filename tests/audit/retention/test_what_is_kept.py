"""What is kept whoever approves: the accounting with the records, a year of the node while a student needs it, what a hold names."""

import asyncio
import json
from pathlib import Path
from uuid import uuid4

import pytest

from services.audit.retention.carrying_out import carry_out
from services.audit.retention.holds import lock_logs
from services.audit.tables import HoldRow
from services.audit.verification import verify_store
from tests.audit.audit_node import OAK, AuditNode, disclosure, event, running, settings_of
from tests.audit.retention.officials import (
    LATER,
    SCHOOL_YEAR,
    THEN,
    approved,
    ask,
    carried_out,
    found,
    read,
    state_client,
    years_later,
)
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


async def test_a_destruction_waits_for_a_hold_that_is_being_placed_and_then_keeps_what_it_names(store_url: str, node_keys: Path) -> None:
    clock, student = StandingClock(THEN), uuid4()
    async with running(store_url, node_keys, clock) as node:
        await node.append(event("match", student=student))
        await years_later(node, clock)
        destruction = await approved(node, student)
        clock.advance(days=2)
        async with node.database.transaction() as tx:
            await lock_logs(tx)
            tx.add(HoldRow(id=uuid4(), reason="subpoena", reference="case-13", placed_at=clock(), placed_by="counsel"))
            await tx.flush()
            carrying = asyncio.create_task(carry_out(node.app.state))
            ended, _ = await asyncio.wait({carrying}, timeout=0.05 if node.database.is_sqlite else 1.5)
            assert not ended
        await carrying
        assert (await read(node, destruction.id)).state == "kept"


@pytest.mark.requirement("LOG-retention")
async def test_the_accounting_is_kept_as_long_as_the_records(store_url: str, node_keys: Path) -> None:
    clock, student = StandingClock(THEN), uuid4()
    async with running(store_url, node_keys, clock) as node:
        await node.append(disclosure(node, student))
        await years_later(node, clock)
        refused = await ask(node, student_id=str(student), school_years=[SCHOOL_YEAR])
        assert (refused.status, json.loads(refused.body)["detail"]) == (409, "kept-with-record")
        named = {"student_id": str(student), "clearance_id": str(uuid4()), "records_ended_on": "2033-09-01"}
        unknown = await ask(node, **named)
        assert json.loads(unknown.body)["code"] == "records-not-shown-ended"
        destruction = await approved(node, student, school_years=[SCHOOL_YEAR])
        await node.append(disclosure(node, student))  # so the records are still there, be it in the same second
        assert (await carried_out(node, destruction, clock)).state == "kept"


async def test_the_nodes_own_year_is_kept_while_a_page_tells_of_a_student_and_goes_after(store_url: str, node_keys: Path) -> None:
    clock, student, other = StandingClock(THEN), uuid4(), uuid4()
    async with running(store_url, node_keys, clock) as node:
        many = event("load").model_copy(update={"subjects": (student, other), "custodians": (OAK, OAK)})
        await node.append(event("trust"), many, event("trust"))
        await years_later(node, clock)
        refused = await ask(node, school_years=[SCHOOL_YEAR])
        assert (refused.status, json.loads(refused.body)["detail"]) == (409, "kept-with-record")
        for one in (student, other):
            assert (await carried_out(node, await approved(node, one), clock)).state == "destroyed"
        destruction = await carried_out(node, await approved(node, None, school_years=[SCHOOL_YEAR]), clock)
        assert (destruction.state, destruction.of_student, destruction.preview.years[0].entries) == ("destroyed", False, 3)
        page = await found(node, classes=["trust", "load"])
        assert [(one["destroyed"], one["destruction_id"]) for one in page["entries"]] == [(True, str(destruction.id))] * 3
    first, *_ = await verify_store(settings_of(store_url, node_keys))
    assert (first.opened, first.destroyed) == (0, 3)


async def test_a_district_neither_holds_nor_destroys(store_url: str, node_keys: Path) -> None:
    async with running(store_url, node_keys, StandingClock(LATER)) as node:
        headers = node.as_caller("retention:hold", "retention:destroy") | {"idempotency-key": str(uuid4())}
        body = {"reason": "litigation", "reference": "case-12", "organisation_id": str(OAK)}
        body |= {"acting_official": {"pairwise_id": "o", "role": "counsel", "authenticated_at": "2025-01-01T00:00:00Z"}}  # type: ignore[dict-item]
        assert (await node.send("POST", "/v1/log/holds", headers, body)).status == 403
        assert (await node.send("GET", "/v1/log/holds", node.as_caller("audit:search"))).status == 403
        assert (await node.send("GET", f"/v1/log/destructions/{uuid4()}", headers)).status == 404
        assert (await read_classes(node)) == {"accounting": 1, "evidence": 6, "access": 3, "operation": 2}


async def read_classes(node: AuditNode) -> dict[str, int]:
    answer = await node.send("GET", "/v1/log/retention-classes", state_client(node))
    return {one["name"]: one["years"] for one in json.loads(answer.body)["classes"]}
