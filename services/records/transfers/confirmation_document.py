"""The confirmation of a transfer as a page to print, with the signed confirmation attached to the file. Pure but for the fonts."""

from datetime import date
from pathlib import Path
from typing import Any, Final

from safepassage.transfer_confirmation import SignedConfirmation, TransferConfirmation
from services.records.transfers.typeset import Attached, typeset

_TEMPLATE: Final = Path(__file__).with_name("confirmation.typ")


def confirmation_document(signed: SignedConfirmation) -> bytes:
    """The PDF."""
    file = Attached("transfer-confirmation.json", signed.model_dump_json(by_alias=True, exclude_none=True), "The signed confirmation")
    return typeset(_TEMPLATE.read_bytes(), words(signed.confirmation), file)


def words(told: TransferConfirmation) -> dict[str, Any]:
    """Everything that the page says."""
    person = told.person
    name = " ".join(part for part in (person.first_name, person.middle_name, person.last_name) if part)
    enrolled = told.confirmed == "enrolled" and told.enrolled_on is not None
    facts = [
        ("Student", name),
        ("Born", _long(person.birth_date)),
        ("Id given by the state left", person.state_student_id or ""),
        ("Enrolled at", f"{told.recipient.name}{f' (NCES {told.recipient.nces_id})' if told.recipient.nces_id else ''}"),
        ("Since", _long(told.enrolled_on) if told.enrolled_on is not None else ""),
        ("Record received and filed there on", f"{_long(told.record_filed_at.date())} (UTC)"),
        ("Receiving state's node", told.receiving_node),
        ("Sending state's node", told.sending_node),
        ("Exchange", str(told.exchange_id)),
    ]
    return {
        "title": "Confirmation of a transfer to another state",
        "introduction": [
            "The receiving school or district has confirmed, over the signature of its state agency's node, that the student named here is"
            " enrolled there."
            if enrolled
            else "The receiving school or district has asked for this student's record, has received it and has filed it as its student's."
            " An official's word on the first day there is not on record.",
            "A district that removes a student from a graduation-rate cohort as transferred needs documentation of the transfer from the"
            " receiving school (34 CFR 200.34(b)(3); 20 U.S.C. 7801(25)(C)).",
        ],
        "facts": [[label, text] for label, text in facts if text],
        "check_title": "How to check this page",
        "check": [
            "This file carries the signed messages of both nodes and their entries in both audit logs. Anyone can check them offline:",
            "safepassage verify FILE --trust-list LIST --trust-digest DIGEST --statement NODE (of both nodes)",
            "The printed page alone proves nothing: compare it with what the command says.",
        ],
        "footer": f"Assembled on {_long(told.assembled_at.date())} (UTC)",
    }


def _long(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"
