"""How much memory reading rosters may take: one that needs more is refused before it is read, and waits where others need it now.

A roster is read whole before anything of it is stored, so that what is said of a student in several of its files is one record. What that
takes goes by the size of its files unpacked, and a small zip may hold a large file.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from safepassage.problems.records import RosterTooLargeHere
from safepassage.problems.requests import TemporarilyUnavailable
from services.records.formats.archive import Archive

MEBIBYTE: Final = 1 << 20
TIMES: Final = {".csv": 36, ".xml": 15, ".json": 30, ".jsonl": 30, ".ndjson": 30}
"""By what a file's name ends with: bytes in memory for each byte of it, at the most that was measured, and somewhat more."""
OF_OWN_LINES: Final = 15
OF_A_DOCUMENT: Final = 30
"""Of JSON that is sent as it is: our own, one student a line; resources of an Ed-Fi API."""
SHARE: Final = 2
"""Of the memory that the process may have, one part in so many."""
LIMITS: Final = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""What a container may have, in bytes, or `max` (control groups, version 2 and 1)."""


def need(body: bytes, *, times: int | None) -> int:
    """Bytes that reading an upload takes at the most. Raises UnreadableRoster for a zip that is not read at all.

    times  of a document that is sent as it is; None: a zip, of which each file counts unpacked
    """
    if times is not None:
        return len(body) * times
    return sum(size * TIMES.get(Path(name).suffix.casefold(), 1) for name, size in Archive.of_zip(body).sizes.items())


def memory_for_loads(told_mebibytes: int | None) -> int:
    """Bytes: what the operator says, otherwise half of what the container may have, or the machine has."""
    if told_mebibytes is not None:
        return told_mebibytes * MEBIBYTE
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min(machine, *(limit_in(file, machine) for file in LIMITS)) // SHARE


def limit_in(file: Path, otherwise: int) -> int:
    """The limit that a file of the kernel's says; `otherwise` where there is none."""
    try:
        text = file.read_text().strip()
    except OSError:
        return otherwise
    return int(text) if text.isdecimal() else otherwise


class LoadMemory:
    """What the loads of this process hold together. INVARIANT: never more than `total` bytes."""

    def __init__(self, total: int) -> None:
        self.total, self.held = total, 0

    @contextmanager
    def holding(self, needed: int) -> Iterator[None]:
        """Have so much while a roster is read and stored. Raises RosterTooLargeHere, TemporarilyUnavailable."""
        if needed > self.total:
            raise RosterTooLargeHere
        if self.held + needed > self.total:
            raise TemporarilyUnavailable("other rosters are being read")
        self.held += needed
        try:
            yield
        finally:
            self.held -= needed
