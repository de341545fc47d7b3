"""A process of the audit service that appends, has its checkpoints cosigned and cosigns another log's, and writes down what others saw.

Arguments: store URL, folder of the node's keys, folder to write into. What others saw is a line each in the file `seen` there, written at
once, before they could have acted on it: `acked <index>=<key> ...`, `shown <size> <root>` (a checkpoint that was answered),
`sent <size> <root>` (one that went to a witness), `witnessed <size>`, `cosigned <size>` (of the other log).
"""

import asyncio
import os
import sqlite3
import sys
from pathlib import Path
from typing import Any

from safepassage.checkpoints import parse_checkpoint, parse_note
from safepassage.tlog_witness import parse_add_checkpoint
from services.audit.witnessing.door import TEXT, DoorAnswer
from tests.audit.appending_process import TickingClock
from tests.audit.audit_node import event, running
from tests.audit.peer_log import BIRCH, PeerLog, member, trust_settings
from tests.sdk.cosigners import Cosigner

BATCHES = 6
CHECKPOINTED_AFTER = {1, 3}
"""Batches after which the write-ahead log is folded into the file, and begins anew."""


class Seen:
    """The file; also a door behind which a witness writes down what came to it."""

    def __init__(self, folder: Path, clock: TickingClock) -> None:
        self._file, self._clock = os.open(folder / "seen", os.O_WRONLY | os.O_CREAT | os.O_APPEND), clock
        self.witness = Cosigner("witness.example", b"\x21" * 32)

    def say(self, line: str) -> None:
        os.write(self._file, line.encode() + b"\n")

    def shown(self, word: str, note: str) -> None:
        checkpoint = parse_checkpoint(parse_note(note).text)
        self.say(f"{word} {checkpoint.size} {checkpoint.root.hex()}")

    async def post(self, _: str, body: bytes, *, content_type: str = TEXT) -> DoorAnswer:
        request = parse_add_checkpoint(body)
        self.shown("sent", request.note)
        text = parse_note(request.note).text
        return DoorAnswer(200, str(self.witness.line(text, int(self._clock().timestamp()))).encode())

    async def get(self, _: str) -> DoorAnswer:
        return DoorAnswer(404, b"")

    async def close(self) -> None:
        pass


async def main(url: str, keys: str, folder: str) -> None:
    clock, place, peer = TickingClock(), Path(folder), PeerLog()
    seen = Seen(place, clock)
    policy = place / "witnesses.policy"
    policy.write_text(f"witness w {seen.witness.key.vkey} https://witness.example\nquorum w\n")
    settings: dict[str, Any] = {"witness_policy_file": policy, "witness_seconds": 3600.0, "checkpoint_seconds": 3600.0}
    settings |= trust_settings(place, member(BIRCH, peer.as_log()), now=clock())
    async with running(url, Path(keys), clock, reach_witnesses=lambda _: seen, **settings) as node:
        for batch in range(BATCHES):
            named = [f"{batch}:{position}" for position in range(2)]
            answer = await node.append(event("match", key=named[0]), event("request", key=named[1]))
            seen.say(" ".join(["acked", *(f"{one.index}={key}" for one, key in zip(answer.entries, named, strict=True))]))
            note = answer.entries[1].checkpoint
            assert note is not None
            seen.shown("shown", note)
            await node.app.state.publisher.turn()
            await node.app.state.publisher.until_witnessed(2026, 2 * batch + 2, seconds=0)
            seen.say(f"witnessed {2 * batch + 2}")
            await node.app.state.witness.add(peer.request(batch, batch + 1))
            seen.say(f"cosigned {batch + 1}")
            if batch in CHECKPOINTED_AFTER:
                connection = sqlite3.connect(Path(url.rpartition(":///")[2]))
                connection.execute("PRAGMA wal_checkpoint(RESTART)")
                connection.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
