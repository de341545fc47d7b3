"""What the services know of the other states' nodes: asked at once, and where one does not answer the rest is shown all the same."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

from safepassage.problems import SuiteError
from safepassage.problems.log import NoSuchLog
from safepassage.problems.trust import NoSuchMember
from safepassage.trust_members import Member
from safepassage.wire_log_witnesses import LogWitnesses
from safepassage.wire_peers import PeerStanding, PeerStandings, TrustListStanding
from services.gateway.console.node_reader import NodeReader
from services.gateway.console.pages import Frame
from shared.trust_standing import trust_list_standing

Told = TypeVar("Told")


@dataclass(frozen=True)
class StatesKnown:
    """`peers` and `witnesses` are None where the service that knows does not answer."""

    own: Member | None
    """This node, as the list has it."""
    others: Sequence[Member]
    standing: TrustListStanding
    """Of the gateway."""
    peers: PeerStandings | None
    witnesses: LogWitnesses | None

    def peer(self, entity_id: str) -> PeerStanding | None:
        """What records knows of one."""
        return None if self.peers is None else next((one for one in self.peers.peers if one.entity_id == entity_id), None)

    def code(self, member: Member) -> str:
        """How a page's address names a member: its state, and where the list has several of one state something more."""
        is_alone = sum(one.state == member.state for one in self.others) == 1
        return member.state if is_alone else long_code(member)

    def member(self, code: str) -> Member:
        """The one with this code, in the short form or the long one. Raises NoSuchMember."""
        found = [one for one in self.others if code in (self.code(one), long_code(one))]
        if len(found) != 1:
            raise NoSuchMember
        return found[0]


def long_code(member: Member) -> str:
    """Which no other member has, whoever joins."""
    return f"{member.state}-{sha256(member.entity_id.encode()).hexdigest()[:8]}"


async def states_known(frame: Frame, node: NodeReader) -> StatesKnown:
    """What is there. Raises what a service refuses."""
    state = frame.request.app.state
    members = () if state.trust.held is None else state.trust.held.members
    peers, witnesses = await asyncio.gather(
        or_unknown(node.read("records", "/v1/peers", PeerStandings)),
        or_unknown(node.read("audit", "/v1/log/witnesses", LogWitnesses)),
    )
    own = state.settings.entity_id
    return StatesKnown(
        own=next((one for one in members if one.entity_id == own), None),
        others=[one for one in members if one.entity_id != own],
        standing=trust_list_standing(state.trust),
        peers=peers,
        witnesses=witnesses,
    )


async def or_unknown(asked: Awaitable[Told]) -> Told | None:
    """None where the service does not answer, or has nothing yet: one part of a page is no reason to show none of it."""
    try:
        return await asked
    except NoSuchLog:
        return None
    except SuiteError as error:
        if error.status < 500:
            raise
        return None
