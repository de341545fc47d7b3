"""What is inside an answer: a child's record, that there may be one, an educator's credentials, or that nothing is provided."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from safepassage.body import MAX_CHUNKS
from safepassage.canonical import canonical_json, digest_of_json, json_object
from safepassage.chunks import MAX_CONTENT_BYTES, chunk_count, header_digest
from safepassage.claims import EntityId, OrganisationId, read_closed
from safepassage.elements import BY_ID
from safepassage.problems.bodies import AttachmentsDiffer
from safepassage.problems.envelopes import NoticeNotAcknowledged
from safepassage.problems.messages import SealedIdsDiffer
from safepassage.problems.signatures import MalformedToken
from safepassage.read_in_part import mark
from safepassage.record import StudentRecord
from safepassage.sealing import padded, unpadded, verify_pt_commit
from safepassage.unread import Unread, readable_part
from safepassage.wire import Digest, Text, Wire
from safepassage.wire_attachments import ATTACHABLE, MediaType
from safepassage.wire_policy import ElementId

MAY_BE_HERE: Final = (
    "A child as the one that is sought may have a record here. Ask for it with the child's name: whether it is provided is decided then."
)
NOTHING_PROVIDED: Final = "No record is provided in answer to this request. This does not state whether one exists."


class RedisclosureNotice(Wire):
    """What 34 CFR 99.33(d) has a discloser say, in one wording, so that a receipt can acknowledge it by its digest unopened."""

    v: Literal[1] = 1
    citation: str = "34 CFR 99.33"
    text: Text = (
        "This record contains personally identifiable information from education records and is disclosed on the condition that the "
        "receiving organisation does not disclose it to any other party without the prior consent of the parent or eligible student, "
        "except as 34 CFR Part 99 permits. Its officers, employees and agents may use it only for the purpose for which the disclosure "
        "was made."
    )


REDISCLOSURE_NOTICE: Final = RedisclosureNotice()
REDISCLOSURE_NOTICE_DIGEST: Final[Digest] = digest_of_json(REDISCLOSURE_NOTICE.model_dump(mode="json"))
"""What a receipt says to acknowledge the notice of version 1."""


class Manifest(Wire):
    """What the package holds, and what it does not because no student's package would."""

    elements: Annotated[tuple[ElementId, ...], Field(max_length=200)]
    """The elements that are in the record, in the order of the catalogue."""
    not_scheduled: Annotated[tuple[ElementId, ...], Field(max_length=200)] = ()
    """Asked for, and never sent for this purpose. What is withheld for a reason that depends on the student is not told."""


class _Sealed(Wire):
    """The ids of the envelope, repeated inside, and the salt of the commitment."""

    v: Literal[1] = 1
    iss: EntityId
    aud: EntityId
    recipient_organisation: OrganisationId
    exchange_id: UUID
    envelope_id: UUID
    request_digest: Digest
    pt_salt: Digest

    def plaintext(self) -> bytes:
        """The padded bytes to seal."""
        return padded(self.model_dump(mode="json", exclude_none=True))


_REPEATED: Final = ("kind", "iss", "aud", "recipient_organisation", "exchange_id", "envelope_id", "request_digest")


class Attached(Wire):
    """A document of the record, in the chunks of the envelope's body."""

    element: ElementId
    """The element that it belongs to, which is in the record and takes documents: what decides on the element decides on the document."""
    media_type: MediaType
    dated: date | None = None
    """The day that the document bears."""
    size: Annotated[int, Field(ge=1, le=MAX_CONTENT_BYTES)]
    digest: Digest
    """SHA-256 of the document."""
    first: Annotated[int, Field(ge=0, lt=MAX_CHUNKS)]
    """The number in the body of its first chunk; within the document its chunks are numbered from 0."""
    key: Digest
    """32 bytes, the key of its chunks."""


def attachment_header(*, envelope: Mapping[str, Any], first: int) -> bytes:
    """What the chunks of a document are bound to (`safepassage.chunks.header_digest`): the envelope's ids and suite, and its place."""
    ids = ("suite", "iss", "aud", "recipient_organisation", "exchange_id", "envelope_id", "request_digest", "enc_kid")
    return header_digest({"v": 1, "first": first, **{name: envelope[name] for name in ids}})


