"""That keys are others now is an entry in the log, one for each change, whoever sees it first: also where no gateway ran when they changed.

Told of are the keys that sign tokens, the gateway's other key files, and the node's statement, which names the keys of its messages to
other nodes. With which keys a node begins is no change: the first that are seen are kept in mind, and nothing is said.
"""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from safepassage.canonical import digest_of, to_base64url
from safepassage.compact import split
from safepassage.ids import uuid7
from safepassage.problems import SuiteError
from safepassage.problems.requests import NotFound
from services.gateway.key_tables import KeyRingRow
from services.gateway.oauth.signing_keys import WatchedTokenKeys
from services.gateway.well_known import NodeStatementFile
from shared.clock import Clock
from shared.contracts.audit import Actor, Context, Event
from shared.database import Database
from shared.inserts import insert_into
from shared.keys import read_secret
from shared.outbox import Outbox

OTHERS: Final = ("cursor.key", "internal.json", "people.key")
"""Files of the gateway's folder that are read at a start, and at no other time."""


@dataclass(frozen=True)
class Ring:
    """The keys of one kind at an instant."""

    name: str
    mark: str
    changed: Context


@dataclass
class KeyRings:
    """Those of one gateway process."""

    database: Database
    outbox: Outbox
    clock: Clock
    tokens: WatchedTokenKeys
    statement: NodeStatementFile
    folder: Path
    _told: dict[str, str] = field(default_factory=dict)

    async def look(self) -> None:
        """Load the keys of tokens again if their files have changed, and have the log say which keys are others than it knows."""
        self.tokens.refresh()
        for ring in self._rings():
            if self._told.get(ring.name) != ring.mark:
                await self._tell(ring)
                self._told[ring.name] = ring.mark

    def _rings(self) -> Iterator[Ring]:
        keys = self.tokens.current
        mark = digest_of("\0".join((keys.active.kid, *sorted(keys.verifying))).encode())
        changed = Context(operation="token-keys-changed", outcome="done", about=f"key:{keys.active.kid}", count=len(keys.verifying))
        yield Ring("token-keys", mark, changed)
        if "gateway-keys" not in self._told:
            changed = Context(operation="gateway-keys-changed", outcome="done", count=len(OTHERS))
            yield Ring("gateway-keys", _mark_of_files(self.folder), changed)
        try:
            statement = self.statement.read()
        except NotFound:
            return
        changed = Context(operation="node-statement-changed", outcome="done", about=_about(statement))
        yield Ring("node-statement", digest_of(statement), changed)

    async def _tell(self, ring: Ring) -> None:
        """INVARIANT: the row is locked before it is looked at, and changes with the entry; of several processes one tells."""
        async with self.database.transaction() as tx:
            first = insert_into(tx, KeyRingRow).values(name=ring.name, mark=ring.mark).on_conflict_do_nothing()
            await tx.execute(first)
            row = await tx.get_one(KeyRingRow, ring.name, with_for_update=True)
            if row.mark == ring.mark:
                return
            row.mark = ring.mark
            key = f"{ring.name}:{uuid7(self.clock())}"
            self.outbox.record(tx, Event(class_="administration", key=key, actor=Actor(kind="system", job=ring.name), context=ring.changed))


def _mark_of_files(folder: Path) -> str:
    """From the mark of secret files no key is found: each is 256 bits, and goes in as the key of a digest."""
    marks = (hmac.digest(read_secret(folder / name), name.encode(), sha256) for name in OTHERS)
    return to_base64url(sha256(b"".join(marks)).digest())


def _about(statement: bytes) -> str | None:
    try:
        return f"statement:{int(split(statement.decode())[1]['serial'])}"
    except (SuiteError, ValueError, KeyError, TypeError):
        return None
