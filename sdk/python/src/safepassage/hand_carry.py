"""A copy of a student's record that a parent carries to the next school: unofficial, readable, and verified without a network.

The interstate compact for military children has the receiving school enrol and place a student on unofficial records, and ask for the
official ones at once (MIC3, Art. IV). A compact seal (sp-hand-carry+jws) of the node that holds the record covers the whole copy by its
digest, and each part by a short one, so that a verifier names what was altered. It fits in a QR code and tells nothing of the child:
the digests are salted, and the salt is in the copy.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from safepassage.canonical import canonical_json, digest_of_json, from_base64url, sha256, to_base64url
from safepassage.chain_messages import KeysOf
from safepassage.claims import EntityId, Message, NumericDate, verify_message
from safepassage.elements import BY_ID
from safepassage.problems.transfers import HandCarryAltered
from safepassage.record import StudentRecord
from safepassage.wire import Digest, Instant, Name, Text, Wire
from safepassage.wire_exchange import Sections
from safepassage.wire_policy import ActingFor

UNOFFICIAL: Final = (
    "This is an unofficial copy, given to a parent or eligible student to take to the receiving school. The receiving school enrols and"
    " places the student on it, and asks the school that gave it for the official record at once; that one is due within ten days of the"
    " request (Interstate Compact on Educational Opportunity for Military Children, Article IV; every State has its own text)."
)
_SHORT_BYTES: Final = 8
"""Of a part's digest. It only says what differs: whether anything does is said by the whole digest."""

PartName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,32}$")]
ShortDigest = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{11}$")]


MOST_NAMED: Final = 20
"""Elements that a notice names."""


def notice_of(in_part: Sequence[str]) -> str:
    """What a copy says at its head.

    in_part  elements of which the record says more than the node that gives the copy can read: less of them is in it
    """
    if not in_part:
        return UNOFFICIAL
    titles = [BY_ID[element].title.partition(":")[0] for element in in_part]
    more = f", and {len(titles) - MOST_NAMED} more" if len(titles) > MOST_NAMED else ""
    return (
        f"{UNOFFICIAL} It is not whole: the record came from a system of a later version, and what that said of the following was read in"
        f" part or not at all: {', '.join(titles[:MOST_NAMED])}{more}."
    )


class NewHandCarryCopy(Wire):
    """`POST /v1/students/{id}/hand-carry-copies`."""

    acting_for: ActingFor
    sections: Sections | None = None
    """All of them, if left out. No copy has a social security number or meal eligibility."""


class HandCarryCopy(Wire):
    """What the parent carries."""

    v: Literal[1] = 1
    status: Literal["unofficial"] = "unofficial"
    copy_id: UUID
    issuer: EntityId
    """The node whose agency keeps the record."""
    custodian: Name
    """The district that keeps it."""
    custodian_nces_id: Annotated[str, StringConstraints(max_length=12)] | None = None
    issued_at: Instant
    notice: Text = UNOFFICIAL
    record: StudentRecord
    salt: Digest


class HandCarrySeal(Message):
    """The seal, as the QR code has it."""

    TYPE: ClassVar[str] = "sp-hand-carry+jws"

    iss: EntityId
    copy_id: UUID
    iat: NumericDate
    digest: Digest
    """SHA-256 of the copy's canonical JSON."""
    parts: Annotated[dict[PartName, ShortDigest], Field(max_length=24)]
    """By part, the first 8 bytes of SHA-256(salt ‖ name ‖ 0x00 ‖ JCS of the part)."""


class SignedHandCarry(Wire):
    """A copy with its seal."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    copy_: Annotated[HandCarryCopy, Field(alias="copy", serialization_alias="copy")]
    seal: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+$", max_length=2400)]
    """sp-hand-carry+jws; the longest that a QR code of a letter page holds well."""


def seal_of(copy: HandCarryCopy) -> HandCarrySeal:
    """What the node signs of a copy."""
    document = _document(copy)
    return HandCarrySeal(
        iss=copy.issuer,
        copy_id=copy.copy_id,
        iat=int(copy.issued_at.timestamp()),
        digest=digest_of_json(document),
        parts=_parts(document, from_base64url(copy.salt)),
    )


def verify_hand_carry(signed: SignedHandCarry, *, signing_keys: KeysOf, scanned: str | None = None) -> HandCarryCopy:
    """The copy, once it is shown to be what its issuer sealed.

    signing_keys  by entity id, the keys that signed a node's messages then
    scanned       the text of the QR code on the page, which has to be of this very copy

    Raises what `verify_message` raises; HandCarryAltered, whose `detail` names the parts that differ.
    """
    copy = signed.copy_
    seal = verify_message(signed.seal, kind=HandCarrySeal, keys=signing_keys(copy.issuer)).message
    if scanned is not None and scanned.strip() != signed.seal:
        raise HandCarryAltered("the page's code is of another copy")
    made = seal_of(copy)
    if made != seal:
        names = sorted(name for name in {*made.parts, *seal.parts} if made.parts.get(name) != seal.parts.get(name))
        raise HandCarryAltered(f"what differs: {', '.join(names) or 'what says whose copy it is and when it was given'}")
    return copy


def _document(copy: HandCarryCopy) -> dict[str, Any]:
    return copy.model_dump(mode="json", exclude_none=True)


def _parts(document: Mapping[str, Any], salt: bytes) -> dict[str, str]:
    """Each section with its provenance, the statements, and what is left."""
    record = document["record"]
    provenance = record["provenance"]
    parts: dict[str, Any] = {name: {"content": record[name], "provenance": origin} for name, origin in provenance.items()}
    parts["statements"] = record.get("statements", [])
    parts["heading"] = {name: value for name, value in document.items() if name not in ("record", "salt")}
    return {name: _short(salt, name, part) for name, part in parts.items()}


def _short(salt: bytes, name: str, part: Any) -> str:
    return to_base64url(sha256(salt + name.encode() + b"\x00" + canonical_json(part))[:_SHORT_BYTES])
