"""Proofs that were used at any gateway process of one machine: a file that these processes share remembers them.

A proof counts where its nonce was made. The nonces of these processes are under a key that lies in the file with what is remembered, and a
proof without one is asked for one: so no other machine, and no memory that came after this one, takes a proof that was used here, and no
request waits for another process (docs/decisions/0122-a-proof-counts-where-its-nonce-was-made.md).
"""

import errno
import os
import secrets
import sqlite3
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from safepassage.problems.access import ProofNonceRequired, ProofUsedBefore
from safepassage.problems.requests import TemporarilyUnavailable
from services.gateway.oauth.proof_of_possession import PAST_SECONDS, REMEMBERED_SECONDS, Proof
from services.gateway.oauth.replay import Check

FILE: Final = "used-proofs.db"
BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
"""Linux: another one each time that the machine starts. What was written before may be lost then, as nothing here waits for a disk."""
WAITS_SECONDS: Final = 0.25
"""For another process that writes; one write takes ten microseconds."""
GENERATION_SECONDS: Final = REMEMBERED_SECONDS + 1
"""For so long uses go into one table; it is forgotten, at once, when the next one has taken them for as long."""

_AS_OF_A_FILE: Final = {
    sqlite3.SQLITE_NOTADB: errno.EEXIST,
    sqlite3.SQLITE_CORRUPT: errno.EEXIST,
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_READONLY: errno.EACCES,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
}
"""What is wrong with the file in the words of its machine, for which there is a remedy: something else lies there, no room, no right."""
_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS used_0 (digest BLOB PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS used_1 (digest BLOB PRIMARY KEY) WITHOUT ROWID",
    """
    CREATE TABLE IF NOT EXISTS memory (
        id INTEGER PRIMARY KEY CHECK (id = 1), boot TEXT NOT NULL, key BLOB NOT NULL, current INTEGER NOT NULL, began INTEGER NOT NULL
    )
    """,
)
_USE: Final = tuple(
    f"""
    INSERT OR IGNORE INTO used_{current} SELECT :digest FROM memory
    WHERE current = {current} AND began < :over AND key = :key
    AND NOT EXISTS (SELECT 1 FROM used_{1 - current} WHERE digest = :digest)
    """  # noqa: S608 two numbers
    for current in (0, 1)
)
"""By which of the two tables takes uses now. INVARIANTS: what was over when that table began may have been forgotten, and is not taken, so
that a clock that goes back brings nothing back; where the memory began anew, nobody uses a proof by the key of before.
"""
_KNOWN: Final = "SELECT 1 FROM used_0 WHERE digest = :digest UNION ALL SELECT 1 FROM used_1 WHERE digest = :digest"


class HostProofStore:
    """Of one process. Its writes are seen by the others at once."""

    def __init__(self, connection: sqlite3.Connection, key: bytes) -> None:
        self._connection = connection
        self.key = key
        """32 bytes, for the nonces of every process that shares the file."""
        self._current = 0
        self._turns_at = 0.0

    @classmethod
    def open(cls, folder: Path, now: datetime) -> "HostProofStore":
        """Share the file in `folder`, or begin it anew: after a start of the machine, or where it is of a time to come.

        Raises OSError where it cannot be written, or something else lies there.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / FILE
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(file, isolation_level=None, timeout=10)
        try:
            return cls(connection, _shared_key(connection, now))
        except sqlite3.Error as error:
            connection.close()
            number = _AS_OF_A_FILE.get(error.sqlite_errorcode & 0xFF, errno.EIO)
            raise OSError(number, "Proofs cannot be remembered in it", str(file)) from error

    async def spend(self, proof: Proof, now: datetime, *, nonce_at: float | None, check: Check | None = None) -> None:
        """Use a proof: ten microseconds, so that there is nothing to be done meanwhile."""
        if check is not None:
            check()
        if nonce_at is None:
            raise ProofNonceRequired
        seconds = now.timestamp()
        values = {"digest": proof.digest, "over": proof.issued_at + PAST_SECONDS + 1, "key": self.key}
        try:
            # INVARIANT: a table takes uses of GENERATION_SECONDS from when it began: so none is forgotten that could come again, even where
            # the one who turns took its time long before it did.
            if seconds >= self._turns_at:
                self._turn(seconds)
            if self._is_new(values):
                return
            self._turn(seconds)  # another process may have
            if self._is_new(values):
                return
            known = self._connection.execute(_KNOWN, values).fetchone() is not None
        except sqlite3.Error as error:
            raise TemporarilyUnavailable("the memory of proofs does not answer") from error
        raise ProofUsedBefore if known else TemporarilyUnavailable("what is remembered of proofs is of another time")

    def _is_new(self, values: dict[str, object]) -> bool:
        return self._connection.execute(_USE[self._current], values).rowcount == 1

    def _turn(self, seconds: float) -> None:
        """Forget what was used longest ago, once that is due, and take uses where it was; or learn that another process did."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            current, began = self._connection.execute("SELECT current, began FROM memory").fetchone()
            if seconds >= began + GENERATION_SECONDS:
                current, began = 1 - current, int(seconds)
                self._connection.execute(f"DELETE FROM used_{current}")  # noqa: S608 0 or 1; without a condition it takes no row in turn
                self._connection.execute("UPDATE memory SET current = ?, began = ?", (current, began))
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise
        self._current, self._turns_at = current, began + GENERATION_SECONDS

    def close(self) -> None:
        """Leave the file to the others."""
        self._connection.close()


def _shared_key(connection: sqlite3.Connection, now: datetime) -> bytes:
    """That of what is remembered in the file, which begins anew where it is not of now."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN IMMEDIATE")
    for table in _TABLES:
        connection.execute(table)
    seconds = int(now.timestamp())
    held = connection.execute("SELECT key FROM memory WHERE boot = ? AND began <= ?", (_boot(), seconds + PAST_SECONDS)).fetchone()
    key = bytes(held[0]) if held is not None else secrets.token_bytes(32)
    if held is None:
        # INVARIANT: what is remembered and the key of the nonces begin together.
        connection.execute("DELETE FROM used_0")
        connection.execute("DELETE FROM used_1")
        connection.execute("INSERT OR REPLACE INTO memory VALUES (1, ?, ?, 0, ?)", (_boot(), key, seconds))
    connection.execute("COMMIT")
    connection.execute(f"PRAGMA busy_timeout = {int(WAITS_SECONDS * 1000)}")
    return key


def _boot() -> str:
    return BOOT.read_text().strip()
