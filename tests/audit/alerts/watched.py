"""Clients that do something, and the watch that sees it."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from services.audit.alerts.watching import Watcher
from services.audit.index.projector import Projector
from services.audit.tables import AlertRow
from shared.contracts.audit import Actor, Context, Event
from tests.audit.audit_node import OAK, STATE, AuditNode

SIS = "sis-1"


def watcher_of(node: AuditNode) -> Watcher:
    watcher: Watcher = node.app.state.watcher
    return watcher


async def watch(node: AuditNode) -> None:
    """What the workers do, at once; the clock was not set, it went on. The one that looks each fifteen seconds would say that it was."""
    await stop_workers(node, "keep_watch")
    projector: Projector = node.app.state.projector
    await projector.catch_up()
    watcher = watcher_of(node)
    await watcher.look_at_node(0.0)
    await watcher.look_at_actors()
    await watcher.enter()


def by(client: str = SIS, class_: Any = "read", students: Sequence[UUID] = (), *, person: str | None = None, **context: Any) -> Event:
    """What a client of Oak did, for the person."""
    return Event(
        class_=class_,
        key=f"test:{uuid4()}",
        subjects=tuple(students),
        custodians=(OAK,),
        actor=Actor(kind="client", client_id=client, organisation_id=OAK, role="registrar", person=person),
        context=Context(**{"operation": "roster", "outcome": "done", "purpose": "enrollment"} | context),
    )


async def did(node: AuditNode, *events: Event) -> None:
    """Append reads, and what records writes beside them."""
    await node.append(*events, headers=node.on_behalf_of("lea", OAK))


async def decided(node: AuditNode, client: str, *outcomes: str) -> None:
    """Decisions on a client's requests, in their order."""
    await node.append(*[by(client, "decision", operation="disclose", outcome=one) for one in outcomes], service="privacy")


async def read_students(node: AuditNode, count: int, client: str = SIS, **context: Any) -> None:
    """A client read so many students, in pages."""
    for start in range(0, count, 200):
        await did(node, by(client, students=[uuid4() for _ in range(min(200, count - start))], **context))


async def rows(node: AuditNode) -> list[AlertRow]:
    async with node.database.reading() as tx:
        return list((await tx.scalars(select(AlertRow).order_by(AlertRow.found_at, AlertRow.day, AlertRow.rule))).all())


async def told(node: AuditNode) -> list[str]:
    """The rules that have told, in alphabetical order."""
    return sorted(row.rule for row in await rows(node))


async def entries(node: AuditNode, **search: Any) -> list[dict[str, Any]]:
    """The alerts' entries in the log, the oldest first."""
    await node.app.state.projector.catch_up()
    headers = node.as_caller("audit:search", kind="sea", organisation=STATE, purpose="audit-evaluation")
    answer = await node.send("POST", "/v1/log/searches", headers, {"classes": ["alert"]} | search)
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = json.loads(answer.body)["entries"]
    return found[::-1]


async def stop_workers(node: AuditNode, *names: str) -> None:
    """Lifespan tasks that do nothing by themselves from now on."""
    tasks = [task for task in node.app.state.tasks if task.get_coro().__name__ in names]
    assert len(tasks) == len(names)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
