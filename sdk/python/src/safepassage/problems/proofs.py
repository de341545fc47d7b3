"""What is wrong with a proof, a checkpoint or a stored log. Raised offline by those who verify; sent by a receiver that refuses."""

from safepassage.problems.problem import SuiteError


class InclusionNotProven(SuiteError):
    """The path does not lead from this entry to the tree head: the entry, its index, the path or the head was altered."""

    code, status, title = "inclusion-not-proven", 422, "Entry is not proven to be in the log"
    remedy = "Send the entry's bytes exactly as logged, with the path and checkpoint that the log answered for it."


class IndexBeyondLog(InclusionNotProven):
    """The index is not below the size of the tree, so the tree cannot hold the entry."""

    code, status, title = "index-beyond-log", 422, "Index is not below the checkpoint's size"
    remedy = "Send a checkpoint whose size is greater than the entry's index."


class WrongPathLength(InclusionNotProven):
    """The path has not the one length that index and size call for."""

    code, status, title = "wrong-path-length", 422, "Inclusion path has the wrong length"
    remedy = "Send the path that belongs to the size of the checkpoint beside it (RFC 9162 section 2.1.3)."


class ConsistencyNotProven(SuiteError):
    """The new tree is not shown to begin with the old one: the log may have been rewritten."""

    code, status, title = "consistency-not-proven", 422, "New checkpoint is not consistent with the one pinned before"
    remedy = "Ask the log for the consistency path between both sizes. If none verifies, its history was rewritten: raise an alarm."


class NoteMalformed(SuiteError):
    """The text is not a signed note (C2SP signed-note) or its body is not a checkpoint (C2SP tlog-checkpoint)."""

    code, status, title = "note-malformed", 422, "Checkpoint cannot be read"
    remedy = "Send the signed note byte for byte as the log published it."


class VerifierKeyMalformed(SuiteError):
    """A vkey whose form, key id or length is wrong."""

    code, status, title = "verifier-key-malformed", 422, "Verifier key cannot be read"
    remedy = "Copy the key again: name+8 hex digits+base64, on one line (C2SP signed-note)."


class CheckpointSignatureInvalid(SuiteError):
    """A signature by a known key does not verify; the whole note is refused."""

    code, status, title = "checkpoint-signature-invalid", 422, "Signature of the checkpoint does not verify"
    remedy = "Fetch the checkpoint again from the log. If it stays so, somebody altered it."


class CheckpointNotSigned(SuiteError):
    """No known key of the log signed it."""

    code, status, title = "checkpoint-not-signed", 422, "No known key of the log signed the checkpoint"
    remedy = "Compare the log's key with the trust list; fetch a checkpoint that the log signed with its present key."


class ForeignLog(SuiteError):
    """The checkpoint is of another log than the one expected."""

    code, status, title = "foreign-log", 422, "Checkpoint is of another log"
    remedy = "Send a checkpoint of the log that the trust list names for the sender."


class BundleMalformed(SuiteError):
    """A bundle of entries is cut off or has trailing bytes."""

    code, status, title = "bundle-malformed", 422, "Bundle of entries cannot be read"
    remedy = "Fetch the bundle again; it is a sequence of 2 bytes of length, big-endian, and that many bytes of entry."


class ProofFileMalformed(SuiteError):
    """The file is not a C2SP tlog-proof."""

    code, status, title = "proof-file-malformed", 422, "Proof file cannot be read"
    remedy = "Fetch the .tlog-proof file again; its first line is c2sp.org/tlog-proof@v1."


class TileMissing(SuiteError):
    """The stored log has not what its checkpoint promises."""

    code, status, title = "tile-missing", 422, "Part of the log is missing"
    remedy = "Fetch the named tile or bundle again; if the log no longer serves it, entries were removed."
