"""Searches that an organisation keeps: its own alone, sealed, and good for what whoever runs one may see."""

import asyncio
import importlib
import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, insert, select, text, update

from safepassage.ids import uuid7
from services.audit.saved_searches import MOST
from services.audit.tables import SavedSearchRow
from shared.database import Database
from shared.in_process import Answer
from shared.migrations import differences, migrate
from tests.audit.audit_node import ELM, OAK, STATE, AuditNode, event, give_organisations, running
from tests.audit.older_stores import back_to
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

PATH = "/v1/log/saved-searches"


def district(node: AuditNode, organisation: UUID = OAK) -> dict[str, str]:
    return node.as_caller("audit:search", organisation=organisation)


async def save(node: AuditNode, headers: dict[str, str], name: str = "one child", id_: UUID | None = None, **search: Any) -> Answer:
    return await node.send("PUT", f"{PATH}/{id_ or uuid7(node.clock())}", headers, {"name": name, "search": search})


async def test_one_search_that_is_saved_by_several_at_once_is_one(node: AuditNode) -> None:
    headers = district(node)
    for _ in range(3):
        id_ = uuid4()
        told = await asyncio.gather(*(save(node, headers, f"name {number}", id_) for number in range(4)))
        assert [answer.status for answer in told] == [200] * 4
        assert [one["name"][:4] for one in await listed(node, headers) if one["id"] == str(id_)] == ["name"]


def as_before(connection: Connection) -> None:
    """The table as migration 0008 made it, with what is saved, in a store that is at 0014."""
    rows = connection.execute(select(*SavedSearchRow.__table__.columns)).mappings().all()
    with Operations.context(MigrationContext.configure(connection)):
        connection.execute(text("DROP TABLE saved_search"))
        importlib.import_module("services.audit.migrations.versions.0008_saved_searches").upgrade()
    connection.execute(insert(SavedSearchRow), [dict(row) for row in rows])
    back_to(connection, "0014")


async def listed(node: AuditNode, headers: dict[str, str]) -> list[dict[str, Any]]:
    answer = await node.send("GET", PATH, headers)
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = json.loads(answer.body)["saved_searches"]
    return found


async def test_a_search_is_saved_listed_run_replaced_and_deleted(node: AuditNode) -> None:
    student = uuid4()
    await node.append(event(student=student), event(student=uuid4()))
    saved = json.loads((await save(node, district(node), student_id=str(student))).body)
    assert [(one["id"], one["name"], one["search"]["student_id"]) for one in await listed(node, district(node))] == [
        (saved["id"], "one child", str(student))
    ]
    run = await node.send("POST", f"{PATH}/{saved['id']}/runs", district(node), {})
    assert [entry["index"] for entry in json.loads(run.body)["entries"] if entry["class"] == "match"] == [0]
    again = await save(node, district(node), "all matches", UUID(saved["id"]), classes=["match"])
    assert (again.status, [one["name"] for one in await listed(node, district(node))]) == (200, ["all matches"])
    run = await node.send("POST", f"{PATH}/{saved['id']}/runs", district(node), {}, "limit=1")
    assert [entry["index"] for entry in json.loads(run.body)["entries"]] == [1]
    more = run.headers["link"].partition("?")[2].partition(">")[0]
    run = await node.send("POST", f"{PATH}/{saved['id']}/runs", district(node), {}, more)
    assert [entry["index"] for entry in json.loads(run.body)["entries"]] == [0]
    future = await node.send("POST", f"{PATH}/{saved['id']}/runs", district(node), {"logged_from": "2030-01-01T00:00:00Z"})
    assert json.loads(future.body)["entries"] == []
    assert (await node.send("DELETE", f"{PATH}/{saved['id']}", district(node))).status == 200
    assert await listed(node, district(node)) == []
    assert (await node.send("DELETE", f"{PATH}/{saved['id']}", district(node))).status == 404


@pytest.mark.requirement("BAD-foreign")
async def test_another_organisations_saved_search_looks_absent(node: AuditNode) -> None:
    await give_organisations(node)
    saved = json.loads((await save(node, district(node), classes=["match"])).body)
    state = node.as_caller("audit:search", kind="sea", organisation=STATE, purpose="audit-evaluation")
    for headers in (district(node, ELM), state):
        assert await listed(node, headers) == []
        for method, path, body in (("POST", "/runs", {}), ("DELETE", "", None)):
            foreign = await node.send(method, f"{PATH}/{saved['id']}{path}", headers, body)
            assert (foreign.status, json.loads(foreign.body)["code"]) == (404, "no-such-saved-search")
    assert [one["id"] for one in await listed(node, district(node))] == [saved["id"]]


