"""A node of ours beside others that are not: Alder in this process, working, and some in JavaScript, written from docs/wire.md (peer/)."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from node.creation import install_trust_list
from node.demo.network import new_node, seed_node
from node.demo.processes import free_port
from node.synthetic import ALDER
from node.trust import member_of, signed_list
from safepassage.canonical import digest_of, from_base64url, json_object
from safepassage.suites import MLKEM1024_P384
from safepassage.trust_members import Member
from shared.clock import system_clock
from shared.keys import SigningKey
from tests.npm.scripts import script
from tests.records.exchange.two_states import State

SECOND = MLKEM1024_P384.name
PULLS = {"delivery": "pull"}
"""Of a member that cannot be called."""


class Working(State):
    """A node whose workers work, by the real clock."""

    async def start(self) -> None:
        self._running = AsyncExitStack()
        await self._running.enter_async_context(self.node.running())
        await self.wake()
        await self.tell()


@dataclass(frozen=True)
class Network:
    """Alder, and what the scripts of the others are told."""

    alder: State
    asking: dict[str, Any]
    bound_to_fips: dict[str, Any]
    """It lists the second suite alone."""
    holding: dict[str, Any]
    pulling: dict[str, Any]


@asynccontextmanager
async def network(folder: Path) -> AsyncIterator[Network]:
    """Five members of one list, four of them in JavaScript: each is one process, since its keys and its log are in memory."""
    now = system_clock()
    alder = new_node(folder / "alder", ALDER, port=free_port(), now=now, tick_seconds=0.0)
    founded = await script(
        "peer/founding.mjs", nodes=[{"entity_id": f"http://127.0.0.1:{free_port()}", **about} for about in ({}, {}, {}, PULLS)]
    )
    members = [member_of(alder.file, alder.keys, today=now.date()), *(Member.model_validate(one["member"]) for one in founded)]
    root = SigningKey.generate()
    document = signed_list(network="Two makers", roots=[root], threshold=1, members=members, previous=None, now=now)
    digest = digest_of(from_base64url(str(json_object(document)["payload"])))
    install_trust_list(alder, document, first_digest=digest)
    await seed_node(alder, ALDER)
    state = Working(alder, system_clock)  # type: ignore[arg-type]  # which never stands
    await state.start()
    try:
        known = {"list": document.decode(), "digest": digest, "holder": state.entity_id}
        asking, bound_to_fips, holding, pulling = (
            {"entity_id": one["member"]["entity_id"], "keys": one["keys"], **known} for one in founded
        )
        yield Network(state, asking, {**bound_to_fips, "suite": SECOND}, holding, pulling)
    finally:
        await state.stop()
