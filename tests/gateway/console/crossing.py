"""What crossed: entries of the log of a console's node, as its services make them."""

from pathlib import Path
from typing import Final
from uuid import uuid4

from safepassage.canonical import digest_of
from shared.contracts.audit import Actor, Context, Event
from tests.audit.audit_node import AuditNode, disclosure
from tests.gateway.console.consoles import Console

BIRCH, CEDAR = "https://birch.example", "https://oregon.example"
PEERS: Final = {BIRCH: "XB", CEDAR: "OR"}


def log_of(console: Console) -> AuditNode:
    """Its audit service."""
    folder = console.node.folder.path
    return AuditNode(console.node.applications["audit"], Path(folder) / "keys", console.house.clock, console.house.settings.entity_id)


async def sent(console: Console, count: int, *, to: str = BIRCH, purpose: str = "enrollment", within: bool = False) -> None:
    """Records that left for another state, or for somebody within this one."""
    log = log_of(console)
    for _ in range(count):
        recipient, node = (str(console.district.id), None) if within else (f"{to}#1", to)
        made = disclosure(log, uuid4(), custodian=console.district.id, recipient=recipient, recipient_node=node, purpose=purpose)
        await log.append(made)


async def received(console: Console, count: int, *, sender: str = BIRCH, purpose: str = "enrollment") -> None:
    """Records that came."""
    events = [
        Event(
            class_="received",
            key=f"{uuid4()}:received",
            custodians=(console.district.id,),
            actor=Actor(kind="peer", client_id=sender),
            context=Context(
                operation="exchange",
                outcome="package",
                purpose=purpose,
                recipient_organisation=str(console.district.id),
                recipient_node=console.house.settings.entity_id,
            ),
        )
        for _ in range(count)
    ]
    await log_of(console).append(*events)


async def refused(console: Console, count: int, *, reason: str | None = "agreement-missing") -> None:
    """Requests that the rules refused."""
    events = [
        Event(
            class_="decision",
            key=f"decision:{uuid4()}",
            subjects=(uuid4(),),
            custodians=(console.district.id,),
            actor=Actor(kind="client", client_id="sis-1"),
            context=Context(operation="redisclose", outcome="deny", purpose="enrollment", reason=reason),
            policy_hash=digest_of(b"policy"),
        )
        for _ in range(count)
    ]
    await log_of(console).append(*events, service="privacy")


async def something_crossed(console: Console) -> None:
    """Out and in, and some that was refused."""
    await sent(console, 3)
    await received(console, 2, sender=CEDAR, purpose="safety")
    await refused(console, 4)
