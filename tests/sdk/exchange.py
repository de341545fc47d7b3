"""Two nodes in memory, Alder (holds) and Birch (asks), with real keys, real logs and real encryption: enough to build every message."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, Suite

from safepassage.accepted import Accepted
from safepassage.canonical import digest_of, from_base64url, to_base64url
from safepassage.checkpoints import checkpoint_body
from safepassage.claims import Message
from safepassage.compact import assemble, public_jwk, signing_input, thumbprint
from safepassage.envelope import Envelope, ExpectedAnswer, envelope_body
from safepassage.leaf import leaf_bytes
from safepassage.logged import LogIdentity, proof_members
from safepassage.notes import ED25519, VerifierKey, note_with, signature_line
from safepassage.package import REDISCLOSURE_NOTICE_DIGEST, Content, Credentials, Manifest, NotProvided, Package, Perhaps
from safepassage.receipt import Receipt, SentEnvelope
from safepassage.record import StudentRecord
from safepassage.request import Request, SealedSelector, Selector, selector_info
from safepassage.sealing import encryption_kid, pt_commit
from safepassage.suites import MLKEM768_X25519
from safepassage.wire_exchange import EnrollmentEvidence, EvidenceDocument, Official, PersonSelector, ReceivingOrganisation
from tests.sdk import rfc9162

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
ALDER, BIRCH = "https://alder.example", "https://birch.example"
EXCHANGE_ID = UUID("0191ab00-0000-7000-8000-000000000001")
ENVELOPE_ID = UUID("0191ab00-0000-7000-8000-000000000002")
SALT = bytes(range(32))
HPKE = Suite(KEM.MLKEM768_X25519, KDF.SHAKE256, AEAD.AES_256_GCM)


class Signer:
    """An Ed25519 key made from one byte, so that every run has the same bytes."""

    def __init__(self, seed: int) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.public = self.private.public_key()
        self.kid = thumbprint(self.public)
        self.jwk = public_jwk(self.public)
        self.keys = {self.kid: self.public}

    def sign(self, message: Message, *, typ: str | None = None) -> str:
        return self.sign_claims(message.claims(), typ=typ or message.TYPE)

    def sign_claims(self, claims: dict[str, Any], *, typ: str) -> str:
        signed = signing_input(typ=typ, kid=self.kid, payload=claims)
        return assemble(signed, self.private.sign(signed))


class MemoryLog:
    """A log by the definitions of the RFC."""

    def __init__(self, origin: str, seed: int, *, filled: int = 5) -> None:
        self.origin, self.private = origin, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.key = VerifierKey(origin, ED25519, self.private.public_key().public_bytes_raw())
        self.entries = [self.leaf(class_="load", number=number) for number in range(filled)]

    @property
    def identity(self) -> LogIdentity:
        return LogIdentity(self.origin, (self.key,))

    def leaf(self, *, class_: str, number: int = 0, ct: str | None = None, commit: str | None = None, decision: str | None = None) -> bytes:
        def digest(value: str | None) -> bytes | None:
            return None if value is None else from_base64url(value)

        return leaf_bytes(
            class_=class_,
            t=SECONDS + number,
            id=UUID(int=EXCHANGE_ID.int + 1000 + number),
            actor=bytes([1]) * 32,
            context=bytes([2]) * 32,
            subject=bytes([3]) * 32,
            ct=digest(ct),
            pt_commit=digest(commit),
            decision=digest(decision),
            key_epoch=2027,
        )

    def checkpoint(self, size: int | None = None, *, private: Ed25519PrivateKey | None = None, root: bytes | None = None) -> str:
        size = len(self.entries) if size is None else size
        body = checkpoint_body(self.origin, size, root or rfc9162.mth(self.entries[:size]))
        signer = private or self.private
        key = VerifierKey(self.origin, ED25519, signer.public_key().public_bytes_raw())
        return note_with(body, [signature_line(key, signer.sign(body))])

    def append(self, entry: bytes, *, after: int = 3, since: int | None = None) -> dict[str, Any]:
        """Append the entry and some more, and give the members that prove it."""
        index = len(self.entries)
        self.entries += [entry, *(self.leaf(class_="load", number=100 + number) for number in range(after))]
        return self.proof(index, since=since)

    def proof(self, index: int, *, since: int | None = None) -> dict[str, Any]:
        path = tuple(map(to_base64url, rfc9162.path(index, self.entries)))
        continued = () if since is None else tuple(map(to_base64url, rfc9162.proof(since, self.entries)))
        entry, note = to_base64url(self.entries[index]), self.checkpoint()
        return proof_members(entry=entry, index=index, path=path, checkpoint=note, since=since, continued=continued)


class EncryptionPair:
    """An X-Wing key pair in raw form."""

    def __init__(self) -> None:
        mlkem, x25519 = MLKEM768PrivateKey.generate(), X25519PrivateKey.generate()
        self.private = MLKEM768X25519PrivateKey(mlkem, x25519)
        self.public_key = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
        self.kid = encryption_kid(self.public_key)

    def seal(self, plaintext: bytes, info: bytes) -> bytes:
        return HPKE.encrypt(plaintext, self.private.public_key(), info=info)

    def open(self, ciphertext: bytes, info: bytes) -> bytes:
        return HPKE.decrypt(ciphertext, self.private, info=info)


EVIDENCE = EnrollmentEvidence(
    receiving_organisation=ReceivingOrganisation(id="birch-elementary", kind="school", name="Birch Elementary"),
    kind="enrolled",
    entry_date=date(2026, 9, 1),
    grade="03",
    document=EvidenceDocument(type="registration-form", digest=digest_of(b"form")),
    parent_initiated=True,
    official=Official(role="registrar", pairwise_id="r-17", attested_at=NOW),
)
PERSON = PersonSelector(first_name="Ana", last_name="Núñez Ortega", birth_date=date(2018, 2, 3), state_student_id="900001")
RECORD = StudentRecord.model_validate(
    {
        "identity": {"birth_date": {"birth_date": "2018-02-03"}},
        "provenance": {"identity": {"originating_agency": "d-1", "source_system": "edfi", "as_of": "2026-09-01T00:00:00Z"}},
    }
)


@dataclass
class Exchange:
    """One exchange between both, with each message as it is built when nothing is wrong."""

    alder: Signer = field(default_factory=lambda: Signer(1))
    birch: Signer = field(default_factory=lambda: Signer(2))
    alder_log: MemoryLog = field(default_factory=lambda: MemoryLog("alder.example/log/2026", 3))
    birch_log: MemoryLog = field(default_factory=lambda: MemoryLog("birch.example/log/2026", 4))
    alder_keys: EncryptionPair = field(default_factory=EncryptionPair)
    birch_keys: EncryptionPair = field(default_factory=EncryptionPair)

    def __post_init__(self) -> None:
        self.selector = Selector(
            iss=BIRCH,
            aud=ALDER,
            exchange_id=EXCHANGE_ID,
            purpose="enrollment",
            basis="transfer",
            person=PERSON,
            sections=("identity", "enrollment"),
            evidence=EVIDENCE,
            subject_salt=to_base64url(SALT),
        )
        suite = MLKEM768_X25519.name
        info = selector_info(iss=BIRCH, aud=ALDER, exchange_id=EXCHANGE_ID, suite=suite, enc_kid=self.alder_keys.kid)
        sealed = to_base64url(self.alder_keys.seal(self.selector.plaintext(), info))
        self.request = Request(
            iss=BIRCH,
            aud=ALDER,
            jti=EXCHANGE_ID,
            iat=SECONDS,
            exp=SECONDS + 14 * 86_400,
            selector=SealedSelector(suite=suite, enc_kid=self.alder_keys.kid, ciphertext=sealed),
        )
        self.request_token = self.birch.sign(self.request)
        self.request_digest = digest_of(self.request_token.encode())

    def accepted(self, **changes: Any) -> Accepted:
        proof = self.alder_log.append(self.alder_log.leaf(class_="request", ct=self.request_digest))
        claims = {"iss": ALDER, "aud": BIRCH, "exchange_id": EXCHANGE_ID, "request_digest": self.request_digest, "iat": SECONDS}
        return Accepted(**{**claims, "exp": SECONDS + 3600, **proof, **changes})

    def sealed(self, *, kind: str = "package") -> tuple[Envelope, bytes]:
        """The envelope without its proof, and its ciphertext."""
        ids = {
            "iss": ALDER,
            "aud": BIRCH,
            "recipient_organisation": "birch-elementary",
            "exchange_id": EXCHANGE_ID,
            "envelope_id": ENVELOPE_ID,
            "request_digest": self.request_digest,
        }
        salted = {**ids, "pt_salt": to_base64url(SALT)}
        content: Content = NotProvided(**salted)
        if kind == "package":
            content = Package(**salted, manifest=Manifest(elements=RECORD.elements()), record=RECORD)
        elif kind == "perhaps":
            content = Perhaps(**salted)
        elif kind == "credentials":
            content = Credentials(**salted, credentials=("{}",))
        plaintext = content.plaintext()
        blank = Envelope(
            **ids,
            kind=kind,
            suite=MLKEM768_X25519.name,
            enc_kid=self.birch_keys.kid,
            ct_digest=digest_of(b""),
            pt_commit=pt_commit(salt=SALT, plaintext=plaintext),
            iat=SECONDS,
            exp=SECONDS + 14 * 86_400,
            trust_serial=1,
        )
        ciphertext = self.birch_keys.seal(plaintext, blank.info())
        return blank.model_copy(update={"ct_digest": digest_of(ciphertext)}), ciphertext

    def logged(self, envelope: Envelope, **proof: Any) -> Envelope:
        """The envelope with the proof that it was logged, or with parts of another proof."""
        class_, decision = ("request", None) if envelope.kind == "not-provided" else ("disclosure", digest_of(b"decision"))
        entry = self.alder_log.leaf(class_=class_, ct=envelope.ct_digest, commit=envelope.pt_commit, decision=decision)
        return envelope.model_copy(update={**self.alder_log.append(entry), **proof})

    def body(self, *, kind: str = "package") -> bytes:
        envelope, ciphertext = self.sealed(kind=kind)
        return envelope_body(self.alder.sign(self.logged(envelope)), ciphertext)

    @property
    def expected(self) -> ExpectedAnswer:
        return ExpectedAnswer(
            exchange_id=EXCHANGE_ID,
            request_digest=self.request_digest,
            recipient_organisation="birch-elementary",
            enc_kids={self.birch_keys.kid},
            suites={MLKEM768_X25519.name},
        )

    def receipt(self, envelope_token: str, envelope: Envelope, **changes: Any) -> Receipt:
        proof = self.birch_log.append(self.birch_log.leaf(class_="received", ct=envelope.ct_digest, commit=envelope.pt_commit))
        claims = {
            "iss": BIRCH,
            "aud": ALDER,
            "exchange_id": EXCHANGE_ID,
            "envelope_id": ENVELOPE_ID,
            "envelope_digest": digest_of(envelope_token.encode()),
            "request_digest": self.request_digest,
            "subject_commit": self.selector.subject_commit,
            "recipient_organisation": "birch-elementary",
            "outcome": "received",
            "redisclosure_notice_digest": REDISCLOSURE_NOTICE_DIGEST,
            "stored_at": SECONDS,
            "iat": SECONDS,
        }
        return Receipt(**{**claims, **proof, **changes})

    def sent(self, envelope_token: str, envelope: Envelope, **changes: Any) -> SentEnvelope:
        sent = SentEnvelope(
            exchange_id=EXCHANGE_ID,
            envelope_id=ENVELOPE_ID,
            envelope_digest=digest_of(envelope_token.encode()),
            request_digest=self.request_digest,
            subject_commit=self.selector.subject_commit,
            recipient_organisation="birch-elementary",
            ct_digest=envelope.ct_digest,
            pt_commit=envelope.pt_commit,
            redisclosure_notice_digest=REDISCLOSURE_NOTICE_DIGEST,
        )
        return replace(sent, **changes)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)
