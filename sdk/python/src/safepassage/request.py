"""sp-request+jws: one node asks another for a child's record, or an educator's credentials. Whose is in the sealed selector."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal, Self
from uuid import UUID

from pydantic import Discriminator, Field, Tag, model_validator

from safepassage.canonical import from_base64url, json_object
from safepassage.claims import EntityId, Message, NumericDate, Verified, read_closed, require_lifetime, require_parties, verify_message
from safepassage.compact import PublicKeys, algorithm_in
from safepassage.elements import elements_of
from safepassage.finding import Sought
from safepassage.leaf import subject_commit
from safepassage.problems.messages import SealedIdsDiffer, SuiteNotSupported
from safepassage.problems.signatures import MalformedToken
from safepassage.recipient_key import RecipientKey
from safepassage.sealing import hpke_info, padded, unpadded
from safepassage.suites import SUITES
from safepassage.wire import Base64Url, Code, Digest, Wire
from safepassage.wire_exchange import EnrollmentEvidence, PersonSelector, Sections
from safepassage.wire_licensure import ELEMENT as EDUCATORS
from safepassage.wire_licensure import EducatorSelector, LicensureEvidence

LONGEST_SECONDS: Final = 14 * 86_400
MAX_LENGTH: Final = 160 * 1024
"""In characters; room for a selector of 64 KiB."""


class SealedSelector(Wire):
    """The selector, sealed to the holder's key `enc_kid`; enc ‖ ciphertext, as HPKE's single-shot functions give it."""

    suite: Code
    enc_kid: Digest
    ciphertext: Base64Url


class Request(Message):
    """The request. Its `jti` is the id of the whole exchange."""

    TYPE: ClassVar[str] = "sp-request+jws"
    BATCHED: ClassVar[bool] = True

    iss: EntityId
    """The requester."""
    aud: EntityId
    """The holder."""
    jti: UUID
    iat: NumericDate
    exp: NumericDate
    """Until when an answer is wanted; at most 14 days."""
    selector: SealedSelector


def _evidence_of(evidence: Any) -> str:
    """Of what it is, by the member that one form alone has: so a fault in it is told of that form."""
    applied = "applied_on" in evidence if isinstance(evidence, dict) else isinstance(evidence, LicensureEvidence)
    return "licensure" if applied else "enrolment"


class Selector(Wire):
    """What the holder's records service reads after opening: whom it is about, for what, and on which evidence."""

    v: Literal[1] = 1
    iss: EntityId
    aud: EntityId
    exchange_id: UUID
    purpose: Code
    basis: Code
    consent_id: UUID | None = None
    """Of a consent, or of an educator's application, at the holder's node, where that is the basis."""
    person: PersonSelector | None = None
    sought: Sought | None = None
    """In place of the person: the holder is not told who it is, and answers whether it may have the child (safepassage.finding)."""
    educator: EducatorSelector | None = None
    """In place of the person: whose credentials are asked for."""
    sections: Sections
    attachments: Literal[True] | None = None
    """The documents that belong to what is sent of the record are wanted too: this node can take and examine them."""
    evidence: Annotated[
        Annotated[EnrollmentEvidence, Tag("enrolment")] | Annotated[LicensureEvidence, Tag("licensure")], Discriminator(_evidence_of)
    ]
    """Of the child's enrolment, or of the educator's application; with the official who attested it."""
    answer_key: RecipientKey | None = None
    """Of the receiving organisation's own: answers are sealed to it. None, of a node without such keys: to one of the node's statement."""
    subject_salt: Digest
    """32 random bytes: receipts carry the commitment to the person under this salt, and both sides can open it."""
    pinned_size: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """Size of the largest checkpoint of the holder's log that the requester has verified: from there it wants consistency. 0: none yet."""

    @model_validator(mode="after")
    def _one_or_the_other(self) -> Self:
        if sum(one is not None for one in (self.person, self.sought, self.educator)) != 1:
            raise ValueError("either a person, or what is sought of one, or an educator")
        if (self.educator is not None) != isinstance(self.evidence, LicensureEvidence):
            raise ValueError("of an educator the evidence is about an application, of a child about an enrollment")
        return self

    @property
    def enrollment(self) -> EnrollmentEvidence:
        """The evidence, where it is about a child. Raises TypeError otherwise."""
        if isinstance(self.evidence, LicensureEvidence):
            raise TypeError("an educator is not enrolled")
        return self.evidence

    @property
    def elements(self) -> tuple[str, ...]:
        """The ids of what is asked for. Raises KeyError for a section that does not exist."""
        return (EDUCATORS,) if self.educator is not None else elements_of(self.sections)

    def plaintext(self) -> bytes:
        """The padded bytes to seal, 16 KiB as a rule."""
        return padded(self.model_dump(mode="json", exclude_none=True))

    def said(self) -> tuple[str, dict[str, Any]]:
        """Whom it is about, by the member that says so, and the JSON that is committed to."""
        name = next(name for name in ("person", "sought", "educator") if getattr(self, name) is not None)
        about: PersonSelector | Sought | EducatorSelector = getattr(self, name)
        return name, about.model_dump(mode="json", exclude_none=True)

    @property
    def subject_commit(self) -> Digest:
        """What receipts of this exchange say of the child, or the educator."""
        return subject_commit(salt=from_base64url(self.subject_salt), person=self.said()[1])


def selector_info(*, iss: str, aud: str, exchange_id: UUID, suite: str, enc_kid: Digest) -> bytes:
    """HPKE's `info` for the selector of a request."""
    return hpke_info(
        kind="request",
        suite=suite,
        iss=iss,
        aud=aud,
        recipient_organisation=None,
        exchange_id=exchange_id,
        envelope_id=exchange_id,
        request_digest=None,
        enc_kid=enc_kid,
    )


def verify_request(token: str, *, issuer: str, audience: str, keys: PublicKeys, now: datetime) -> Verified[Request]:
    """The request in `token`, signed by `issuer` (the client that sent it) for `audience` (this node) and not expired.

    Raises what `verify_message` raises, WrongIssuer, WrongAudience, MessageExpired, MessageNotYetValid; SuiteNotSupported where the
    signature is not that of the suite which it names.
    """
    request = verify_message(token, kind=Request, keys=keys, max_length=MAX_LENGTH)
    message = request.message
    require_parties(iss=message.iss, aud=message.aud, issuer=issuer, audience=audience)
    if message.jti.version != 7:
        raise MalformedToken("an exchange id is a UUIDv7", field="jti")
    require_lifetime(iat=message.iat, exp=message.exp, now=now, longest_seconds=LONGEST_SECONDS)
    suite = SUITES.get(message.selector.suite)
    if suite is not None and algorithm_in(token, max_length=MAX_LENGTH) != suite.signature:
        raise SuiteNotSupported("the signature is not that of the suite")
    return request


def read_selector(plaintext: bytes, *, request: Request) -> Selector:
    """The opened selector of a verified request. Raises PaddingMalformed, UnsupportedVersion, MalformedToken, SealedIdsDiffer."""
    data = unpadded(plaintext)
    selector = read_closed(data, model=Selector)
    name, said = selector.said()
    # Both sides hash it as the requester wrote it: written in another way, its receipts would be refused once the record is there.
    if json_object(data)[name] != said:
        raise MalformedToken("not in the one form that is committed to: a null, or a value that is written in another way", field=name)
    # INVARIANT: a sealed part is of no use in another message, whoever signs that.
    if (selector.iss, selector.aud, selector.exchange_id) != (request.iss, request.aud, request.jti):
        raise SealedIdsDiffer
    return selector
