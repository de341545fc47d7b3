"""A process of audit that mirrors a log: it takes entries package by package until it is killed, and says what it has answered.

Arguments: store URL, folder of the node's keys, folder with `log.json`, the key of the log that is mirrored.
"""

import asyncio
import sys
from pathlib import Path

from safepassage.tlog_mirror import Upload, package, parse_mirror_info
from shared.in_process import call
from shared.keys import SigningKey
from tests.audit.appending_process import TickingClock, say
from tests.audit.audit_node import running
from tests.audit.peer_log import BIRCH, PeerLog, member, submit, trust_settings
from tests.sdk.test_subtrees import subtree_path

SIZE = 256 * 8 + 40
ENTRIES = [f"entry {n}".encode() for n in range(SIZE)]


def peer_of(folder: Path) -> PeerLog:
    peer = PeerLog()
    peer.key = SigningKey.load(folder / "log.json")
    return peer


async def main(url: str, keys: str, folder: str) -> None:
    clock, place = TickingClock(), Path(folder)
    peer = peer_of(place)
    trust = trust_settings(place, member(BIRCH, peer.as_log()), now=clock())
    async with running(url, Path(keys), clock, mirror_mib=1, **trust) as node:
        answer = await submit(node, peer.request(0, SIZE))
        assert answer.status in (200, 409), answer.body
        next_entry = 0
        while True:
            upload = Upload(peer.origin, next_entry, SIZE)
            parts = [package(ENTRIES[a:b], subtree_path(a - a % 256, b, ENTRIES)) for a, b in list(upload.packages())[:1]]
            answer = await call(node.app, "POST", "/v1/mirror/add-entries", headers={}, body=upload.head() + b"".join(parts))
            if answer.status == 200:
                break
            next_entry = parse_mirror_info(answer.body).next_entry
            say(f"kept {next_entry}")
    say(f"mirrored {SIZE}")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
