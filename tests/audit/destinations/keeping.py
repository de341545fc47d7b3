"""Destinations of a running audit service for tests: made by its routes, served by hand."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from safepassage.wire_destinations import LogDestination, MadeLogDestination
from services.audit.destinations.courier import Courier
from shared.clock import Clock
from shared.in_process import Answer
from tests.audit.audit_node import STATE, AuditNode, running

PATH = "/v1/log/destinations"


@dataclass
class Keeping:
    """A service and one who keeps its destinations."""

    node: AuditNode

    @property
    def courier(self) -> Courier:
        found: Courier = self.node.app.state.courier
        return found

    @property
    def keeper(self) -> dict[str, str]:
        return self.node.as_caller("audit:destinations", kind="sea", organisation=STATE, purpose="audit-evaluation")

    async def send(self, method: str, path: str = "", body: object = None, headers: dict[str, str] | None = None) -> Answer:
        return await self.node.send(method, PATH + path, headers or self.keeper, body)

    async def try_make(self, receiver: dict[str, Any], id_: UUID | None = None, **more: Any) -> Answer:
        return await self.send("PUT", f"/{id_ or uuid4()}", {"name": "the SIEM", "receiver": receiver, **more})

    async def make(self, receiver: dict[str, Any], **more: Any) -> MadeLogDestination:
        answer = await self.try_make(receiver, **more)
        assert answer.status == 201, answer.body
        return MadeLogDestination.model_validate_json(answer.body)

    async def webhook(self, port: int, signature: str = "v1", scheme: str = "http", **more: Any) -> MadeLogDestination:
        url = f"{scheme}://127.0.0.1:{port}/in?token=of-the-receiver"
        return await self.make({"kind": "webhook", "url": url, "signature": signature}, **more)

    async def act(self, id_: UUID, act: str, body: object = None, status: int = 200) -> dict[str, Any]:
        answer = await self.send("POST", f"/{id_}/{act}", body)
        assert answer.status == status, answer.body
        found: dict[str, Any] = json.loads(answer.body)
        return found

    async def stands(self, id_: UUID) -> LogDestination:
        answer = await self.send("GET", f"/{id_}")
        assert answer.status == 200, answer.body
        return LogDestination.model_validate_json(answer.body)

    async def turn(self) -> None:
        """Publish what there is, and send it."""
        await self.node.sequencer.publish_now()
        await self.courier.turn()


LOCAL = {"insecure_development": True, "destination_hosts": ("127.0.0.1",), "destination_seconds": 3600}


@asynccontextmanager
async def keeping(url: str, node_keys: Path, clock: Clock, **settings: Any) -> AsyncIterator[Keeping]:
    async with running(url, node_keys, clock, **LOCAL | settings) as node:
        yield Keeping(node)
