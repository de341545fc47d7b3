"""This node as a mirror of other nodes' logs, C2SP tlog-mirror: it keeps what is shown to be theirs, and says so once it is all here.

Its pending checkpoint is the one that the node's witness has cosigned: a log that shows two histories is stopped there, with an alarm.
"""

from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import Connection

from safepassage.checkpoints import Checkpoint, parse_checkpoint
from safepassage.cosignatures import verified_cosignatures
from safepassage.notes import Note, SignatureLine, note_with, parse_note, verified_signers
from safepassage.problems import SuiteError
from safepassage.problems.log import NoSuchTile
from safepassage.problems.mirroring import LogNotMirrored, MirrorRequestMalformed, NoCheckpointToMirror
from safepassage.tlog_mirror import MAX_PACKAGES, PACKAGE, MirrorInfo, Upload, parse_package, parse_upload
from safepassage.tlog_witness import origin_digest
from services.audit.driver import Driver
from services.audit.mirroring.kept import Kept, Package, begin, kept, put, tile_of
from services.audit.tiles import parse_tile_path
from services.audit.witnessing.keys import WitnessKeys
from services.audit.witnessing.witness import LogKeys
from shared.clock import Clock
from shared.database import Database

MOST_AGAIN: Final = MAX_PACKAGES * PACKAGE
"""So many entries may be sent that are here already."""


class GoOnFrom(Exception):
    """The upload is to go on from elsewhere: the answer is 409, or 202 where some of it was kept."""

    def __init__(self, info: MirrorInfo, *, accepted: bool) -> None:
        super().__init__()
        self.info, self.accepted = info, accepted


@dataclass(frozen=True)
class Known:
    """A checkpoint of the log that this node has cosigned as a witness, now or before; or that it mirrors."""

    note: Note
    text: str
    """The whole note."""
    checkpoint: Checkpoint


