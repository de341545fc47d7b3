"""Look-up without names on disk: HMAC-SHA-256 tags over normalised forms, under a key that never leaves the records service.

Whoever takes the database sees which students share a tag (twins share surname and birth date; one in a thousand the bucket
of a birth date), and cannot turn one into a name without
the key; whoever takes the key too can test guesses, which is why it is a file of its own.
"""

from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from uuid import UUID

from safepassage.finding import bucket_of
from safepassage.record.identity import Identity, LegalName
from services.records.normalisation import given_name, identifier_form, surname_forms, words

TAG_BYTES = 16
_BLOCK_BYTES = 64
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


class KeyedDigest:
    """HMAC-SHA-256 (RFC 2104) under one key. Both hashes begin with the key, so each digest goes on from copies of those that have begun:
    a third of the time of `hmac.digest`, which looks for its hash each time.
    """

    def __init__(self, key: bytes) -> None:
        block = (sha256(key).digest() if len(key) > _BLOCK_BYTES else key).ljust(_BLOCK_BYTES, b"\0")
        self._inner, self._outer = sha256(block.translate(_INNER)), sha256(block.translate(_OUTER))

    def digest(self, message: bytes) -> bytes:
        """32 bytes."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()


class LookupTags:
    """Makes tags. Each kind of tag has its own domain, so that a tag of one can never equal one of another."""

    def __init__(self, key: bytes) -> None:
        self._keyed = KeyedDigest(key)

    def _tag(self, kind: str, *parts: str) -> bytes:
        return self._keyed.digest("\0".join((kind, *parts)).encode())[:TAG_BYTES]

    def source_id(self, organisation_id: UUID, source_system: str, source_id: str) -> bytes:
        """The id that a source system of an organisation gave: exact, it decides which student a load updates."""
        return self._tag("source-id", str(organisation_id), source_system, source_id)

    def source(self, organisation_id: UUID, source_system: str) -> bytes:
        """A source system of an organisation."""
        return self._tag("source", str(organisation_id), source_system)

    def pairwise(self, recipient_id: UUID, *words: str) -> UUID:
        """A recipient's own id of what has none here, a class say: the same words give the same id; another recipient has another."""
        return UUID(bytes=self._tag("pairwise", str(recipient_id), *words), version=4)

    def educator(self, organisation_id: UUID, system: str, value: str, name: str, birth_date: date) -> UUID:
        """An educator's id at this node, of all by which another agency has to know the educator: exact, but for case and accents."""
        said = (str(organisation_id), system.casefold(), value.casefold(), " ".join(words(name)), birth_date.isoformat())
        return UUID(bytes=self._tag("educator", *said), version=4)

    def content(self, content: bytes) -> bytes:
        """What was loaded: equal tags, equal content."""
        return self._keyed.digest(b"content\0" + content)[:TAG_BYTES]

    def as_read(self, content_tag: bytes, rests_on: bytes) -> bytes:
        """What reading a student rested on, beside what is held of the source: equal tags, and reading it again gives the same."""
        return self._keyed.digest(b"as-read\0" + content_tag + rests_on)[:TAG_BYTES]

    def kept(self, student_id: UUID, rows: bytes) -> bytes:
        """The rows that are kept of a student. Of another student the same rows have another tag."""
        return self._keyed.digest(b"kept\0" + student_id.bytes + rows)[:TAG_BYTES]

    def identifier(self, kind: str, system: str, value: str) -> bytes | None:
        """An identifier with the system that gave it; None if it carries no weight."""
        form = identifier_form(value)
        return None if form is None else self._tag("identifier", kind, system.casefold(), form)

    def state_identifier(self, value: str) -> bytes | None:
        """A state's id without its system: a family knows the number, not who keeps it."""
        form = identifier_form(value)
        return None if form is None else self._tag("state-identifier", form)

    def surname_and_birth(self, surname_form: str, birth_date: date) -> bytes:
        """One form of a surname with a date of birth."""
        return self._tag("surname-birth", surname_form, birth_date.isoformat())

    def given_and_birth(self, given_form: str, birth_date: date) -> bytes:
        """A given name with a date of birth: finds who changed the surname."""
        return self._tag("given-birth", given_form, birth_date.isoformat())

    def names_and_birth(self, first: str | None, last_1: str, last_2: str | None, *birth_dates: date) -> frozenset[bytes]:
        """Every tag of a name with each date of birth."""
        forms, given = surname_forms(last_1, last_2), given_name(first)
        tags = {self.surname_and_birth(form, day) for day in birth_dates for form in forms}
        return frozenset(tags if given is None else tags | {self.given_and_birth(given, day) for day in birth_dates})

    def birth_bucket(self, bucket: int) -> bytes:
        """Everybody whose birth date is in a bucket (safepassage.finding): whom another node may mean that names nobody."""
        return self._tag("birth-bucket", str(bucket))

    def finding_secret(self, exchange_id: UUID, salt: str) -> bytes:
        """32 bytes: the secret of one finding. The salt is in the request's sealed particulars alone; with them the secret is gone."""
        return self._keyed.digest("\0".join(("finding-secret", str(exchange_id), salt)).encode())

    def of_identity(self, identity: Identity | None) -> frozenset[bytes]:
        """Every tag by which a student can be found. Sealed names give none."""
        return frozenset(self._tags_of(identity)) if identity is not None else frozenset()

    def _tags_of(self, identity: Identity) -> Iterator[bytes]:
        for identifier in identity.identifiers or ():
            tags = [self.identifier(identifier.kind, identifier.system, identifier.value)]
            if identifier.kind == "state":
                tags.append(self.state_identifier(identifier.value))
            yield from (tag for tag in tags if tag is not None)
        if identity.birth_date is None:
            return
        yield self.birth_bucket(bucket_of(identity.birth_date.birth_date))
        for name in names_of(identity):
            yield from self.names_and_birth(name.first, name.last_1, name.last_2, identity.birth_date.birth_date)


def names_of(identity: Identity) -> Iterator[LegalName]:
    """The legal name, and the others that are not sealed, each completed from the legal one."""
    legal = identity.name
    if legal is not None:
        yield legal
    for other in identity.other_names or ():
        last = other.last or (legal.last_1 if legal is not None else None)
        if not other.sealed and last is not None:
            yield LegalName(first=other.first or (legal.first if legal is not None else None), last_1=last)
