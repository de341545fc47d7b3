"""This node as a witness of other nodes' logs, C2SP tlog-witness: it cosigns what continues all that it has cosigned before.

The row of a log is not trusted with the log's past: whoever controls it can make this witness refuse, or forget and so cosign a fork.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import Connection

from safepassage.checkpoints import Checkpoint, parse_checkpoint
from safepassage.notes import Note, SignatureLine, VerifierKey, note_with, parse_note, verified_signers
from safepassage.problems.proofs import CheckpointSignatureInvalid, ConsistencyNotProven, NoteMalformed
from safepassage.problems.requests import TemporarilyUnavailable
from safepassage.problems.witnessing import CheckpointRefusedByWitness, OriginNotWitnessed, WitnessRequestMalformed
from safepassage.proofs import EMPTY_ROOT, verify_consistency
from safepassage.tlog_witness import AddCheckpoint, origin_digest
from services.audit.driver import Driver
from services.audit.witnessing.keys import WitnessKeys
from shared.clock import Clock
from shared.database import Database

ATTEMPTS: Final = 3
SAID_AGAIN_SECONDS: Final = 10
"""So long the same checkpoint is answered with the cosignatures that were made for it: who repeats a request costs no signature."""

LogKeys = Callable[[str], Sequence[VerifierKey]]
"""The keys of a log by its origin; none for one that is not witnessed. Raises TemporarilyUnavailable."""


class AnotherSizeIsKnown(Exception):
    """The request's old size is not that of the checkpoint which was cosigned last: the answer is 409 with that size."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size


class NotContinued(Exception):
    """A checkpoint under the log's own key that is not shown to continue the one held: the answer is 422.

    held, offered  both notes, which are evidence; `held` is None if nothing was cosigned before
    forked         they are of one size, and their roots differ: no path could ever connect them
    """

    def __init__(self, held: str | None, offered: str, *, forked: bool) -> None:
        super().__init__()
        self.held, self.offered, self.forked = held, offered, forked


class MovedMeanwhile(Exception):
    """Another process has cosigned the log's first checkpoint between our look and our write."""


@dataclass(frozen=True)
class Held:
    """What is stored of a log."""

    size: int
    root: bytes
    t: int
    note: str


@dataclass(frozen=True)
class Offered:
    """A checkpoint that the log has signed."""

    request: AddCheckpoint
    note: Note
    checkpoint: Checkpoint
    signatures: tuple[SignatureLine, ...]
    """The log's, verified; no other line is kept."""


class Witness:
    """Cosigns for this node."""

    def __init__(self, database: Database, keys: WitnessKeys | None, log_keys: LogKeys, clock: Clock) -> None:
        self._database, self._keys, self._log_keys, self._clock = database, keys, log_keys, clock

    @property
    def can_cosign(self) -> bool:
        """Whether this node has witness keys: without them it witnesses nobody."""
        return self._keys is not None

    async def add(self, request: AddCheckpoint) -> tuple[SignatureLine, ...]:
        """Cosign the checkpoint, once it is stored as the largest of its log.

        Raises WitnessRequestMalformed, OriginNotWitnessed, CheckpointRefusedByWitness, AnotherSizeIsKnown, NotContinued,
        TemporarilyUnavailable.
        """
        keys = self._keys
        if keys is None:
            raise OriginNotWitnessed
        offered = self._verified(request)
        for _ in range(ATTEMPTS):
            try:
                return await self._database.write(partial(_take, offered, keys, int(self._clock().timestamp())))
            except MovedMeanwhile:
                continue
        raise TemporarilyUnavailable("other requests for this log are under way")

    async def shown(self, digest: str) -> str:
        """The largest checkpoint that was cosigned of the log with this origin digest. Raises OriginNotWitnessed."""
        held = await self._database.read(lambda connection: _held(Driver(connection), digest))
        if held is None:
            raise OriginNotWitnessed
        return held.note

    def _verified(self, request: AddCheckpoint) -> Offered:
        try:
            note = parse_note(request.note)
            checkpoint = parse_checkpoint(note.text)
        except NoteMalformed:
            raise WitnessRequestMalformed("what follows the empty line is no signed checkpoint") from None
        known = self._log_keys(checkpoint.origin)
        if not known:
            raise OriginNotWitnessed
        try:
            signers = verified_signers(note, keys=known)
        except CheckpointSignatureInvalid:
            raise CheckpointRefusedByWitness from None
        if not signers:
            raise CheckpointRefusedByWitness
        if request.old_size > checkpoint.size:
            raise WitnessRequestMalformed("the old size is above the checkpoint's")
        names = {(key.name, key.key_id) for key in signers}
        signatures = tuple(line for line in note.signatures if (line.name, line.key_id) in names)
        return Offered(request, note, checkpoint, signatures)


