"""A whole node in one process, with the console of its gateway, and browsers of people with each role."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from node.creation import create_node, install_trust_list
from node.embedded import EmbeddedNode
from node.folder import NodeFile, NodeFolder
from safepassage.ids import uuid7
from safepassage.trust_members import Member
from safepassage.wire_organisations import NewOrganisation, Organisation
from services.gateway.people.roles import Role
from services.gateway.registry.administration import administration
from shared.settings import ServiceSettings
from shared.who_may_call import ServiceName
from tests.audit.peer_log import member, trust_settings
from tests.conftest import StandingClock
from tests.gateway.house import House
from tests.gateway.people.signing_in import PEOPLE, Browser, signed_in
from tests.stores import folder_at_head

HOSTILE = '"><img src=x onerror=alert(1)>{{7*7}} Department'


class PeopledFolder(NodeFolder):
    """A node whose agency has a provider, and that lets one browser go through hundreds of pages as fast as it can."""

    def settings(self, service: ServiceName) -> ServiceSettings:
        settings = super().settings(service)
        given = {**PEOPLE, "people_client_key_file": None, "people_issuer": None, "anonymous_burst": 1_000_000}
        return settings.model_copy(update=given) if service == "gateway" else settings


@dataclass
class Console:
    """A running node and its two organisations."""

    node: EmbeddedNode
    house: House
    agency: Organisation
    district: Organisation

    async def browser(self, role: Role, **about: Any) -> Browser:
        """Somebody of a role, signed in."""
        whose = self.district if role == "district-officer" else self.agency
        return await signed_in(self.house, role, **{"organisation_id": whose.id, "subject": f"subject of {role}", **about})

    async def settle(self) -> None:
        """Send what waits between the services."""
        for service in ("gateway", "privacy", "records"):
            await self.node.applications[service].state.outbox.drain()  # type: ignore[index]


@asynccontextmanager
async def open_console(
    path: Path,
    clock: StandingClock,
    *,
    name: str = "Department of Education",
    port: int = 9,
    peers: Mapping[str, str] = MappingProxyType({}),
    members: Sequence[Member] = (),
) -> AsyncIterator[Console]:
    """A new node, running. `peers`: state by entity id, of those with which it has a trust list; it is then of Alder (XA) itself.

    members  more of that list
    """
    file = NodeFile(
        entity_id=f"http://127.0.0.1:{port}",
        name=name,
        state="XA",
        organisation_id=uuid7(clock()),
        port=port,
        insecure_development=True,
    )
    folder = create_node(path / "alder", file, now=clock())
    if peers or members:
        states = {file.entity_id: "XA", **peers}
        named = [member(entity).model_copy(update={"state": state}) for entity, state in states.items()]
        digest = trust_settings(path, *named, *members, now=clock())["trust_list_digest"]
        install_trust_list(folder, (path / "list.jws").read_bytes(), first_digest=digest)
    async with console_in(folder, clock) as console:
        yield console


@asynccontextmanager
async def console_in(folder: NodeFolder, clock: StandingClock) -> AsyncIterator[Console]:
    """A node in a folder that has none of its stores yet, running."""
    await folder_at_head(folder)
    file, node = folder.file, EmbeddedNode(PeopledFolder(folder.path), clock=clock)
    async with node.running():
        gateway = node.applications["gateway"]
        async with administration(folder.settings("gateway"), clock=clock) as hand:
            held = {one.kind: one for one in await hand.organisations()}
            agency = held.get("sea") or await hand.add_organisation(_new("sea", file.name), organisation_id=file.organisation_id)
            district = await hand.add_organisation(new_district("Hood River County", agency))
            console = Console(node, House(gateway, gateway.state.settings, clock, hand, {}), agency, district)
            await console.settle()
            yield console


def _new(kind: str, name: str, **about: Any) -> NewOrganisation:
    return NewOrganisation.model_validate({"kind": kind, "name": name, "valid_from": date(2020, 1, 1), **about})


def new_district(name: str, agency: Organisation, *, nces_id: str = "4106740") -> NewOrganisation:
    """One below the agency."""
    return _new("lea", name, parent_id=agency.id, nces_id=nces_id)


def duty_started(clock: StandingClock, kind: str = "answer-public-question", **about: Any) -> dict[str, Any]:
    """A clock that staff start."""
    return {"kind": kind, "started_at": clock().isoformat(), "evidence_ref": f"letter:{uuid4()}", **about}
