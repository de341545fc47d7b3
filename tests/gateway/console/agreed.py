"""Agreements for the pages to show: of Oak with a vendor that the gateway knows, with credentials, used in part."""

from typing import Any

from safepassage.wire_organisations import Organisation
from safepassage.wire_policy import Agreement
from tests.gateway.by_hand import Party
from tests.gateway.console.consoles import HOSTILE, Console
from tests.gateway.console.decided import world_of
from tests.privacy.world import World


async def vendor_of(console: Console, name: str = f"Acorn Assessments {HOSTILE}") -> Organisation:
    """A vendor of the node."""
    vendor = await console.house.organisation("vendor", name=name)
    await console.settle()
    return vendor


async def agreed(console: Console, vendor: Organisation | None = None, **more: Any) -> Agreement:
    """A contract of Oak with a vendor that has one credential, under which one student's records were decided on."""
    world: World = await world_of(console)
    world.vendor = vendor or await vendor_of(console)
    if vendor is None:
        await credential_of(console, world.vendor)
    subprocessors = [{"name": HOSTILE, "service": "Hosting", "where": "schedule B, 3"}]
    agreement = await world.agreement(subprocessors=subprocessors, **{"destruction": "s. 9", **more})
    asked = world.by_contract(agreement, await world.student(), elements=("academics.transcript", "identity.sex"))
    await world.node.decide(asked, by=world.node.client(world.vendor))
    return agreement


async def credential_of(console: Console, vendor: Organisation) -> Party:
    """A client of the vendor."""
    return await console.house.party(vendor, "records:read", purposes=["instruction"])
