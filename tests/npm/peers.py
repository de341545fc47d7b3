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

PARTS: dict[str, dict[str, str]] = {
    "asking": {},
    "bound to FIPS": {},
    "holding": {},
    "pulling": {"delivery": "pull"},
    "asking for documents": {},
    "holding documents": {},
    "telling chains": {},
    "asking for credentials": {},
    "holding credentials": {},
    "bringing lists": {},
    "comparing": {},
    "seeking": {},
    "sought at": {},
}
"""What each of the others does, and what the list says of it besides. One that pulls cannot be called."""
SUITES = {"bound to FIPS": MLKEM1024_P384.name}
"""Of those that list another one than the default."""


class Working(State):
    """A node whose workers work, by the real clock."""

    async def start(self) -> None:
        self._running = AsyncExitStack()
        await self._running.enter_async_context(self.node.running())
        await self.wake()
        await self.tell()


@dataclass(frozen=True)
class Network:
    """Alder, and what the script of each of the others is told, by its part."""

    alder: State
    told: dict[str, dict[str, Any]]
    root: SigningKey
    """It signs the trust list."""


@asynccontextmanager
async def network(folder: Path) -> AsyncIterator[Network]:
    """Members of one list, all but Alder in JavaScript: each is one process, since its keys and its log are in memory."""
    now = system_clock()
    alder = new_node(folder / "alder", ALDER, port=free_port(), now=now, tick_seconds=0.0)
    ports = {free_port() for _ in PARTS}
    others = [{"entity_id": f"http://127.0.0.1:{port}", **about} for port, about in zip(ports, PARTS.values(), strict=True)]
    founded = await script("peer/founding.mjs", nodes=others)
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
        told = {
            part: {"entity_id": one["member"]["entity_id"], "keys": one["keys"], "suite": SUITES.get(part), **known}
            for part, one in zip(PARTS, founded, strict=True)
        }
        yield Network(state, told, root)
    finally:
        await state.stop()
