"""That keys are others now is an entry in the log, one for each change, whoever sees it first: also where no gateway ran when they changed.

Told of are the keys that sign tokens, the gateway's other key files, and the node's statement, which names the keys of its messages to
other nodes. With which keys a node begins is no change: the first that are seen are kept in mind, and nothing is said.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from safepassage.canonical import digest_of
from safepassage.compact import split
from safepassage.problems import SuiteError
from safepassage.problems.requests import NotFound
from services.gateway.key_tables import KeyRingRow
from services.gateway.oauth.signing_keys import WatchedTokenKeys
from services.gateway.well_known import NodeStatementFile
from shared.clock import Clock
from shared.contracts.audit import Context
from shared.database import Database
from shared.key_rings import Ring, mark_of, tell_by_outbox
from shared.outbox import Outbox

OTHERS: Final = ("cursor.key", "internal.json", "people.key")
"""Files of the gateway's folder that are read at a start, and at no other time."""


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
                await tell_by_outbox(self.database, self.outbox, self.clock, KeyRingRow, ring)
                self._told[ring.name] = ring.mark

    def _rings(self) -> Iterator[Ring]:
        keys = self.tokens.current
        mark = digest_of("\0".join((keys.active.kid, *sorted(keys.verifying))).encode())
        changed = Context(operation="token-keys-changed", outcome="done", about=f"key:{keys.active.kid}", count=len(keys.verifying))
        yield Ring("token-keys", mark, changed)
        if "gateway-keys" not in self._told:
            changed = Context(operation="gateway-keys-changed", outcome="done", count=len(OTHERS))
            yield Ring("gateway-keys", mark_of(self.folder, [self.folder / name for name in OTHERS]), changed)
        try:
            statement = self.statement.read()
        except NotFound:
            return
        changed = Context(operation="node-statement-changed", outcome="done", about=_about(statement))
        yield Ring("node-statement", digest_of(statement), changed)


def _about(statement: bytes) -> str | None:
    try:
        return f"statement:{int(split(statement.decode())[1]['serial'])}"
    except (SuiteError, ValueError, KeyError, TypeError):
        return None
