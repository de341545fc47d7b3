"""Somebody changes a byte of a stopped node's log, and a reader who has only the SDK finds which entry."""

import asyncio
import re
import shutil
import sqlite3
import sys
import tempfile
from datetime import date
from pathlib import Path

from node.demo.story import Story
from node.folder import NodeFolder
from node.trust import member_of

HEADER_BYTES = 2


async def tampering(story: Story, alder: NodeFolder) -> None:
    """Stop Alder, change a copy of its log's file, let another process verify both."""
    narrator, outage = story.narrator, story.outages["Alder"]
    with narrator.step("Somebody changes one byte of Alder's log"):
        outage.begin()
        with tempfile.TemporaryDirectory(prefix="safe-passage-") as folder:
            copy = Path(folder) / "audit.db"
            for file in alder.store("audit").parent.glob("audit.db*"):
                shutil.copy(file, folder)
            keys = [key.vkey for log in member_of(alder.file, alder.keys, today=date(_year(copy), 1, 1)).logs for key in log.keys]
            code, said = await _verify(copy, keys)
            narrator.check("untouched, another process with only the SDK verifies every entry", holds=code == 0)
            narrator.say(said.splitlines()[0] if said else "")
            index = _flip_a_byte(copy)
            code, said = await _verify(copy, keys)
            found = re.search(r"First bad entry: (\d+)", said)
            narrator.check(
                f"with one byte of entry {index} changed, it is found, by its index",
                holds=code == 1 and found is not None and int(found[1]) == index,
            )
            narrator.say(said.strip().splitlines()[0])
            narrator.where("the command: safepassage verify audit.db --log-key ...")
        outage.end()


async def _verify(database: Path, keys: list[str]) -> tuple[int, str]:
    arguments = [part for key in keys for part in ("--log-key", key)]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "safepassage.command",
        "verify",
        str(database),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


def _year(database: Path) -> int:
    with sqlite3.connect(database) as connection:
        (origin,) = connection.execute("SELECT origin FROM log ORDER BY origin LIMIT 1").fetchone()
    connection.close()
    return int(str(origin).rpartition("/")[2])


def _flip_a_byte(database: Path) -> int:
    """Change a byte in the middle of an entry, the triggers that forbid it taken away. Gives the entry's index."""
    connection = sqlite3.connect(database)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f'DROP TRIGGER "{name}"')
    log, start, data = connection.execute("SELECT log, start, data FROM segment ORDER BY count DESC, start LIMIT 1").fetchone()
    first_length = int.from_bytes(data[:HEADER_BYTES])
    place = HEADER_BYTES + first_length // 2
    changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
    with connection:
        connection.execute("UPDATE segment SET data = ? WHERE log = ? AND start = ?", (changed, log, start))
    connection.close()
    return int(start)
