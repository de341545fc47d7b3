"""A process that merges the blocks of the index by student until it is killed, and says each piece that it has moved.

Arguments: store URL.
"""

import asyncio
import sys

from services.audit.subject_blocks import SubjectBlocks
from shared.database import Database


async def main(url: str) -> None:
    database = Database(url)

    def moved() -> bool:
        sys.stdout.write("moved\n")
        sys.stdout.flush()
        return False

    await SubjectBlocks(database, is_busy=moved).merge()  # after each piece it asks whether to rest
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
