"""Verifying a hand-carried copy offline: the file that the parent was given, JSON or PDF, and the code that is printed on the page."""

from pydantic import ValidationError

from safepassage.hand_carry import SignedHandCarry, verify_hand_carry
from safepassage.offline.evidence import Evidence
from safepassage.offline.keys import NamedKeys
from safepassage.problems.transfers import HandCarryAltered


def verify_hand_carry_document(data: bytes, *, keys: NamedKeys, scanned: str | None = None) -> Evidence:
    """What a copy shows. Raises HandCarryAltered, and what else `verify_hand_carry` raises."""
    try:
        signed = SignedHandCarry.model_validate_json(data)
    except ValidationError as error:
        raise HandCarryAltered("the file is no copy of a record") from error
    copy = verify_hand_carry(signed, signing_keys=keys.signing_keys_of, scanned=scanned)
    name = copy.record.identity.name if copy.record.identity else None
    whose = " ".join(part for part in (name.first, name.middle, name.last_1, name.last_2) if part) if name else "a student without a name"
    sections = [section for section, _ in copy.record.sections()]
    sentence = (
        f"UNOFFICIAL copy {copy.copy_id} of the record of {whose}, sealed by {copy.issuer} for {copy.custodian} at"
        f" {copy.issued_at.isoformat()}: {', '.join(sections)}. Nothing in the file was altered; compare it with what the page shows."
        " Ask for the official record at once."
    )
    facts = {
        "copy_id": str(copy.copy_id),
        "status": copy.status,
        "issuer": copy.issuer,
        "custodian": copy.custodian,
        "issued_at": copy.issued_at.isoformat(),
        "sections": sections,
        "record": copy.record.document(),
    }
    return Evidence(sentence, facts)
