"""Decisions for the pages to show, asked for as records asks, and sets of rules, drafted and tried on the pages as people do."""

import re
from typing import Any
from uuid import UUID

import pytest

from services.privacy import policy_checks
from services.privacy.policy_cases import built_in
from services.privacy.policy_replays import Replays
from tests.gateway.console.consoles import Console
from tests.gateway.people.signing_in import Browser, location_of
from tests.privacy.node import PrivacyNode
from tests.privacy.officials import forbid
from tests.privacy.world import World

SETS = "/console/decisions/sets"


def cut_down(patch: pytest.MonkeyPatch) -> None:
    """A set of rules is checked against a few of the built-in cases: all of them take seconds."""
    table = built_in()
    patch.setattr(policy_checks, "built_in", lambda: table._replace(cases=table.cases[:40]))


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


async def key_in(browser: Browser, path: str) -> str:
    """The key of the first act on a page."""
    answer = await browser.get(path)
    assert answer.status == 200, (path, answer.status, answer.body)
    return re.findall(r'name="act" value="([0-9a-f]{32})"', answer.body.decode())[0]


async def drafted(author: Browser, *, title: str = "Board policy 7", text: str | None = None) -> str:
    """The path of a set with a rule more than the one in force."""
    form = await author.get(f"{SETS}/draft")
    active = re.findall(r'<option value="([^"]+)" selected>', form.body.decode().partition('id="based_on"')[2])[0]
    answer = await author.post(
        f"{SETS}/draft",
        act=await key_in(author, f"{SETS}/draft"),
        title=title,
        based_on=active,
        pack="us-xa.forbids",
        text=text or forbid(element="identity.name"),
    )
    assert answer.status == 303, answer.body
    return location_of(answer)


async def tried(console: Console, author: Browser, path: str) -> str:
    """Checked, tested and replayed over the last 90 days. The path of the replay."""
    checked = await author.post(f"{path}/checks", act=await key_in(author, path))
    assert checked.status == 303, checked.body
    start = await author.get(f"{path}/replays")
    days = dict(re.findall(r'name="(from|to)" type="date" value="([^"]+)"', start.body.decode()))
    answer = await author.post(f"{path}/replays", act=await key_in(author, f"{path}/replays"), **days)
    assert answer.status == 303, answer.body
    replays: Replays = console.node.applications["privacy"].state.replays
    await replays.drain()
    return location_of(answer)
