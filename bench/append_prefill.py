"""A log that has been in use: entries written past the sealing, so that a million takes a quarter of a minute."""

import os
from datetime import UTC, datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection

from safepassage.canonical import to_base64url
from safepassage.checkpoints import parse_vkey
from safepassage.ids import uuid7
from safepassage.proofs import leaf_hash
from services.audit.drafts import Outline
from services.audit.driver import Driver
from services.audit.entries import Entry, Sealed
from services.audit.group_commit import write_entries
from services.audit.heads import Head, load_head, newest_log
from shared.database import Database

GROUP: Final = 8_192
STUDENTS: Final = 20_000
POLICIES: Final = tuple(to_base64url(os.urandom(32)) for _ in range(3))
"""A node changes its set of policies some times a year."""


async def prefill(database: Database, *, count: int, t: int) -> None:
    """Put `count` entries of time `t` behind those that are there, group by group."""
    tags = [os.urandom(16) for _ in range(STUDENTS)]
    done = 0
    async with database.reading() as tx:
        log = await newest_log(tx)
        assert log is not None
        head = await load_head(tx, log, keys=[parse_vkey(log.vkey)])
    while done < count:
        size = min(GROUP, count - done)
        head = await database.write(partial(_write, head, entries_of_bench(size, done, t, tags), t))
        done += size


def _write(head: Head, entries: list[Entry], t: int, connection: Connection) -> Head:
    return write_entries(Driver(connection), head, entries, t).head


def entries_of_bench(count: int, first: int, t: int, tags: list[bytes]) -> list[Entry]:
    """Entries as audit writes them, but for what is sealed of them.

    first  the number of the first; tags of students
    """
    noise = to_base64url(os.urandom(count * 33))
    time = uuid7(datetime.fromtimestamp(t, UTC)).bytes[:6]
    entries = []
    for n in range(count):
        at = n * 44
        salted = noise[at : at + 42] + "A"
        leaf = (
            f'{{"class":"match","commitments":{{"actor":"{salted}","context":"{salted}","subject":"{salted}"}},"digests":{{"ct":"{salted}",'
            f'"decision":"{salted}","pt_commit":"{salted}"}},"id":"01a0c450-6c00-7934-b3d4-{first + n:012x}","key_epoch":2027,'
            f'"policy_hash":"{POLICIES[(first + n) * len(POLICIES) // 1_000_000 % len(POLICIES)]}","t":{t},"v":1}}'
        )
        key = time + (first + n).to_bytes(16, "big")
        outline = Outline("match", False, key, bytes(32), ("",), 0)
        made = leaf.encode("ascii")
        entries.append(Entry(outline, made, leaf_hash(made), "", (Sealed(tags[(first + n) * 7919 % len(tags)], b""),)))
    return entries
