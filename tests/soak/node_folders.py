"""Two nodes whose stores are SQLite or PostgreSQL, behind addresses that somebody else listens on; and the clock that all of them read."""

import json
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from node.creation import create_node, install_trust_list
from node.demo.processes import free_port
from node.demo.seeding import seed
from node.folder import NodeFile, NodeFolder
from node.synthetic import ALDER, BIRCH, StatePlan
from node.trust import member_of, signed_list
from node.witnesses import policy_of
from safepassage.canonical import digest_of, from_base64url, json_object
from safepassage.ids import uuid7
from safepassage.trust_list import VerifiedTrustList, read_pinned_trust_list
from safepassage.trust_members import Member
from services.gateway.registry.administration import administration
from services.gateway.settings import GatewaySettings
from shared.clock import system_clock
from shared.keys import SigningKey
from shared.settings import ServiceSettings
from shared.who_may_call import SERVICES, WHO_MAY_CALL, ServiceName
from tests.records.exchange.dying_node import SharedClock
from tests.records.exchange.two_processes import two_databases
from tests.stores import folder_at_head, node_at_head

PLANS: Final[dict[str, StatePlan]] = {"alder": ALDER, "birch": BIRCH}
BEGINNING: Final = datetime(2026, 9, 14, 9, tzinfo=UTC)
"""A Monday on which no year ends soon: what takes three weeks in the nodes' time stays in one year's log."""
NETWORK: Final = "A network that is soaked"


class SoakedFolder(NodeFolder):
    """A node's folder. `soak.json` says where its stores are and on which ports its processes listen."""

    @cached_property
    def told(self) -> dict[str, Any]:
        """`ports` by process; `database`, the URL of a PostgreSQL database, where there is one."""
        told: dict[str, Any] = json.loads((self.path / "soak.json").read_text())
        return told

    @property
    def processes(self) -> tuple[str, ...]:
        """The four services, or the whole node in one."""
        return tuple(self.told["ports"])

    @property
    def door(self) -> int:
        """The port on which the node's gateway listens. Its own address is somebody else's, who stands between."""
        ports: dict[str, int] = self.told["ports"]
        return ports.get("gateway") or ports["node"]

    def organisations(self) -> dict[str, UUID]:
        """The ids of its organisations by their keys in the plan."""
        document = json.loads((self.path / "clients" / "organisations.json").read_text())
        return {key: UUID(identifier) for key, identifier in document.items()}

    def pids(self) -> dict[str, int]:
        """The ids of its processes in their present lives."""
        pids: dict[str, int] = json.loads((self.path / "pids.json").read_text())
        return pids

    @property
    def clock(self) -> SharedClock:
        """The clock of both nodes."""
        return SharedClock(self.path.parent / "clock")

    def settings(self, service: ServiceName) -> ServiceSettings:
        """As the embedded node's; on PostgreSQL with a schema and, where they are processes, siblings."""
        settings, database = super().settings(service), self.told["database"]
        if database is None:
            return settings
        urls = {name: f"http://127.0.0.1:{port}" for name, port in self.told["ports"].items() if name in WHO_MAY_CALL[service]}
        where = {"database_url": database, "database_schema": service, "database_pool_size": 5, "sibling_urls": urls}
        return settings.model_copy(update=where)


class Network:
    """Alder, which holds, and Birch, which asks, with the root that their trust rests on."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, SharedClock(folder / "clock")
        self.nodes = {name: SoakedFolder(folder / name) for name in PLANS}
        self._root = folder / "root" / "root.json"
        self._held: VerifiedTrustList | None = None

    @classmethod
    async def made_in(cls, folder: Path, stack: ExitStack, *, postgresql: bool) -> "Network":
        """Made, seeded and not started. Databases are dropped with `stack`."""
        (folder / "clock").write_text(str((BEGINNING - system_clock()).total_seconds()))
        network = cls(folder)
        databases = two_databases(stack) if postgresql else {}
        for name, plan in PLANS.items():
            _make(folder / name, plan, databases.get(name), now=network.clock())
        network._trust_each_other()
        for name, node in network.nodes.items():
            if name in databases:
                await node_at_head(databases[name])
            else:
                await folder_at_head(node)
            file, settings = node.file, node.settings("gateway")
            if not isinstance(settings, GatewaySettings):
                raise TypeError("the gateway's settings are GatewaySettings")
            async with administration(settings, clock=network.clock) as hand:
                clients, as_of = node.path / "clients", network.clock().date()
                await seed(hand, PLANS[name], agency_id=file.organisation_id, issuer=file.entity_id, folder=clients, as_of=as_of)
                await hand.accept_trust_list(node.trust_list.read_bytes())
        return network

    def _trust_each_other(self) -> None:
        SigningKey.generate().save(self._root)
        members = self._members()
        document = self._sign()
        for node in self.nodes.values():
            install_trust_list(node, document, first_digest=self._held.digest if self._held else "")
            node.witness_policy.write_text(policy_of(members, own_entity_id=node.file.entity_id, at_least=1))

    def renew_trust(self) -> None:
        """A list after the one in force, with the members as their keys are now."""
        document = self._sign()
        for node in self.nodes.values():
            fresh = node.trust_list.with_suffix(".new")
            fresh.write_bytes(document)
            fresh.replace(node.trust_list)

    def _members(self) -> list[Member]:
        return [member_of(node.file, node.keys, today=self.clock().date()) for node in self.nodes.values()]

    def _sign(self) -> bytes:
        root = SigningKey.load(self._root)
        document = signed_list(network=NETWORK, roots=[root], threshold=1, members=self._members(), previous=self._held, now=self.clock())
        digest = digest_of(from_base64url(str(json_object(document)["payload"])))
        self._held = read_pinned_trust_list(document, digest=digest, development=True)
        return document

    def member(self, name: str) -> Member:
        """A node as the list in force names it."""
        if self._held is None:
            raise LookupError("no list was signed yet")
        return self._held.content.member(self.nodes[name].file.entity_id)


def _make(path: Path, plan: StatePlan, database: str | None, *, now: datetime) -> None:
    address = free_port()
    file = NodeFile(
        entity_id=f"http://127.0.0.1:{address}",
        name=f"{plan.name} Department of Education",
        state=plan.code,
        organisation_id=uuid7(now),
        time_zone=plan.time_zone,
        port=address,
        exchange_tick_seconds=0.0,
        insecure_development=True,
    )
    create_node(path, file, now=now)
    ports = {name: free_port() for name in (("node",) if database is None else SERVICES)}
    (path / "soak.json").write_text(json.dumps({"database": database, "ports": ports}))
