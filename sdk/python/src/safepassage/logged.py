"""Messages that prove where they were logged: entry, index, path and checkpoint in the payload, and what a verifier makes of them.

The log is not trusted: its checkpoint has to be signed by a key that the trust list shows as active, has to hold the entry, and has to
continue every checkpoint of that log that the verifier has seen before.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, StringConstraints

from safepassage.canonical import from_base64url, to_base64url
from safepassage.checkpoints import Checkpoint, parse_checkpoint, verify_checkpoint
from safepassage.claims import Message
from safepassage.leaf import Leaf, parse_leaf
from safepassage.notes import VerifierKey, parse_note
from safepassage.problems.envelopes import CheckpointByRetiredKey, ConsistencyNotShown, WithoutProof
from safepassage.problems.proofs import CheckpointNotSigned, ConsistencyNotProven, ForeignLog
from safepassage.proofs import HASH_BYTES, leaf_hash, verify_consistency, verify_inclusion
from safepassage.wire import Base64Url, Digest, Wire

MOST_HASHES: Final = 64
Index = Annotated[int, Field(ge=0, lt=2**53)]
Path = Annotated[tuple[Digest, ...], Field(max_length=MOST_HASHES)]


def _whole_hashes(packed: str) -> str:
    count, rest = divmod(len(from_base64url(packed)), HASH_BYTES)
    if rest or count > MOST_HASHES:
        raise ValueError(f"not up to {MOST_HASHES} hashes of {HASH_BYTES} bytes each, one after the other")
    return packed


Hashes = Annotated[Base64Url, AfterValidator(_whole_hashes)]
"""A path in one string: its hashes one after the other. Messages travel signed, so that each character costs a third more."""


class Consistency(Wire):
    """That the message's checkpoint continues the one of `from` entries.

    Both paths end in the same hashes from where they meet on the way to the root: those are in the message's own path alone.
    """

    from_: Annotated[int, Field(alias="from", serialization_alias="from", gt=0, lt=2**53)]
    path: Hashes
    """Where the path between both begins."""
    shared: Annotated[int, Field(ge=0, le=MOST_HASHES)]
    """How many of the last hashes of the message's path follow."""


class LoggedMessage(Message):
    """A message whose signer had it logged first. The four are there or missing together; missing is refused as `without-proof`."""

    entry: Base64Url | None = None
    """The leaf's bytes."""
    index: Index | None = None
    path: Hashes | None = None
    """From the leaf to the root."""
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
    entry, inclusion = from_base64url(message.entry), unpacked(message.path)
    verify_inclusion(leaf_hash=leaf_hash(entry), index=message.index, size=checkpoint.size, path=inclusion, root=checkpoint.root)
    known = pinned.get(checkpoint.origin)
    if known is not None:
        offered = message.consistency
        if consistency is None and offered is not None and offered.from_ == known.size < checkpoint.size:
            consistency = _whole(offered, inclusion)
        verify_continues(checkpoint, pinned=known, path=consistency)
    return Logged(parse_leaf(entry), message.index, checkpoint, message.checkpoint)


def verify_continues(checkpoint: Checkpoint, *, pinned: Checkpoint, path: Sequence[bytes] | None = None) -> None:
    """Check that two verified checkpoints of one log are of one history, whichever is larger.

    An older checkpoint than the pinned one is no fault: envelopes wait and overtake one another. Raises ConsistencyNotProven, and
    ConsistencyNotShown where a path is needed and there is none.
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
    *, entry: str, index: int, path: Sequence[str], checkpoint: str, since: int | None = None, continued: Sequence[str] = ()
) -> dict[str, Any]:
    """The members of a LoggedMessage, of what audit answered.

    path, continued  base64url, a hash each; `continued` is the path from `since` entries, if any, to the checkpoint
    """
    consistency = None
    if since is not None:
        shared = _alike_at_the_end(path, continued)
        own = continued[: len(continued) - shared]
        consistency = Consistency.model_validate({"from": since, "path": packed(own), "shared": shared})
    return {"entry": entry, "index": index, "path": packed(path), "checkpoint": checkpoint, "consistency": consistency}


def packed(path: Iterable[str]) -> str:
    """A path, base64url for each hash, as `Hashes`."""
    return to_base64url(b"".join(map(from_base64url, path)))


def unpacked(path: str) -> list[bytes]:
    """The hashes of a path, 32 bytes each. Raises ValueError where it is not base64url."""
    data = from_base64url(path)
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def _whole(offered: Consistency, inclusion: Sequence[bytes]) -> list[bytes]:
    if offered.shared > len(inclusion):
        raise ConsistencyNotProven("more hashes are shared than the path has")
    return [*unpacked(offered.path), *inclusion[len(inclusion) - offered.shared :]]


def _alike_at_the_end(one: Sequence[str], other: Sequence[str]) -> int:
    """How many of the last hashes are the same."""
    pairs = zip(reversed(one), reversed(other), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
