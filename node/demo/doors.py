"""A state of the demo as its clients reach it: through its gateway, with the SDK, and in no other way."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from node.demo.seeding import ORGANISATIONS_FILE
from node.synthetic import StatePlan
from safepassage.client import Client, ClientFile


@dataclass
class StateDoors:
    """The clients of a state, by the name of their seat, and the ids of its organisations."""

    plan: StatePlan
    entity_id: str
    organisations: dict[str, UUID]
    clients: dict[str, Client]
    folder: Path
    """Where the client files are."""
    known_ids: set[UUID] = field(default_factory=set)
    """The node's ids of the students that the story has looked up."""

    @property
    def name(self) -> str:
        """The state's name."""
        return self.plan.name

    def client(self, seat: str) -> Client:
        """The client of a seat (node.demo.seats)."""
        return self.clients[seat]


@asynccontextmanager
async def opened(plan: StatePlan, folder: Path) -> AsyncIterator[StateDoors]:
    """Open every client file in `folder` (node.demo.seeding wrote them)."""
    files, organisations = _read(folder)
    async with AsyncExitStack() as stack:
        clients = {name: await stack.enter_async_context(Client(file)) for name, file in files.items()}
        entity_id = next(iter(files.values())).issuer
        yield StateDoors(plan, entity_id, organisations, clients, folder)


def _read(folder: Path) -> tuple[dict[str, ClientFile], dict[str, UUID]]:
    files = {path.stem: ClientFile.load(path) for path in sorted(folder.glob("*.json")) if path.name != ORGANISATIONS_FILE}
    ids: dict[str, str] = json.loads((folder / ORGANISATIONS_FILE).read_text())
    return files, {key: UUID(value) for key, value in ids.items()}
