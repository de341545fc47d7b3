"""Two nodes whose clock a test turns: what their workers do by themselves each minute, hour and day is done by hand, in the same order."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from node.commands.trust import expiry_of, member_in
from node.demo.network import NETWORK, new_node, seed_node, trust_each_other
from node.demo.processes import free_port
from node.folder import NodeFolder
from node.health import Finding, examine_expiry, examine_log_names, examine_service, examine_statement
from node.statement import sign_statement
from node.synthetic import ALDER, BIRCH
from node.trust import member_of, signed_list
from services.audit.alerts.watching import Watcher
from services.audit.disclosures.copies import make_due
from services.audit.retention.carrying_out import carry_out
from services.gateway.trust_lists import look_at_trust_list
from services.records.answered_once import forget_answers
from services.records.bodies import sweep
from services.records.exchange.exchange import turn_keys
from services.records.exchange.organisation_keys import forget_keys
from services.records.exchange.passing_trust_lists import pass_on
from services.records.exchange.reconciling import plan
from services.records.exchange.trust_lists import bring_lists
from shared.clock import system_clock
from shared.keys import SigningKey
from shared.who_may_call import SERVICES
from tests.conftest import StandingClock
from tests.records.exchange.two_states import State, TwoStates

ZONES: Final = {"alder": "Pacific/Pago_Pago", "birch": "Pacific/Guam"}
"""The day begins in Guam 21 hours before it begins in American Samoa: the first and the last of all the agencies."""


class OldNodes:
    """Alder in American Samoa, Birch in Guam, and the hands of their operators."""

    def __init__(self, states: TwoStates, root: Path) -> None:
        self.states, self.clock = states, states.clock
        self.both = (states.alder, states.birch)
        self._root = SigningKey.load(root)
        self._watchers = {state.entity_id: self._watcher(state) for state in self.both}

    def _watcher(self, state: State) -> Watcher:
        return Watcher(audit_of(state), monotonic=lambda: self.clock().timestamp())

    async def go_to(self, instant: datetime) -> None:
        """Time passes until then; the nodes do what they do by themselves."""
        await self.states.advance(seconds=(instant - self.clock()).total_seconds())
        for state in self.both:
            await look_at_lists(state)
        for state in self.both:
            await bring_what_is_new(state)
            await plan(state.exchange)
            await forget(state, self.clock())
        await self.states.settle()
        for state in self.both:
            await make_due(state.node.applications["audit"], now=self.clock())
            await carry_out(audit_of(state))
            await self.witness(state)
            await audit_of(state).projector.catch_up()
            await self._watchers[state.entity_id].turn()

    async def witness(self, state: State) -> None:
        """What is to be told is told, and the other node cosigns it."""
        await state.tell()
        await audit_of(state).publisher.turn()
        await state.tell()

    async def renew(self) -> None:
        """Both operators sign their statements, and the network the next list; the files are put where the services look for them."""
        now = self.clock()
        for state in self.both:
            sign_statement(state.folder.file, state.folder.keys, state.folder.statement, now=now)
        members = [member_of(state.folder.file, state.folder.keys, today=now.date()) for state in self.both]
        held = self.both[0].exchange.trust.verified
        document = signed_list(network=NETWORK, roots=[self._root], threshold=1, members=members, previous=held, now=now)
        for state in self.both:
            state.folder.trust_list.write_bytes(document)
            await look_at_lists(state)

    async def restart(self, state: State) -> None:
        """Stop the node and start it again on the same folder."""
        await state.stop()
        await state.restart()
        self._watchers[state.entity_id] = self._watcher(state)

    async def doctor(self, state: State) -> list[Finding]:
        """What `doctor` would have an operator look at."""
        now, folder = self.clock(), state.folder
        found = [
            examine_statement(folder.statement, now=now),
            examine_log_names(member_in(folder.trust_list, state.entity_id), now=now),
            examine_expiry("trust list", expiry_of(folder.trust_list), now=now, remedy=""),
        ]
        for service in SERVICES:
            found += [finding async for finding in examine_service(service, folder.settings(service), now=now)]
        return [one for one in found if one.state != "good"]


def audit_of(state: State) -> Any:
    """What the node's audit service keeps in memory."""
    return state.node.applications["audit"].state


async def look_at_lists(state: State) -> None:
    """Each service looks at the file of the trust list."""
    await look_at_trust_list(state.node.applications["gateway"])
    await audit_of(state).trust.refresh()
    await state.exchange.trust.refresh()


async def bring_what_is_new(state: State) -> None:
    """As the exchange does each minute."""
    await state.exchange.trust.catch_up()
    await pass_on(state.exchange)
    await bring_lists(state.exchange)


async def forget(state: State, now: datetime) -> None:
    """What serves nothing any more goes, and keys whose week is over."""
    turn_keys(state.exchange)
    database = state.records.state.database
    await sweep(database, now)
    await forget_answers(database, now)
    await forget_keys(database, now)


@asynccontextmanager
async def two_old_nodes(folder: Path) -> AsyncIterator[OldNodes]:
    """Both nodes, new, with their organisations and clients, running."""
    now = system_clock()
    plans = {"alder": replace(ALDER, time_zone=ZONES["alder"]), "birch": replace(BIRCH, time_zone=ZONES["birch"])}
    ports = {name: free_port() for name in plans}
    nodes = {name: new_node(folder / name, plan, port=ports[name], now=now, tick_seconds=0.0) for name, plan in plans.items()}
    root = folder / "root.json"
    trust_each_other((nodes["alder"], nodes["birch"]), root_file=root, now=now)
    for name, plan_of_state in plans.items():
        await seed_node(nodes[name], plan_of_state)
    clock = StandingClock(now)
    async with AsyncExitStack() as stack:
        states = [State(NodeFolder(folder / name), clock) for name in ("alder", "birch")]
        for state in states:
            await state.start()
            stack.push_async_callback(state.stop)
        for state in states:
            await state.tell()
        yield OldNodes(TwoStates(states[0], states[1], clock), root)
