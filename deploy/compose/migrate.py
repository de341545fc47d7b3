"""Bring each schema of a node to this version, as the schema's owner: python migrate.py NODE FOLDER (FOLDER as set_up.py has it)."""

import asyncio
import sys
from pathlib import Path

from shared.database import Database
from shared.keys import read_secret
from shared.migrations import migrate
from shared.who_may_call import SERVICES


async def main(node: str, folder: Path) -> None:
    """One after another: each has a role and a schema of its own."""
    for service in SERVICES:
        password = read_secret(folder / node / "keys" / service / "database.password").decode().strip()
        database = Database(f"postgresql+asyncpg://{node}_{service}:{password}@postgres/{node}", schema=service)
        try:
            await migrate(service, database)
        finally:
            await database.close()
        print(f"{node} {service}: the store is at this version's schema.")  # noqa: T201 a script


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
