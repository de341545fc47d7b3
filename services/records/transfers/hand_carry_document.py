"""A hand-carried copy as a document for the parent: the record in plain tables, the seal as a QR code. Pure but for the fonts."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import segno

from safepassage.elements import BY_ID
from safepassage.hand_carry import HandCarryCopy, SignedHandCarry
from services.records.transfers.typeset import Attached, typeset

_TEMPLATE: Final = Path(__file__).with_name("hand_carry.typ")


def hand_carry_document(copy: HandCarryCopy, signed: SignedHandCarry) -> bytes:
    """The PDF, with the signed copy as its file."""
    file = Attached("student-record.json", signed.model_dump_json(by_alias=True, exclude_none=True), "The sealed copy of the record")
    return typeset(_TEMPLATE.read_bytes(), words(copy), file, images={"code": code_of(signed.seal)})


def code_of(seal: str) -> str:
    """The QR code of a seal as SVG; it bears that 15 % of it cannot be read."""
    drawn = io.BytesIO()
    segno.make(seal, error="m", micro=False).save(drawn, kind="svg", xmldecl=False, border=4, nl=False)
    return drawn.getvalue().decode()


def words(copy: HandCarryCopy) -> dict[str, Any]:
    """Everything that the document says."""
    document = copy.record.document()
    whose = f"{copy.custodian}{f' (NCES {copy.custodian_nces_id})' if copy.custodian_nces_id else ''}"
    return {
        "title": "Student record: unofficial copy",
        "introduction": [
            copy.notice,
            f"Given by {whose} through {copy.issuer} on {copy.issued_at:%B} {copy.issued_at.day}, {copy.issued_at.year} (UTC). Copy"
            f" {copy.copy_id}.",
        ],
        "sections": [
            {"title": _spaced(name), "elements": [_element(name, member, value) for member, value in document[name].items()]}
            for name in document["provenance"]
        ],
        "statements_title": "Statements of disagreement",
        "statements": [
            f"About {', '.join(_title(target) for target in one['relates_to'])}, placed by the {one['placed_by'].replace('-', ' ')} on"
            f" {one['placed_on']}: {one['statement']}"
            for one in document.get("statements", ())
        ],
        "check_title": "How a school checks this copy",
        "check": [
            "The file inside this PDF is sealed by the node named above. Without a network:",
            "safepassage verify FILE --trust-list LIST --trust-digest DIGEST --statement NODE --seal TEXT-OF-THE-CODE",
            "The command says which part was altered, if one was, and prints what was sealed: compare it with this page. The code holds the"
            " seal's digests and signature, and nothing of the student.",
        ],
        "code_alt": "QR code of the seal",
        "footer": "Unofficial copy",
    }


def _element(section: str, member: str, value: Any) -> list[Any]:
    return [_title(f"{section}.{member}"), list(_lines(value))]


def _title(target: str) -> str:
    known = BY_ID.get(target)
    return _spaced(target) if known is None else known.title.partition(":")[0]


def _lines(value: Any) -> Iterator[str]:
    """One line for each thing; a list has a line for each of its members."""
    if isinstance(value, list):
        for one in value:
            yield _inline(one)
    else:
        yield _inline(value)


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        if "code" in value and set(value) <= {"system", "code", "description", "namespace"}:
            return str(value.get("description") or value["code"])
        return "; ".join(f"{_spaced(name).lower()}: {_inline(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(_inline(one) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _spaced(code: str) -> str:
    text = code.replace("_", " ").replace("-", " ").replace(".", ": ")
    return text[:1].upper() + text[1:]
