"""What a disk may hold after its power was cut: from the trace of every write and every sync, the states that a real disk could leave.

What was written before a sync that has returned is there. Of what was written since, any part may be there and any may not, in whatever
order it was written, and the write that was under way may have been torn between two sectors. A file that was made or removed since the
folder was synced may be there or not.
"""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

SECTOR: Final = 512
SINGLE: Final = 8
"""At most so many of the writes since the last sync are lost, or kept, each alone."""
MIXED: Final = 3
"""States at each cut in which a part of them is lost, drawn by a fixed seed."""

_CALL = re.compile(r"^\d+ +(?P<call>\w+)\((?P<arguments>.*)$")
_HEX = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_FD = re.compile(r"^\d+<((?:\\x[0-9a-f]{2})*)>")
_RESUMED = re.compile(r"^(?P<pid>\d+) +<\.\.\. (?P<call>\w+) resumed")


class Write(NamedTuple):
    """Bytes of a file; `length` cuts it there instead."""

    name: str
    offset: int
    data: bytes
    length: int | None = None


class Sync(NamedTuple):
    """Has returned. Of the folder, `name` is empty."""

    name: str
    began: int
    """How many steps had been taken when it began: what came later is not made durable by it."""


class Unlink(NamedTuple):
    name: str


class Seen(NamedTuple):
    """A line that others have seen."""

    line: str


Step = Write | Sync | Unlink | Seen


def steps_of(trace: Path, folder: Path) -> list[Step]:
    """The trace of `strace -f -y -xx`, whole strings, as steps in their order."""
    steps: list[Step] = []
    under_way: dict[str, Sync] = {}
    for text in trace.read_text().splitlines():
        resumed = _RESUMED.match(text)
        if resumed is not None:
            if resumed["pid"] in under_way:
                steps.append(under_way.pop(resumed["pid"]))
            continue
        match = _CALL.match(text)
        if match is None or ") = -1" in text[-80:]:
            continue
        step = _step(match["call"], match["arguments"], folder, len(steps))
        if isinstance(step, Sync) and "<unfinished" in text:
            under_way[text.split()[0]] = step
        elif step is not None:
            steps.append(step)
    return steps


def _step(call: str, arguments: str, folder: Path, began: int) -> Step | None:
    if call in ("unlink", "unlinkat"):
        return Unlink(Path(_bytes(_HEX.findall(arguments)[0]).decode()).name)
    descriptor = _FD.match(arguments)
    assert descriptor is not None, arguments[:200]
    path = Path(_bytes(descriptor[1]).decode().removesuffix(" (deleted)"))
    name = "" if path == folder else path.name
    if call in ("fsync", "fdatasync"):
        return Sync(name, began)
    if call == "ftruncate":
        return Write(name, 0, b"", int(arguments.partition(", ")[2].partition(")")[0]))
    data = _bytes(_HEX.findall(arguments)[0])
    if name == "seen":
        return Seen(data.decode().strip())
    if call != "pwrite64":
        return None
    length, offset = re.findall(r", (\d+)", arguments.rpartition('"')[2])
    assert len(data) == int(length), "strace cut a string: -s is too small"
    return Write(name, int(offset), data)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


@dataclass
class Disk:
    """What is durable of each file, and what was written since."""

    durable: dict[str, bytes]
    pending: dict[str, list[tuple[int, Write]]] = field(default_factory=dict)
    """With the number of the step."""
    maybe: set[str] = field(default_factory=set)
    """Files that were made or removed since the folder was synced."""

    def take(self, number: int, step: Write | Sync | Unlink) -> None:
        if isinstance(step, Write):
            if step.name not in self.durable:
                self.durable[step.name] = b""
                self.maybe.add(step.name)
            self.pending.setdefault(step.name, []).append((number, step))
        elif isinstance(step, Unlink):
            self.maybe.add(step.name)
        elif step.name:
            waiting = self.pending.get(step.name, [])
            done = [write for at, write in waiting if at < step.began]
            self.durable[step.name] = applied(self.durable.get(step.name, b""), done)
            self.pending[step.name] = waiting[len(done) :]
        else:
            self.maybe.clear()


def applied(content: bytes, writes: Sequence[Write]) -> bytes:
    image = bytearray(content)
    for write in writes:
        if write.length is not None:
            image = image[: write.length] + bytes(max(0, write.length - len(image)))
        else:
            image += bytes(max(0, write.offset - len(image)))
            image[write.offset : write.offset + len(write.data)] = write.data
    return bytes(image)


def torn(write: Write, kept: int) -> Write:
    return write._replace(data=write.data[:kept])


class Cut(NamedTuple):
    """The power is cut after so many steps; a file that is missing is None."""

    after: int
    how: str
    files: Mapping[str, bytes | None]


def cuts(steps: Sequence[Step], before: Mapping[str, bytes]) -> Iterator[Cut]:
    """Every cut behind a step, with the states that the disk may be in; states that are the same are given once."""
    disk, chance, given = Disk(dict(before)), random.Random(5_6), set[int]()
    gone = set[str]()
    for number, step in enumerate(steps):
        if isinstance(step, Seen):
            # Nothing is written; but from here on others count on what is there.
            given.clear()
        else:
            disk.take(number, step)
            gone = gone | {step.name} if isinstance(step, Unlink) else gone - {step.name}
        for how, files in _states(disk, gone, chance):
            fingerprint = hash(tuple(sorted((name, hash(content)) for name, content in files.items())))
            if fingerprint not in given:
                given.add(fingerprint)
                yield Cut(number + 1, how, files)


def _states(disk: Disk, gone: set[str], chance: random.Random) -> Iterator[tuple[str, dict[str, bytes | None]]]:
    writes = [write for _, write in sorted((one for waiting in disk.pending.values() for one in waiting), key=lambda one: one[0])]

    def state(kept: Sequence[Write], *, forgotten: bool = False) -> dict[str, bytes | None]:
        files: dict[str, bytes | None] = {}
        for name, content in disk.durable.items():
            is_there = (name not in gone) != (forgotten and name in disk.maybe)
            files[name] = applied(content, [write for write in kept if write.name == name]) if is_there else None
        return files

    yield "everything is there", state(writes)
    yield "nothing is there that was not synced", state([])
    if disk.maybe:
        yield "the folder is as it was", state(writes, forgotten=True)
        yield "the folder and the files are as they were", state([], forgotten=True)
    chosen = range(len(writes)) if len(writes) <= SINGLE else sorted(chance.sample(range(len(writes)), SINGLE))
    for at in chosen if len(writes) > 1 else ():
        yield f"write {at} is lost", state([*writes[:at], *writes[at + 1 :]])
        yield f"write {at} alone is there", state([writes[at]])
    if writes and len(writes[-1].data) > SECTOR:
        last = writes[-1]
        for kept in {SECTOR, len(last.data) // SECTOR // 2 * SECTOR, (len(last.data) - 1) // SECTOR * SECTOR}:
            yield f"the last write is torn after {kept} bytes", state([*writes[:-1], torn(last, kept)])
            yield f"the last write alone is there, torn after {kept} bytes", state([torn(last, kept)])
    elif writes and writes[-1].length is None and len(writes[-1].data) > 1:
        yield "the last write is torn in its sector", state([*writes[:-1], torn(writes[-1], len(writes[-1].data) // 2)])
    for number in range(MIXED if len(writes) > 2 else 0):
        some = [torn(write, chance.randrange(0, len(write.data) + 1, SECTOR)) if chance.random() < 0.2 else write for write in writes]
        yield f"a part is there, {number}", state([write for write in some if chance.random() < 0.6])
