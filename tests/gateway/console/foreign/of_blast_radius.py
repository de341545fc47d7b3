"""The answer about a stolen credential; no address of these pages names a thing of a district."""

from uuid import uuid4

from services.gateway.console.blast_radius import FOUND
from tests.gateway.console.consoles import Console
from tests.gateway.console.touched import stolen


async def _answered(console: Console) -> list[str]:
    await stolen(console)
    between = "from=2026-01-01T00:00:00Z&until=2027-12-31T00:00:00Z&discovered=2026-10-19T09:00:00Z"
    return [f"{FOUND}?of=client&which={one}&{between}&count={uuid4()}" for one in ("stolen", "nobody")]


MORE_PATHS = {"blast radius": _answered}
