"""A process of the audit service that appends a little, whatever its store does to it, and says what was answered.

Arguments: store URL, folder of the node's keys, batches, and how often a batch is sent again with the same keys, as producers do.
"""

import asyncio
import sys
from pathlib import Path
from uuid import UUID

from tests.audit.appending_process import TickingClock, say
from tests.audit.audit_node import event, running

PAUSE_SECONDS = 0.1
"""Between two tries; a server that starts again is not there at once."""


async def main(url: str, keys: str, batches: int, tries: int) -> None:
    async with running(url, Path(keys), TickingClock()) as node:
        for batch in range(batches):
            keyed = [f"few:{batch}:{position}" for position in range(2)]
            one, other = (event(class_, key=key, student=UUID(int=batch)) for class_, key in zip(("request", "match"), keyed, strict=True))
            for _ in range(tries):
                answer = await node.try_append(one, other)
                if answer.status == 200:
                    appended = (await node.append(one, other)).entries
                    say(" ".join(["acked", *(f"{entry.index}={key}" for entry, key in zip(appended, keyed, strict=True))]))
                    break
                assert answer.status == 503, answer.body
                await asyncio.sleep(PAUSE_SECONDS)
    say("done")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
