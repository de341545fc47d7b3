"""Problems of large packages: chunks that are not what was signed, and bodies that there is no room for."""

from safepassage.problems.problem import SuiteError


class _OfOneChunk(SuiteError):
    """`number` is the chunk's."""

    def __init__(self, detail: str | None = None, *, number: int = -1, field: str | None = None) -> None:
        told = None if number < 0 else f"chunk {number}{': ' + detail if detail else ''}"
        super().__init__(told or detail, field=field)
        self.number = number


class ChunkNotOpened(_OfOneChunk):
    """A sealed chunk does not open: it is not the chunk with this number, of this content, of this size, under this key."""

    code, status, title = "chunk-not-opened", 422, "A chunk of sealed content does not open"
    remedy = "Seal the content again, under a new key, and send all of it."


class ChunkRefused(_OfOneChunk):
    """A chunk is not in the tree whose root the envelope signs. The body is refused with it."""

    code, status, title = "chunk-refused", 422, "Chunk is not part of the signed body"
    remedy = "Send the stored bytes of the chunk with its path to the root; if they are damaged, answer the request anew."


class BodyNotAnnounced(SuiteError):
    """No body was announced under this envelope id by this peer, or it was forgotten since."""

    code, status, title = "body-not-announced", 404, "Body was not announced"
    remedy = "Announce it with POST /v1/peer/bodies and the envelope's JWS; the answer says which chunks are wanted."


class BodyIncomplete(SuiteError):
    """The envelope's body is not here yet, or not whole: the envelope is taken once it is."""

    code, status, title = "body-incomplete", 409, "Body is not complete"
    remedy = "Announce the body, send the chunks that are wanted, then send the envelope again."
    retry = "after"


class BodyTooLargeHere(SuiteError):
    """The body is larger than this node takes from any peer, or has attachments that this node does not take."""

    code, status, title = "body-too-large-here", 413, "Package is larger than this node takes"
    remedy = "Its operator can raise max_body_bytes; or send the record without its attachments."


class NoRoomForBody(SuiteError):
    """Too much of this peer waits here already, or the disk is nearly full."""

    code, status, title = "no-room-for-body", 503, "No room for the package now"
    remedy = "Try again later; the operator sees waiting bodies and free space in the log lines of the service."
    retry = "after"


class AttachmentsDiffer(SuiteError):
    """What the opened package says of its documents does not agree with its body or its record."""

    code, status, title = "attachments-differ", 422, "Documents of the package do not agree with its body"
    remedy = "Lay the documents one after the other in the chunks of the body, each of an element that is in the record."
