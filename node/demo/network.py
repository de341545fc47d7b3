"""The demo's network: two nodes in folders on this machine, a root of trust, one list that both install."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from node.creation import create_node, install_trust_list
from node.demo.seeding import seed
from node.embedded import migrate_all
from node.folder import NodeFile, NodeFolder
from node.synthetic import ALDER, BIRCH, StatePlan
from node.trust import member_of, signed_list
from node.witnesses import policy_of
from safepassage.canonical import digest_of, from_base64url, json_object
from safepassage.ids import uuid7
from services.gateway.registry.administration import Administration, administration
from services.gateway.settings import GatewaySettings
from shared.clock import system_clock
from shared.keys import SigningKey

NETWORK = "Safe Passage demo network (fictional)"
TICK_SECONDS = 2.0


def new_node(
    folder: Path, plan: StatePlan, *, port: int, now: datetime, tick_seconds: float = TICK_SECONDS, scheme: str = "http"
) -> NodeFolder:
    """A node for one of the fictional states, on the loopback."""
    file = NodeFile(
        entity_id=f"{scheme}://127.0.0.1:{port}",
        name=f"{plan.name} Department of Education",
        state=plan.code,
        organisation_id=uuid7(now),
        time_zone=plan.time_zone,
        port=port,
        exchange_tick_seconds=tick_seconds,
        insecure_development=True,
    )
    return create_node(folder, file, now=now)


def trust_each_other(nodes: tuple[NodeFolder, ...], *, root_file: Path, now: datetime) -> None:
    """Make a root, sign a first list with every node in it, install it everywhere; each has its log witnessed by the others."""
    root = SigningKey.generate()
    root.save(root_file)
    members = [member_of(node.file, node.keys, today=now.date()) for node in nodes]
    document = signed_list(network=NETWORK, roots=[root], threshold=1, members=members, previous=None, now=now)
    digest = digest_of(from_base64url(str(json_object(document)["payload"])))
    for node in nodes:
        install_trust_list(node, document, first_digest=digest)
        if len(nodes) > 1:
            node.witness_policy.write_text(policy_of(members, own_entity_id=node.file.entity_id, at_least=1))


def new_nodes(folder: Path, *, ports: tuple[int, int], tick_seconds: float = TICK_SECONDS) -> tuple[NodeFolder, NodeFolder]:
    """Alder and Birch under `folder`, trusting each other; nobody is in them yet."""
    now = system_clock()
    alder = new_node(folder / "alder", ALDER, port=ports[0], now=now, tick_seconds=tick_seconds)
    birch = new_node(folder / "birch", BIRCH, port=ports[1], now=now, tick_seconds=tick_seconds)
    trust_each_other((alder, birch), root_file=folder / "root" / "root.json", now=now)
    return alder, birch


@asynccontextmanager
async def hand_on(node: NodeFolder) -> AsyncIterator[Administration]:
    """The hand of an operator on a node that does not run yet: its stores are made, and its trust list is in force afterwards."""
    await migrate_all(node)
    settings = node.settings("gateway")
    if not isinstance(settings, GatewaySettings):
        raise TypeError("the gateway's settings are GatewaySettings")
    async with administration(settings) as hand:
        yield hand
        await hand.accept_trust_list(node.trust_list.read_bytes())


async def seed_node(node: NodeFolder, plan: StatePlan) -> None:
    """The state's fictional organisations and its clients."""
    file = node.file
    async with hand_on(node) as hand:
        folder, as_of = node.path / "clients", system_clock().date()
        await seed(hand, plan, agency_id=file.organisation_id, issuer=file.entity_id, folder=folder, as_of=as_of)


async def new_network(folder: Path, *, ports: tuple[int, int], tick_seconds: float = TICK_SECONDS) -> tuple[NodeFolder, NodeFolder]:
    """Alder and Birch under `folder`, trusting each other, with their organisations and clients; not started."""
    alder, birch = new_nodes(folder, ports=ports, tick_seconds=tick_seconds)
    await seed_node(alder, ALDER)
    await seed_node(birch, BIRCH)
    return alder, birch
