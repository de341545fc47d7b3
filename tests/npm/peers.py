"""A node of ours beside one that is not: Alder in this process, working, and Birch, written in JavaScript from docs/wire.md (peer/)."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from node.creation import install_trust_list
from node.demo.network import new_node, seed_node
from node.demo.processes import free_port
from node.embedded import EmbeddedNode
from node.synthetic import ALDER
from node.trust import member_of, signed_list
from safepassage.canonical import digest_of, from_base64url, json_object
from safepassage.trust_members import Member
from shared.clock import system_clock
from shared.keys import SigningKey
from tests.npm.scripts import script
from tests.records.exchange.two_states import State


class Working(State):
    """A node whose workers work, by the real clock."""

    async def start(self) -> None:
        self._running = AsyncExitStack()
        await self._running.enter_async_context(self.node.running())
        await self.wake()


@asynccontextmanager
async def beside_another(folder: Path) -> AsyncIterator[tuple[State, dict[str, Any]]]:
    """Alder, and what Birch's scripts are told: one list names both."""
    now = system_clock()
    alder = new_node(folder / "alder", ALDER, port=free_port(), now=now, tick_seconds=0.0)
    founded = await script("peer/founding.mjs", entity_id=f"http://127.0.0.1:{free_port()}")
    members = [member_of(alder.file, alder.keys, today=now.date()), Member.model_validate(founded["member"])]
    root = SigningKey.generate()
    document = signed_list(network="Two makers", roots=[root], threshold=1, members=members, previous=None, now=now)
    digest = digest_of(from_base64url(str(json_object(document)["payload"])))
    install_trust_list(alder, document, first_digest=digest)
    await seed_node(alder, ALDER)
    state = Working(alder, system_clock)  # type: ignore[arg-type]
    await state.start()
    await state.tell()
    try:
        told = {"entity_id": founded["member"]["entity_id"], "keys": founded["keys"], "list": document.decode(), "digest": digest}
        yield state, {**told, "holder": state.entity_id}
    finally:
        await state.stop()