@pytest.mark.requirement("BAD-foreign")
async def test_the_id_of_another_organisations_search_is_as_good_as_a_new_one(node: AuditNode) -> None:
    await give_organisations(node)
    saved = json.loads((await save(node, district(node), "oak's", classes=["match"])).body)
    answers = [await save(node, district(node, ELM), "elm's", id_, classes=["disclosure"]) for id_ in (UUID(saved["id"]), uuid4())]
    foreign, new = ({**json.loads(answer.body), "id": None} for answer in answers)
    assert [answer.status for answer in answers] == [200, 200]
    assert foreign == new
    assert (await node.send("DELETE", f"{PATH}/{saved['id']}", district(node, ELM))).status == 200
    assert [(one["name"], one["search"]["classes"]) for one in await listed(node, district(node))] == [("oak's", ["match"])]


async def test_what_was_saved_before_ids_were_of_an_organisation_is_there_after_the_upgrade(
    store_url: str, node_keys: Path, clock: StandingClock
) -> None:
    async with running(store_url, node_keys, clock) as node:
        saved = [json.loads((await save(node, district(node), name, classes=["match"])).body) for name in ("one", "two")]
        await node.database.write(as_before)
    store = Database(store_url)
    await migrate("audit", store)
    assert await differences("audit", store, SavedSearchRow.metadata) == []
    await store.close()
    async with running(store_url, node_keys, clock) as node:
        assert sorted(one["name"] for one in await listed(node, district(node))) == ["one", "two"]
        assert (await save(node, district(node, ELM), "elm's", UUID(saved[0]["id"]), classes=["match"])).status == 200
        assert sorted(one["name"] for one in await listed(node, district(node))) == ["one", "two"]


async def test_who_may_not_search_keeps_no_searches(node: AuditNode) -> None:
    for kind in ("vendor", "agency", "peer"):
        headers = node.as_caller("audit:search", kind=kind)
        assert (await save(node, headers, classes=["match"])).status == 403
        assert (await node.send("GET", PATH, headers)).status == 403
    assert (await node.send("GET", PATH, node.as_caller("audit:accounting"))).status == 403


async def test_nothing_that_is_saved_is_in_clear_or_good_for_another_organisation(node: AuditNode) -> None:
    student = uuid4()
    saved = json.loads((await save(node, district(node), "Jane Doe's reader", student_id=str(student), client_ids=["reader-9"])).body)
    async with node.database.reading() as tx:
        row = (await tx.execute(select(SavedSearchRow))).scalar_one()
    for secret in (str(student).encode(), student.bytes, b"Jane", b"reader-9"):
        assert secret not in row.sealed
    async with node.database.transaction() as tx:
        await tx.execute(update(SavedSearchRow).values(organisation_id=ELM))
    assert (await node.send("POST", f"{PATH}/{saved['id']}/runs", district(node, ELM), {})).status == 500


async def test_saving_running_and_deleting_are_entries(node: AuditNode) -> None:
    saved = json.loads((await save(node, district(node), classes=["match"])).body)
    await node.send("POST", f"{PATH}/{saved['id']}/runs", district(node), {})
    await node.send("DELETE", f"{PATH}/{saved['id']}", district(node))
    answer = await node.send("POST", "/v1/log/searches", district(node), {"classes": ["search"]})
    operations = [entry["context"]["operation"] for entry in json.loads(answer.body)["entries"]]
    assert operations == ["saved-search-deleted", "search-log", "search-saved"]


async def test_an_organisation_keeps_so_many_and_no_more(node: AuditNode) -> None:
    async with node.database.transaction() as tx:
        for _ in range(MOST):
            tx.add(SavedSearchRow(id=uuid7(node.clock()), organisation_id=OAK, saved_at=node.clock(), sealed=b""))
    full = await save(node, district(node), classes=["match"])
    assert (full.status, json.loads(full.body)["code"]) == (409, "saved-searches-full")
    assert (await save(node, district(node, ELM), classes=["match"])).status == 200
