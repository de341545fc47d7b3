"""Messages that prove where they were logged: entry, index, path and checkpoint in the payload, and what a verifier makes of them.

The log is not trusted: its checkpoint has to be signed by a key that the trust list shows as active, has to hold the entry, and has to
continue every checkpoint of that log that the verifier has seen before.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from safepassage.canonical import from_base64url
from safepassage.checkpoints import Checkpoint, parse_checkpoint, verify_checkpoint
from safepassage.claims import Message
from safepassage.leaf import Leaf, parse_leaf
from safepassage.notes import VerifierKey, parse_note
from safepassage.problems.envelopes import CheckpointByRetiredKey, ConsistencyNotShown, WithoutProof
from safepassage.problems.proofs import CheckpointNotSigned, ConsistencyNotProven, ForeignLog
from safepassage.proofs import leaf_hash, verify_consistency, verify_inclusion
from safepassage.wire import Base64Url, Digest, Wire

Index = Annotated[int, Field(ge=0, lt=2**53)]
Path = Annotated[tuple[Digest, ...], Field(max_length=64)]


class Consistency(Wire):
    """That the checkpoint beside it continues the one of `from` entries: the path between both."""

    from_: Annotated[int, Field(alias="from", serialization_alias="from", gt=0, lt=2**53)]
    path: Path


class LoggedMessage(Message):
    """A message whose signer had it logged first. The four are there or missing together; missing is refused as `without-proof`."""

    entry: Base64Url | None = None
    """The leaf's bytes."""
    index: Index | None = None
    path: Path | None = None
    checkpoint: Annotated[str, StringConstraints(max_length=16_384)] | None = None
    """A signed note of a tree that holds the entry."""
    consistency: Consistency | None = None
    """From the largest checkpoint of this log that the recipient is known to have verified."""


@dataclass(frozen=True)
class LogIdentity:
    """A log as the trust list knows it."""

    origin: str
    keys: tuple[VerifierKey, ...]
    retired_keys: tuple[VerifierKey, ...] = ()


@dataclass(frozen=True)
class Logged:
    """What a proof has shown."""

    leaf: Leaf
    index: int
    checkpoint: Checkpoint
    note: str
    """The checkpoint as it was signed, to be pinned."""

    def latest(self, pinned: Checkpoint | None) -> Checkpoint:
        """The larger of the checkpoints, which is the one to pin."""
        return pinned if pinned is not None and pinned.size > self.checkpoint.size else self.checkpoint


def verify_logged(
    message: LoggedMessage,
    *,
    logs: Collection[LogIdentity],
    pinned: Mapping[str, Checkpoint],
    consistency: Sequence[bytes] | None = None,
) -> Logged:
    """Check the message's proof.

    logs         the logs of the message's issuer, from the verified trust list
    pinned       by origin, the largest checkpoint of each that was verified before; empty only on first contact and offline
    consistency  a path between the pinned size and the message's, where it was asked of the log

    Raises WithoutProof, NoteMalformed, ForeignLog, CheckpointSignatureInvalid, CheckpointByRetiredKey, CheckpointNotSigned, IndexBeyondLog,
    WrongPathLength, InclusionNotProven, ConsistencyNotProven, ConsistencyNotShown, LeafMalformed, UnsupportedVersion.
    """
    if message.entry is None or message.index is None or message.path is None or message.checkpoint is None:
        raise WithoutProof
    checkpoint = _checkpoint(message.checkpoint, logs)
    entry = from_base64url(message.entry)
    verify_inclusion(
        leaf_hash=leaf_hash(entry),
        index=message.index,
        size=checkpoint.size,
        path=[from_base64url(digest) for digest in message.path],
        root=checkpoint.root,
    )
    known = pinned.get(checkpoint.origin)
    if known is not None:
        verify_continues(checkpoint, pinned=known, offered=message.consistency, path=consistency)
    return Logged(parse_leaf(entry), message.index, checkpoint, message.checkpoint)


def verify_continues(
    checkpoint: Checkpoint, *, pinned: Checkpoint, offered: Consistency | None = None, path: Sequence[bytes] | None = None
) -> None:
    """Check that two verified checkpoints of one log are of one history, whichever is larger.

    An older checkpoint than the pinned one is no fault: envelopes wait and overtake one another. Raises ConsistencyNotProven, and
    ConsistencyNotShown where a path is needed that neither the message nor the caller has.
    """
    if checkpoint.origin != pinned.origin:
        raise ForeignLog
    old, new = sorted((checkpoint, pinned), key=lambda each: each.size)
    if old.size == new.size:
        if old.root != new.root:
            raise ConsistencyNotProven("two checkpoints of one size have different roots")
        return
    if old.size == 0:
        return
    if path is None and offered is not None and (offered.from_, new) == (old.size, checkpoint):
        path = [from_base64url(digest) for digest in offered.path]
    if path is None:
        raise ConsistencyNotShown(old_size=old.size, new_size=new.size)
    verify_consistency(old_size=old.size, new_size=new.size, old_root=old.root, new_root=new.root, path=path)


def _checkpoint(note: str, logs: Collection[LogIdentity]) -> Checkpoint:
    origin = parse_checkpoint(parse_note(note).text).origin
    log = next((log for log in logs if log.origin == origin), None)
    if log is None:
        raise ForeignLog
    try:
        return verify_checkpoint(note, origin=origin, keys=log.keys)
    except CheckpointNotSigned:
        # The refusal stands either way; which one it is tells the sender what to mend.
        if any((key.name, key.key_id) == (line.name, line.key_id) for key in log.retired_keys for line in parse_note(note).signatures):
            raise CheckpointByRetiredKey from None
        raise


def proof_members(
    *, entry: str, index: int, path: Sequence[str], checkpoint: str, consistency: Consistency | None = None
) -> dict[str, Any]:
    """The members of a LoggedMessage, as audit answered them (wire strings)."""
    return {"entry": entry, "index": index, "path": tuple(path), "checkpoint": checkpoint, "consistency": consistency}
