"""What is wrong with a signed message between nodes, apart from its signature (problems.signatures) and its proof (problems.proofs)."""

from safepassage.problems.problem import SuiteError


class WrongIssuer(SuiteError):
    """The message's issuer is not the peer that sent it."""

    code, status, title = "wrong-issuer", 401, "Issuer is not the sender"
    remedy = "Send messages of your own node only, through the client that the trust list names for it."


class MessageExpired(SuiteError):
    """The message is past its `exp`."""

    code, status, title = "message-expired", 422, "Message has expired"
    remedy = "Make a new request; what has expired is never answered or opened."


class MessageNotYetValid(SuiteError):
    """The message says that it was issued in the future, or its lifetime is longer than the format allows."""

    code, status, title = "message-not-yet-valid", 422, "Message is not within a valid lifetime"
    remedy = "Set the clock of the issuing machine (5 minutes are tolerated) and keep the lifetime that the format allows."


class PaddingMalformed(SuiteError):
    """What was opened is not a padded frame of one of the size classes."""

    code, status, title = "padding-malformed", 422, "Opened content is not a padded frame"
    remedy = "Build the plaintext with the frame and the size classes of the wire format."


class SealedIdsDiffer(SuiteError):
    """The ids inside the sealed part are not those outside: it was sealed for another message."""

    code, status, title = "sealed-ids-differ", 422, "Sealed content belongs to another message"
    remedy = "Seal each message anew; a sealed part cannot be moved to another one."


class SuiteNotSupported(SuiteError):
    """No suite of algorithms is shared, or the message uses one that the recipient does not list."""

    code, status, title = "suite-not-supported", 422, "Suite of algorithms is not supported"
    remedy = "Use the first suite of the recipient's signed list that you support."


class EncryptionKeyUnknown(SuiteError):
    """The message is sealed to a key that the recipient does not have, or no longer."""

    code, status, title = "encryption-key-unknown", 422, "Encryption key is not known or was destroyed"
    remedy = "Read the recipient's node statement again and make a new message, sealed to its current key."


class LeafMalformed(SuiteError):
    """An entry's bytes are not the one canonical form of a log leaf."""

    code, status, title = "leaf-malformed", 422, "Log entry is not a canonical leaf"
    remedy = "Send the entry's bytes exactly as the log answered them."


class CommitmentNotOpened(SuiteError):
    """Salt and content do not give the commitment: the content is not what was committed to."""

    code, status, title = "commitment-not-opened", 422, "Content is not what was committed to"
    remedy = "Show the salt and the content exactly as they were when the commitment was made."
