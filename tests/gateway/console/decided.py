"""Decisions for the pages to show: a small state beside the console's own organisations, asked for as records asks."""

from typing import Any
from uuid import UUID

from tests.gateway.console.consoles import Console
from tests.privacy.node import PrivacyNode
from tests.privacy.world import World


async def world_of(console: Console) -> World:
    """The state of the console: its agency, and districts of which none is the console's."""
    node = PrivacyNode(console.node.applications["privacy"], console.house.clock, console.node.folder.keys)
    world = World(node)
    world.sea = console.agency
    world.oak, world.elm = (one.model_copy(update={"parent_id": console.agency.id}) for one in (world.oak, world.elm))
    for one in (world.oak, world.elm, world.oak_school, world.elm_school, world.vendor, world.birch):
        await node.project(one)
    return world


async def decided(console: Console, world: World | None = None, **about: Any) -> UUID:
    """A transfer to a school of Birch, of which a part stays, of a student of Oak; or of what `about` says."""
    world = world or await world_of(console)
    return (await world.node.decide(world.by_transfer(await world.student(), **about))).id


async def one_of_each(console: Console) -> dict[str, UUID]:
    """In part; denied, with a condition that is not met; permitted; and withheld with a change that would do."""
    world = await world_of(console)
    made = {"in part": await decided(console, world), "denied": await decided(console, world, purpose="study")}
    facts, agreement = await world.student(), await world.agreement()
    vendor = world.node.client(world.vendor)
    made["permitted"] = (await world.node.decide(world.by_contract(agreement, facts), by=vendor)).id
    asked = world.by_contract(agreement, facts, elements=("academics.transcript", "identity.sex"))
    made["changeable"] = (await world.node.decide(asked, by=vendor)).id
    return made