def require_continued(*, old_size: int, old_root: bytes, checkpoint: Checkpoint, path: Sequence[bytes]) -> None:
    """Check what tlog-witness asks of sizes, roots and path. Raises ConsistencyNotProven."""
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        raise ConsistencyNotProven
    if old_size == 0:
        # Every tree continues the empty one; there is nothing to show.
        if path:
            raise ConsistencyNotProven
        return
    verify_consistency(old_size=old_size, new_size=checkpoint.size, old_root=old_root, new_root=checkpoint.root, path=path)


def _take(offered: Offered, keys: WitnessKeys, now: int, connection: Connection) -> tuple[SignatureLine, ...]:
    """Check against what is held and store, in one transaction that has the row: INVARIANT: a size that was cosigned never goes back."""
    driver, checkpoint = Driver(connection), offered.checkpoint
    digest = origin_digest(checkpoint.origin)
    held = _held(driver, digest, lock=True)
    known = 0 if held is None else held.size
    if offered.request.old_size != known:
        raise AnotherSizeIsKnown(known)
    old_root = EMPTY_ROOT if held is None else held.root
    try:
        require_continued(old_size=known, old_root=old_root, checkpoint=checkpoint, path=offered.request.path)
    except ConsistencyNotProven:
        forked = held is not None and held.size == checkpoint.size and held.root != checkpoint.root
        raise NotContinued(None if held is None else held.note, offered.request.note, forked=forked) from None
    if held is not None and 0 <= now - held.t < SAID_AGAIN_SECONDS:
        again = parse_note(held.note)
        if again.text == offered.note.text:
            return _own_lines(again, keys)
    # A cosignature says "the largest that I had seen at that time": with a clock that went back it would be untrue.
    t = now if held is None else max(now, held.t)
    lines = tuple(keys.cosign(offered.note.text, t))
    _store(driver, digest, held, checkpoint, t, note_with(offered.note.text, [*offered.signatures, *lines]))
    return lines


def _own_lines(note: Note, keys: WitnessKeys) -> tuple[SignatureLine, ...]:
    own = {(key.name, key.key_id) for key in keys.verifiers}
    return tuple(line for line in note.signatures if (line.name, line.key_id) in own)


def _held(driver: Driver, digest: str, *, lock: bool = False) -> Held | None:
    ask = driver.locked if lock else driver.rows
    rows = ask("SELECT size, root, t, note FROM witnessed_log WHERE origin_digest = ?", digest)
    return Held(rows[0][0], bytes(rows[0][1]), rows[0][2], rows[0][3]) if rows else None


def _store(driver: Driver, digest: str, held: Held | None, checkpoint: Checkpoint, t: int, note: str) -> None:
    if held is None:
        values = (digest, checkpoint.origin, checkpoint.size, checkpoint.root, t, note)
        statement = (
            "INSERT INTO witnessed_log (origin_digest, origin, size, root, t, note) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        )
        stored = driver.change(statement, *values)
    else:
        statement = "UPDATE witnessed_log SET size = ?, root = ?, t = ?, note = ? WHERE origin_digest = ? AND size = ? AND root = ?"
        stored = driver.change(statement, checkpoint.size, checkpoint.root, t, note, digest, held.size, held.root)
    if stored != 1:
        raise MovedMeanwhile
