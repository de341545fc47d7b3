"""Why a receiver refuses an answer and puts it into quarantine: a code for each way in which it can be wrong (decisions 6)."""

from safepassage.problems.problem import SuiteError


class EnvelopeMalformed(SuiteError):
    """The body is not the envelope format, or not the one that it travels in packed (safepassage.packed)."""

    code, status, title = "envelope-malformed", 400, "Envelope cannot be read"
    remedy = (
        "Send 4 bytes of length, big-endian, the compact JWS of that length, then the ciphertext as it is; packed, the length and the "
        "bytes of each of the JWS's three segments, decoded, then the ciphertext."
    )


class WithoutProof(SuiteError):
    """The message does not say where it was logged. What was not logged first is not accepted."""

    code, status, title = "without-proof", 422, "Nothing proves that it was logged first"
    remedy = "Append it to the log, then sign it with the entry, index, path and checkpoint that the log answered."


class WrongLeaf(SuiteError):
    """The proven entry is of a class that does not stand for this message."""

    code, status, title = "wrong-leaf", 422, "Proven log entry is not of the kind this message needs"
    remedy = "Prove the entry that the log made for this very message."


class LeafOfAnotherExchange(SuiteError):
    """The proven entry was made for another message: its digests are others."""

    code, status, title = "leaf-of-another-exchange", 422, "Proven log entry belongs to another message"
    remedy = "Prove the entry that the log made for this very message."


class OtherCiphertext(SuiteError):
    """The ciphertext is not the one that was signed and logged."""

    code, status, title = "other-ciphertext", 422, "Ciphertext is not the signed one"
    remedy = "Send the stored bytes of the envelope, unchanged."


class OtherRecipient(SuiteError):
    """The record is meant for another organisation than the one that the request named."""

    code, status, title = "other-recipient", 422, "Recipient is not the one that was requested for"
    remedy = "Answer to the organization that the signed request names."


class OtherExchange(SuiteError):
    """The message answers a request that is not the one under this id."""

    code, status, title = "other-exchange", 422, "Message does not answer this request"
    remedy = "Put the id and the digest of the request that is answered into the message."


class CheckpointByRetiredKey(SuiteError):
    """The checkpoint was signed by a key that the log has retired."""

    code, status, title = "checkpoint-by-retired-key", 422, "Checkpoint is signed by a retired key"
    remedy = "Send a checkpoint that the log signed with a key the trust list shows as active."


class ConsistencyNotShown(SuiteError):
    """Two checkpoints of one log are known, and nothing yet shows that the larger continues the smaller.

    `old_size` and `new_size` say between which sizes the log has to be asked for a path.
    """

    code, status, title = "consistency-not-shown", 422, "Nothing shows that the log only grew"
    remedy = "Ask the log for the consistency path between both sizes and verify again with it."

    def __init__(self, detail: str | None = None, *, old_size: int = 0, new_size: int = 0, field: str | None = None) -> None:
        super().__init__(detail, field=field)
        self.old_size, self.new_size = old_size, new_size


class DecisionMissing(SuiteError):
    """The log entry names no decision: nothing shows that the disclosure was permitted."""

    code, status, title = "decision-missing", 422, "Log entry names no decision"
    remedy = "Disclose only under a signed decision, and let the log entry pin its digest."


class PlaintextNotCommitted(SuiteError):
    """What was opened is not what the log entry commits to."""

    code, status, title = "plaintext-not-committed", 422, "Opened content is not what was logged"
    remedy = "Commit to the plaintext that is sealed: SHA-256 over its salt and the padded frame."


class NoticeNotAcknowledged(SuiteError):
    """The redisclosure notice is not the one that the receipt acknowledges."""

    code, status, title = "notice-differs", 422, "Redisclosure notice is another one"
    remedy = "Use the notice of the wire format's version; both sides keep its digest."


class ReceiptOfAnotherEnvelope(SuiteError):
    """The receipt is for something else than what was sent."""

    code, status, title = "receipt-of-another-envelope", 422, "Receipt does not answer this envelope"
    remedy = "Send the receipt made for the envelope that it names."
