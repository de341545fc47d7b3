"""What is kept whoever approves: the accounting with the records, a year of the node while a student needs it, what a hold names."""

import asyncio
import json
from pathlib import Path
from urllib.parse import parse_qsl, urlencode
from uuid import UUID, uuid4

import pytest

from safepassage.wire_retention import LegalHoldPage
from services.audit.retention import holds, units
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
    clear,
    found,
    hold,
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


@pytest.mark.requirement("LOG-retention")
async def test_a_disclosure_after_the_clearance_keeps_the_accounting_however_often_the_agency_has_read_the_record_since(
    store_url: str, node_keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(units, "OPENED_AT_ONCE", 3)
    clock, student = StandingClock(THEN), uuid4()
    async with running(store_url, node_keys, clock) as node:
        await node.append(disclosure(node, student))
        await years_later(node, clock)
        named = {"student_id": str(student), "clearance_id": str(await clear(node, student)), "records_ended_on": "2033-09-01"}
        own = [event("read", student=student) for _ in range(7)]
        await node.append(*own, headers=node.on_behalf_of("lea", OAK))
        assert (await ask(node, **named)).status == 201
        await node.append(disclosure(node, student))
        await node.append(*[event("read", student=student) for _ in range(7)], headers=node.on_behalf_of("lea", OAK))
        assert json.loads((await ask(node, **named)).body)["code"] == "records-not-shown-ended"


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


async def test_the_holds_of_one_student_are_found_among_those_of_others(
    store_url: str, node_keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holds, "AT_ONCE", 2)
    async with running(store_url, node_keys, StandingClock(LATER)) as node:
        student, other = uuid4(), uuid4()
        mine = {(await hold(node, student_id=str(student), reference=f"case-{n}")).id for n in range(3)}
        for n in range(3):
            await hold(node, student_id=str(other), reference=f"other-{n}")
        await hold(node, organisation_id=str(OAK))
        for limit in (1, 2, 3, 100):
            pages = await held(node, student_id=str(student), limit=str(limit))
            assert [one for page in pages for one in page] == sorted(mine, reverse=True), limit
            assert len(pages) == -(-3 // limit), "no empty page follows the last"
        assert await held(node, student_id=str(uuid4())) == [[]]
        assert len((await held(node))[0]) == 7, "and all where none is named"
        follows = await node.send("GET", "/v1/log/holds", state_client(node), query=f"student_id={student}&limit=1")
        cursor = dict(parse_qsl(follows.headers["link"].partition("?")[2].partition(">")[0]))["cursor"]
        refused = await node.send("GET", "/v1/log/holds", state_client(node), query=f"student_id={other}&cursor={cursor}")
        assert refused.status == 422, "a cursor is of one student's holds"


async def held(node: AuditNode, **query: str) -> list[list[UUID]]:
    """Ids of holds, page by page."""
    pages: list[list[UUID]] = []
    following = urlencode(query)
    while not pages or following:
        answer = await node.send("GET", "/v1/log/holds", state_client(node), query=following)
        assert answer.status == 200, answer.body
        pages.append([one.id for one in LegalHoldPage.model_validate_json(answer.body).holds])
        following = answer.headers.get("link", "").partition("?")[2].partition(">")[0]
    return pages


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