class Package(_Sealed):
    """A record, minimised to what was permitted, with its manifest and the notice of what the recipient may do with it."""

    kind: Literal["package"] = "package"
    manifest: Manifest
    redisclosure_notice: RedisclosureNotice = REDISCLOSURE_NOTICE
    record: StudentRecord
    attachments: Annotated[tuple[Attached, ...], Field(min_length=1, max_length=100)] | None = None
    """In the order of their chunks."""

    def marked(self, in_part: Collection[str]) -> bytes:
        """As `plaintext`, where the sender has these elements of the record in part alone."""
        document = json_object(unpadded(self.plaintext()))
        mark(document["record"], in_part)
        return padded(document)


class NotProvided(_Sealed):
    """No record is provided; whether one exists is not said. Padded as a package is."""

    kind: Literal["not-provided"] = "not-provided"
    statement: Text = NOTHING_PROVIDED


class Perhaps(_Sealed):
    """The child that was sought may have a record here: nothing else is told, and nothing moves. Padded as a package is."""

    kind: Literal["perhaps"] = "perhaps"
    statement: Text = MAY_BE_HERE


class Credentials(_Sealed):
    """An educator's credentials, each as its issuer has secured it, the oldest first. Padded as a package is.

    No redisclosure notice goes with it: that of 34 CFR 99.33(d) is about education records.
    """

    kind: Literal["credentials"] = "credentials"
    credentials: Annotated[tuple[Annotated[str, StringConstraints(max_length=200_000)], ...], Field(min_length=1, max_length=200)]
    """JSON documents and JWTs. Whether one holds is asked of its issuer: a revoked one is sent, and is seen to be."""


Content = Package | Perhaps | Credentials | NotProvided

_KINDS: Final[Mapping[str, type[Content]]] = {
    "package": Package,
    "perhaps": Perhaps,
    "credentials": Credentials,
    "not-provided": NotProvided,
}


@dataclass(frozen=True)
class Opened:
    """What was in an answer."""

    content: Content
    unread: Unread | None = None
    """What of a package's record this version cannot read: it is not in `content.record`."""


def read_sealed(plaintext: bytes, *, envelope: Mapping[str, Any]) -> Opened:
    """What was opened, once it is shown to be what `envelope` (the verified claims) is about and what was logged.

    Raises PaddingMalformed, UnsupportedVersion, MalformedToken, SealedIdsDiffer, PlaintextNotCommitted, NoticeNotAcknowledged,
    AttachmentsDiffer.
    """
    data = unpadded(plaintext)
    opened = _read(data, model=_KINDS[envelope["kind"]])
    content = opened.content
    sealed = content.model_dump(mode="json", include=set(_REPEATED))
    if any(sealed[name] != envelope[name] for name in _REPEATED):
        raise SealedIdsDiffer
    verify_pt_commit(committed=envelope["pt_commit"], salt=content.pt_salt, plaintext=plaintext)
    if isinstance(content, Package) and content.redisclosure_notice != REDISCLOSURE_NOTICE:
        raise NoticeNotAcknowledged
    _require_attachments(opened, body=envelope.get("body"))
    return opened


def _read(data: bytes, *, model: type[Content]) -> Opened:
    """The closed model; or, of a package whose record alone says more than this version knows, what can be read of it, and the rest."""
    try:
        return Opened(read_closed(data, model=model))
    except MalformedToken:
        members = json_object(data) if model is Package else {}
        record = members.get("record")
        found = readable_part(record) if isinstance(record, dict) else None
        if found is None:
            raise
    document, unread = found
    return Opened(read_closed(canonical_json({**members, "record": document}), model=model), unread)


def _require_attachments(opened: Opened, *, body: Mapping[str, Any] | None) -> None:
    """The documents follow one another from the first to the last chunk, each of an element of the record that takes some.

    Raises AttachmentsDiffer. A later version says of its own elements whether they take documents: what is not known here is disclosed to
    nobody, and so is its document.
    """
    content = opened.content
    attached = (content.attachments or ()) if isinstance(content, Package) else ()
    end = 0
    for one in attached:
        if one.first != end:
            raise AttachmentsDiffer
        end += chunk_count(one.size)
    if end != (0 if body is None else body["chunks"]):
        raise AttachmentsDiffer
    if isinstance(content, Package):
        there = {*content.record.elements(), *(() if opened.unread is None else opened.unread.elements)}
        if not {one.element for one in attached} <= there:
            raise AttachmentsDiffer("a document belongs to an element that is not in the record")
        if any(one.element in BY_ID and one.element not in ATTACHABLE for one in attached):
            raise AttachmentsDiffer("a document belongs to an element that takes none")
