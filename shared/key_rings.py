"""That a service's keys are others now is an entry in the log, one for each change: also where no process of it ran when they changed.

With which keys a service begins is no change: the first that are seen are kept in mind, and nothing is said. What is kept is a mark, from
which no key is found. Which files of its folder make a ring, each service says itself; those that every one has are named here.
"""

import hmac
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from safepassage.canonical import to_base64url
from safepassage.ids import uuid7
from shared.clock import Clock
from shared.contracts.audit import Actor, Context, Event
from shared.contracts.own_keys import KEYS_CHANGED, about_keys
from shared.database import Database
from shared.inserts import insert_into
from shared.outbox import Outbox
from shared.who_may_call import ServiceName

KEY_ENCRYPTION: Final = "key-encryption"
INTERNAL: Final = {"internal": ("internal.json", "callers/*.json"), "cursors": ("cursor.key",)}
"""Read at a start, and at no other time: the service's own key, the public ones of those whose tokens it takes, and that of its pages."""
SEALING: Final = {KEY_ENCRYPTION: ("key-encryption/*.key", "key-encryption/*.wrapped")}
"""Of those that seal; it may change while they run."""


class KeyRingColumns:
    """The keys of one kind, as the log knows them: no key, and nothing that a key could be found by. A service's KeyRingRow has these."""

    __tablename__ = "key_ring"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    mark: Mapped[str] = mapped_column(String(43))
    """Another one for other keys."""


@dataclass(frozen=True)
class Ring:
    """The keys of one kind at an instant."""

    name: str
    mark: str
    changed: Context


Tell = Callable[[Ring], Awaitable[None]]
"""Has the log say that the keys are others, once, unless it knows."""


async def tell_by_outbox(database: Database, outbox: Outbox, clock: Clock, row: type[Any], ring: Ring) -> None:
    """A `Tell`. INVARIANT: the row is locked before it is looked at, and changes with the entry; of several processes one tells."""
    async with database.transaction() as tx:
        await tx.execute(insert_into(tx, row).values(name=ring.name, mark=ring.mark).on_conflict_do_nothing())
        held = await tx.get_one(row, ring.name, with_for_update=True)
        if held.mark == ring.mark:
            return
        held.mark = ring.mark
        outbox.record(tx, event_of(ring, key=f"{ring.name}:{uuid7(clock())}"))


def event_of(ring: Ring, *, key: str) -> Event:
    """What the log is told."""
    return Event(class_="administration", key=key, actor=Actor(kind="system", job=ring.name), context=ring.changed)


@dataclass
class FolderRings:
    """The rings of a service's folder of keys, in one process."""

    service: ServiceName
    folder: Path
    files: Mapping[str, tuple[str, ...]]
    """By ring, which files of the folder."""
    tell: Tell
    _told: dict[str, str] = field(default_factory=dict)

    async def look(self, *names: str) -> None:
        """Have the log say which keys are others than it knows: of all rings, or of those that are named."""
        for ring in self.rings(*names):
            if self._told.get(ring.name) != ring.mark:
                await self.tell(ring)
                self.is_known(ring)

    def is_known(self, ring: Ring) -> None:
        """The log knows these keys."""
        self._told[ring.name] = ring.mark

    def rings(self, *names: str) -> Iterator[Ring]:
        """As their files are now; a ring that has none is one too. Raises OSError."""
        for name in names or self.files:
            paths = sorted({path for pattern in self.files[name] for path in self.folder.glob(pattern)})
            context = Context(operation=KEYS_CHANGED, outcome="done", about=about_keys(self.service, name), count=len(paths))
            yield Ring(name, mark_of(self.folder, paths), context)


def mark_of(folder: Path, paths: list[Path]) -> str:
    """From the mark of secret files no key is found: each is 256 bits, and goes in as the key of a digest."""
    marks = (hmac.digest(path.read_bytes(), str(path.relative_to(folder)).encode(), sha256) for path in paths)
    return to_base64url(sha256(b"".join(marks)).digest())


def folder_rings(service: ServiceName, state: Any, row: type[Any], own: Mapping[str, tuple[str, ...]]) -> FolderRings:
    """Those of a service that seals and has an outbox; `own` are the rings that no other has."""
    tell = partial(tell_by_outbox, state.database, state.outbox, state.clock, row)
    return FolderRings(service, state.settings.keys_directory, {**own, **SEALING, **INTERNAL}, tell)
