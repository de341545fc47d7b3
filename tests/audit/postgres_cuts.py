"""What a log on PostgreSQL is after a power cut: a server is traced while a log is written, and started again on what its disk may hold.

Argument: the folder of the node's keys. Of the data nothing is kept that was written since the last checkpoint of the server: recovery has
what was written ahead alone, as far as it was synced, and of the rest any part. Says how many cuts there were, and how many of them lost
something that nobody had been told of. To be run by who is not root: PostgreSQL serves nobody else.
"""

import asyncio
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url

from services.audit.verification import verify_store
from shared.database import Database
from shared.migrations import migrate
from tests.audit.appending_process import TickingClock, say
from tests.audit.audit_node import AuditNode, event, running, settings_of
from tests.audit.power_cuts import Cut, Seen, Step, Sync, Write, cuts, steps_of
from tests.audit.traced_appends import STRACE
from tests.postgres.binaries import BINARIES
from tests.stores import execute

BATCHES = 6
OTHERS = 16
"""Cuts behind writes and syncs; those behind an answer are all tried."""
SEGMENT = re.compile("[0-9A-F]{24}")
URL = "postgresql+asyncpg://operator@127.0.0.1:{port}/{database}"


@contextmanager
def serving(cluster: Path, port: int) -> Iterator[None]:
    """A server on a cluster, until it is stopped without a checkpoint."""
    options = ["-c", "listen_addresses=127.0.0.1", "-c", f"port={port}", "-c", "unix_socket_directories="]
    server = [str(BINARIES / "postgres"), "-D", str(cluster), *options]
    ready = [str(BINARIES / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "operator"]
    log = cluster.parent / "server.log"
    with log.open("ab") as written, subprocess.Popen(server, stdout=written, stderr=written) as process:
        try:
            while subprocess.run(ready, check=False).returncode != 0:
                assert process.poll() is None, log.read_text()[-2_000:]
            yield
        finally:
            process.send_signal(signal.SIGQUIT)


def made(cluster: Path) -> None:
    """A new one, whose write-ahead log is in files of 4 MB."""
    command = [str(BINARIES / "initdb"), "-D", str(cluster), "--wal-segsize=4", "-U", "operator", "-A", "trust", "--locale=C"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def named(batch: int) -> list[str]:
    return [f"{batch}:{position}" for position in range(2)]


async def append(node: AuditNode, batch: int) -> str:
    """The line of what was answered."""
    one, other = named(batch)
    answer = await node.append(event("match", key=one), event("request", key=other))
    return " ".join(["acked", *(f"{entry.index}={key}" for entry, key in zip(answer.entries, named(batch), strict=True))])


async def watched(place: Path, keys: Path, port: int) -> None:
    """What is traced: a server, and who writes down what was answered."""
    seen = os.open(place / "seen", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    url, admin = (URL.format(port=port, database=name) for name in ("small", "postgres"))
    with serving(place / "cluster", port):
        await execute(make_url(admin), "CREATE DATABASE small")
        database = Database(url)
        await migrate("audit", database)
        await database.close()
        async with running(url, keys, TickingClock(), checkpoint_seconds=3600) as node:
            await append(node, BATCHES)
            for statement in ("CHECKPOINT", "SELECT pg_switch_wal()", "CHECKPOINT"):
                await execute(make_url(admin), statement)
            os.write(seen, b"copied\n")
            shutil.copytree(place / "cluster", place / "before")
            for batch in range(BATCHES):
                os.write(seen, (await append(node, batch)).encode() + b"\n")


def traced(place: Path, keys: Path, port: int) -> list[Step]:
    """Its steps since the cluster was copied, as far as they are of what is written ahead."""
    command = [str(STRACE), "-f", "-qq", "-y", "-xx", "-s", "9000000", "-e", "trace=pwrite64,fdatasync,write", "-o", str(place / "trace")]
    own = [sys.executable, "-m", "tests.audit.postgres_cuts", str(keys), str(place), str(port)]
    subprocess.run([*command, *own], check=True)
    steps = steps_of(place / "trace", place)
    begun = steps.index(Seen("copied"))
    return [
        step for step in steps[begun + 1 :] if isinstance(step, Seen) or (isinstance(step, Write | Sync) and SEGMENT.fullmatch(step.name))
    ]


def chosen(steps: list[Step], before: Path) -> list[Cut]:
    held = {path.name: path.read_bytes() for path in (before / "pg_wal").iterdir() if SEGMENT.fullmatch(path.name)}
    every = list(cuts(steps, {name: held[name] for name in {step.name for step in steps if isinstance(step, Write)} & held.keys()}))
    answered = [cut for cut in every if isinstance(steps[cut.after - 1], Seen)]
    others = [cut for cut in every if not isinstance(steps[cut.after - 1], Seen)]
    return answered + others[:: max(1, len(others) // OTHERS)]


async def found(cluster: Path, keys: Path, port: int, answered: list[str]) -> int:
    """What was answered is there, sent again it is the same entries, and the log goes on and verifies. Gives how much of it there is."""
    url = URL.format(port=port, database="small")
    with serving(cluster, port):
        async with running(url, keys, TickingClock(), checkpoint_seconds=3600) as node:
            assert node.sequencer.frozen is None
            size = node.sequencer.size
            for line in answered:
                _, *places = line.split()
                batch = int(places[0].partition("=")[2].partition(":")[0])
                assert all(int(place.partition("=")[0]) < size for place in places)
                assert await append(node, batch) == line
            await append(node, BATCHES + 1)
        await verify_store(settings_of(url, keys))
    return size


async def main(keys: Path) -> None:
    place = Path(tempfile.mkdtemp())
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    try:
        made(place / "cluster")
        steps = traced(place, keys, port)
        tried, lost = chosen(steps, place / "before"), 0
        for cut in tried:
            shutil.rmtree(place / "cluster")
            shutil.copytree(place / "before", place / "cluster", ignore=shutil.ignore_patterns("postmaster.pid"))
            for name, content in cut.files.items():
                (place / "cluster" / "pg_wal" / name).write_bytes(content or b"")
            answered = [step.line for step in steps[: cut.after] if isinstance(step, Seen)]
            try:
                lost += await found(place / "cluster", keys, port, answered) < 2 * BATCHES + 2
            except Exception as error:
                raise AssertionError(f"after step {cut.after} of {len(steps)}, {cut.how}") from error
        say(f"cut {len(tried)} lost {lost}")
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        asyncio.run(main(Path(sys.argv[1])))
    else:
        asyncio.run(watched(Path(sys.argv[2]), Path(sys.argv[1]), int(sys.argv[3])))
