"""Two nodes' audit services that witness one another, in one process: real applications, stores and keys; what is between them may fail."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from node.log_keys import published
from safepassage.notes import VerifierKey
from safepassage.tlog_policy import Policy, parse_policy
from services.audit.settings import AuditSettings
from services.audit.tables import WitnessFindingRow
from services.audit.witnessing.door import TEXT, DoorAnswer, WitnessUnreachable
from services.audit.witnessing.keys import WitnessKeys
from services.audit.witnessing.publisher import Publisher
from shared.in_process import call
from tests.audit.audit_node import AuditNode, event, running, sqlite_url
from tests.audit.peer_log import member, trust_settings
from tests.conftest import StandingClock

Answering = Callable[[str, str, bytes], Awaitable[DoorAnswer | None]]
"""What a witness that is not as it should be answers to a method, a path and a body; None where it answers as it should."""
HOSTS = ALDER, BIRCH, CEDAR = "alder.example", "birch.example", "cedar.example"
ORIGIN = f"{ALDER}/log/2026"


@dataclass
class Between:
    """The network between the nodes."""

    nodes: dict[str, AuditNode] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    answering: dict[str, Answering] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def post(self, url: str, body: bytes, *, content_type: str = TEXT) -> DoorAnswer:
        return await self._send("POST", url, body)

    async def get(self, url: str) -> DoorAnswer:
        return await self._send("GET", url, b"")

    async def _send(self, method: str, url: str, body: bytes) -> DoorAnswer:
        host, _, path = url.removeprefix("https://").partition("/")
        self.asked.append((method, host))
        if host in self.down or host not in self.nodes:
            raise WitnessUnreachable("down")
        if host in self.answering:
            answer = await self.answering[host](method, f"/{path}", body)
            if answer is not None:
                return answer
        given = await call(self.nodes[host].app, method, f"/{path}", headers={}, body=body)
        return DoorAnswer(given.status, given.body)

    async def close(self) -> None:
        pass


@dataclass
class Nodes:
    """The nodes, by host; each can be stopped, and started again, also on an older copy of its store."""

    folder: Path
    keys: dict[str, Path]
    clock: StandingClock
    settings: dict[str, dict[str, Any]]
    between: Between = field(default_factory=Between)

    def database(self, host: str) -> Path:
        return self.folder / host / "audit.db"

    def store(self, host: str) -> str:
        return sqlite_url(self.folder / host)

    @asynccontextmanager
    async def up(self, host: str, **changes: Any) -> AsyncIterator[AuditNode]:
        """One node, while the block lasts."""
        url = changes.pop("database_url", self.store(host))
        async with running(url, self.keys[host], self.clock, reach_witnesses=self._door, **self.settings[host] | changes) as node:
            self.between.nodes[host] = node
            try:
                yield node
            finally:
                if self.between.nodes.get(host) is node:
                    del self.between.nodes[host]

    def _door(self, _: AuditSettings) -> Between:
        return self.between

    def lose(self, host: str, template: Path, *, place: Path | None = None) -> Path:
        """An empty store in the place of a node's, which is stopped; or elsewhere."""
        file = self.database(host) if place is None else place / "audit.db"
        file.parent.mkdir(exist_ok=True)
        return Path(shutil.copy(template, file))

    def copy(self, host: str) -> Path:
        """A copy of the store of a node that is stopped."""
        return Path(shutil.copy(self.database(host), self.folder / host / "yesterday.db"))

    def restore(self, host: str) -> None:
        """Put that copy back."""
        for left in self.database(host).parent.glob("audit.db-*"):
            left.unlink()
        shutil.copy(self.folder / host / "yesterday.db", self.database(host))

    def witness_keys(self, host: str) -> tuple[VerifierKey, ...]:
        keys = WitnessKeys.of(self.keys[host] / "audit", host)
        assert keys is not None
        return keys.verifiers

    def policy(self, host: str) -> Policy:
        return parse_policy(Path(self.settings[host]["witness_policy_file"]).read_bytes())


def publisher(node: AuditNode) -> Publisher:
    found: Publisher = node.app.state.publisher
    return found


async def findings(node: AuditNode) -> dict[str, str]:
    """What was found, by kind: about whom."""
    async with node.database.reading() as tx:
        return {row.kind: row.about for row in (await tx.execute(select(WitnessFindingRow))).scalars()}


def nodes_that_witness(folder: Path, template: Path, keys: Sequence[Path], clock: StandingClock, *, quorum: int = 1) -> Nodes:
    """A node for each folder of keys; each has all others as its witnesses."""
    hosts = HOSTS[: len(keys)]
    of = dict(zip(hosts, keys, strict=True))
    nodes = Nodes(folder, of, clock, {})
    members = [
        member(
            f"https://{host}",
            published(of[host] / "audit", f"{host}/log/2026", today=clock().date()),
            published(of[host] / "audit", f"{host}/log/2027", today=clock().date()),
            witness_keys=[key.vkey for key in nodes.witness_keys(host)],
        )
        for host in hosts
    ]
    trust = trust_settings(folder, *members, now=clock())
    for host in hosts:
        (folder / host).mkdir()
        shutil.copy(template, nodes.database(host))
        lines, groups = [], []
        for other in hosts:
            if other != host:
                names = [f"{other}-{key.type}" for key in nodes.witness_keys(other)]
                lines += [
                    f"witness {name} {key.vkey} https://{other}/v1/witness"
                    for name, key in zip(names, nodes.witness_keys(other), strict=True)
                ]
                groups.append(other)
                lines.append(f"group {other} all {' '.join(names)}")
        policy = folder / host / "witnesses.policy"
        policy.write_text("\n".join([*lines, f"group members {quorum} {' '.join(groups)}", "quorum members"]) + "\n")
        # The loop of the lifespan does nothing within a test: turns are taken by hand.
        nodes.settings[host] = {**trust, "entity_id": f"https://{host}", "witness_policy_file": policy, "witness_seconds": 3600}
    return nodes


async def grow(node: AuditNode, count: int = 1) -> int:
    """Append, and give the size of the log."""
    return (await node.append(*[event("request") for _ in range(count)])).entries[-1].size


async def shown(node: AuditNode, query: str = "") -> str:
    answer = await node.send("GET", "/v1/log/checkpoint", node.as_caller("audit:operate", kind="sea"), query=query)
    assert answer.status == 200, answer.body
    return answer.body.decode()