class Mirror:
    """Keeps copies for this node.

    keys          it signs with them as a mirror; None: it mirrors nobody
    witness_keys  whose cosignature makes a ticket believed
    room          bytes for the entries of all logs together; 0: it mirrors nobody
    """

    def __init__(
        self, database: Database, keys: WitnessKeys | None, witness_keys: WitnessKeys | None, log_keys: LogKeys, clock: Clock, *, room: int
    ) -> None:
        self._database, self._keys, self._witness_keys, self._log_keys = database, keys, witness_keys, log_keys
        self._clock, self._room = clock, room

    async def add(self, body: bytes) -> tuple[SignatureLine, ...]:
        """Keep the packages of a request; the cosignatures once all of the upload is here.

        Raises MirrorRequestMalformed, LogNotMirrored, NoCheckpointToMirror, EntriesNotOfTheLog, MirrorFull, GoOnFrom,
        TemporarilyUnavailable.
        """
        upload, position = parse_upload(body)
        if self._keys is None or not self._room or not self._log_keys(upload.origin):
            raise LogNotMirrored
        digest = origin_digest(upload.origin)
        pending, here = await self._database.read(lambda connection: _look(Driver(connection), digest))
        if pending is None:
            raise NoCheckpointToMirror
        known = self._known(upload, pending, here)
        again = min(upload.end, here.next_entry) - upload.start
        if known is None or upload.end < here.size or upload.start > here.next_entry or again > MOST_AGAIN:
            known = known or pending
            raise GoOnFrom(MirrorInfo(known.checkpoint.size, here.next_entry, known.text.encode()), accepted=False)
        next_entry = await self._keep(body, position, upload, known, digest, here.next_entry)
        if next_entry < upload.end:
            raise GoOnFrom(MirrorInfo(upload.end, next_entry, known.text.encode()), accepted=True)
        lines = await self._database.write(partial(self._finish, known, digest))
        if lines is None:
            raise GoOnFrom(MirrorInfo(pending.checkpoint.size, next_entry, pending.text.encode()), accepted=False)
        return lines

    async def shown(self, digest: str) -> str:
        """The largest checkpoint of a log that is here as a whole, cosigned. Raises LogNotMirrored."""
        here = await self._database.read(lambda connection: kept(Driver(connection), digest))
        if not here.note:
            raise LogNotMirrored
        return here.note

    async def tile(self, digest: str, path: str) -> bytes:
        """A tile or bundle of a mirrored log. Raises NoSuchTile."""
        try:
            tile = parse_tile_path(path)
        except ValueError:
            raise NoSuchTile from None
        return await self._database.read(lambda connection: tile_of(Driver(connection), digest, tile))

    async def _keep(self, body: bytes, position: int, upload: Upload, known: Known, digest: str, next_entry: int) -> int:
        """The packages, each in a transaction of its own: what was kept stays, wherever the request breaks off. Gives the next entry."""
        saved = 0
        for start, end in upload.packages():
            try:
                read = parse_package(body, position, end - start)
            except MirrorRequestMalformed:
                read = None  # those before it are kept, and the answer says so
            if read is None:
                break
            entries, path, position = read
            package = Package(start, entries, path)
            next_entry = await self._database.write(partial(_put, digest, upload.origin, package, known.checkpoint, self._room))
            saved += 1
        if not saved and upload.start < upload.end:
            raise MirrorRequestMalformed("it breaks off within its first package")
        return next_entry

    def _known(self, upload: Upload, pending: Known, here: Kept) -> Known | None:
        """The checkpoint with as many entries as the upload ends with, if this node has ever cosigned one."""
        if pending.checkpoint.size == upload.end:
            return pending
        candidates = [here.note.encode(), upload.ticket]
        for one in candidates:
            found = self._believed(one, upload)
            if found is not None:
                return found
        return None

    def _believed(self, text: bytes, upload: Upload) -> Known | None:
        """A ticket is a checkpoint with our own cosignature, as a witness or as a mirror: that is what makes it known."""
        own = [key for keys in (self._witness_keys, self._keys) if keys is not None for key in keys.verifiers]
        try:
            note = parse_note(text)
            checkpoint = parse_checkpoint(note.text)
            if (checkpoint.origin, checkpoint.size) != (upload.origin, upload.end):
                return None
            is_ours = verified_cosignatures(note, keys=own) and verified_signers(note, keys=self._log_keys(upload.origin))
        except SuiteError:
            return None
        return Known(note, text.decode(), checkpoint) if is_ours else None

    def _finish(self, known: Known, digest: str, connection: Connection) -> tuple[SignatureLine, ...] | None:
        """Set the mirror's checkpoint, unless it is larger by now. # INVARIANT: it never goes back, and covers nothing that is not here."""
        driver, keys, size = Driver(connection), self._keys, known.checkpoint.size
        here = kept(driver, digest, lock=True)
        if keys is None or here.size > size or here.next_entry < size:
            return None
        t = max(int(self._clock().timestamp()), here.t)
        lines = tuple(keys.cosign(known.note.text, t))
        signers = {(key.name, key.key_id) for key in verified_signers(known.note, keys=self._log_keys(known.checkpoint.origin))}
        logs = [line for line in known.note.signatures if (line.name, line.key_id) in signers]
        note = note_with(known.note.text, [*logs, *lines])
        driver.change("UPDATE mirrored_log SET size = ?, note = ?, t = ? WHERE origin_digest = ?", size, note, t, digest)
        return lines


def _look(driver: Driver, digest: str) -> tuple[Known | None, Kept]:
    rows = driver.rows("SELECT note FROM witnessed_log WHERE origin_digest = ?", digest)
    if not rows:
        return None, kept(driver, digest)
    text = str(rows[0][0])
    note = parse_note(text)
    return Known(note, text, parse_checkpoint(note.text)), kept(driver, digest)


def _put(digest: str, origin: str, package: Package, checkpoint: Checkpoint, room: int, connection: Connection) -> int:
    driver = Driver(connection)
    begin(driver, digest, origin)
    return put(driver, digest, package, checkpoint=checkpoint, room=room)
