"""Signing checkpoints: stored before anybody sees them, with the entries that they are to prove or after them (docs/decisions/0014).

The log's key is trusted with the present: whoever holds it can sign another history, and is found out by everyone who pinned a checkpoint.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.checkpoints import ED25519, VerifierKey, checkpoint_body, note_with, parse_checkpoint, parse_note, signature_line
from safepassage.export_manifest import exports_key, manifest_body
from safepassage.wire_exports import ExportManifest
from services.audit.driver import Change, Driver
from services.audit.heads import Head, LogDamaged
from services.audit.tables import CheckpointRow
from shared.clock import EPOCH
from shared.database import Database
from shared.keys import KeyFileUnusable, SigningKey, read_public_key


def origin_of(host: str, year: int) -> str:
    """The name of a year's log: a URL without scheme."""
    return f"{host}/log/{year}"


def next_origin(origin: str) -> str:
    """The name of the log of the year after."""
    host, _, year = origin.rpartition("/")
    return f"{host}/{int(year) + 1}"


class CheckpointSigner:
    """Signs tree heads with the node's log key.

    retired  public keys that signed before and never sign again
    """

    def __init__(self, key: SigningKey, *, retired: Sequence[Ed25519PublicKey] = ()) -> None:
        self._key, self._retired = key, tuple(old.public_bytes_raw() for old in retired)
        if key.public.public_bytes_raw() in self._retired:
            raise KeyFileUnusable("log.json is among the retired keys: a key that was retired signs nothing any more")

    @classmethod
    def of(cls, folder: Path, retired_folder: Path | None = None) -> "CheckpointSigner":
        """The key `log.json` in a folder, and the public keys of the other one (`log-retired/` in it), if any. Raises KeyFileUnusable."""
        retired = [read_public_key(path) for path in sorted((retired_folder or folder / "log-retired").glob("*.json"))]
        return cls(SigningKey.load(folder / "log.json"), retired=retired)

    def verifier(self, origin: str) -> VerifierKey:
        """The public half, under the name of the log it signs for."""
        return VerifierKey(origin, ED25519, self._key.public.public_bytes_raw())

    def verifiers(self, origin: str) -> tuple[VerifierKey, ...]:
        """Whose signatures count on what is stored: the key's and those of the retired ones."""
        return (self.verifier(origin), *(VerifierKey(origin, ED25519, old) for old in self._retired))

    def export_note(self, host: str, manifest: ExportManifest) -> str:
        """The note that signs the manifest of an export (safepassage.export_manifest)."""
        key = exports_key(self.verifier(f"{host}/log-exports"))
        body = manifest_body(manifest, name=key.name)
        return note_with(body, [signature_line(key, self._key.sign(body))])

    def note(self, head: Head) -> str:
        """The signed note of a committed head."""
        body = checkpoint_body(head.origin, head.size, head.root)
        return note_with(body, [signature_line(self.verifier(head.origin), self._key.sign(body))])


def signed(signer: CheckpointSigner, head: Head, now: datetime) -> tuple[str, Change]:
    """The checkpoint of a head, and the INSERT that stores it: it concerns no row where this size was signed before."""
    note = signer.note(head)
    statement = "INSERT INTO checkpoint (log, size, note, signed_at) VALUES (?, ?, ?, ?) ON CONFLICT (log, size) DO NOTHING"
    return note, (statement, (head.year, head.size, note, (now - EPOCH) // timedelta(milliseconds=1)))


def keep_checkpoint(driver: Driver, signer: CheckpointSigner, head: Head, now: datetime) -> str:
    """Sign and store the checkpoint of a head, in the transaction that made it or in a later one. Gives what is shown after the commit.

    That is the one which is stored already, if this size was signed before.

    # INVARIANT: the primary key (log, size) keeps one size from ever having two roots. Raises LogDamaged where it would.
    """
    note, change = signed(signer, head, now)
    if driver.together([change]) == [1]:
        return note
    return held_checkpoint(driver, head)


def held_checkpoint(driver: Driver, head: Head) -> str:
    """The checkpoint of this size that was stored before. Raises LogDamaged if it is of another tree."""
    ((held,),) = driver.rows("SELECT note FROM checkpoint WHERE log = ? AND size = ?", head.year, head.size)
    if parse_checkpoint(parse_note(held).text).root != head.root:
        raise LogDamaged("a checkpoint of this size was signed with another root")
    return str(held)


async def publish(database: Database, signer: CheckpointSigner, head: Head, now: datetime) -> str:
    """Store the checkpoint of a head that was committed before."""
    return await database.write(lambda connection: keep_checkpoint(Driver(connection), signer, head, now))


async def latest_checkpoint(tx: AsyncSession, year: int) -> CheckpointRow | None:
    """The largest checkpoint of a log."""
    query = select(CheckpointRow).where(CheckpointRow.log == year).order_by(CheckpointRow.size.desc()).limit(1)
    found: CheckpointRow | None = await tx.scalar(query)
    return found
