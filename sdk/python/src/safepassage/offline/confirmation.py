"""Verifying the confirmation of a transfer offline: the JSON that a node answered, or the PDF that carries it."""

from pydantic import ValidationError

from safepassage.offline.evidence import Evidence
from safepassage.offline.keys import NamedKeys
from safepassage.problems.transfers import TransferNotConfirmed
from safepassage.transfer_confirmation import SignedConfirmation, verify_confirmation


def verify_confirmation_document(data: bytes, *, keys: NamedKeys) -> Evidence:
    """What a confirmation shows. Raises TransferNotConfirmed, and what else `verify_confirmation` raises."""
    try:
        signed = SignedConfirmation.model_validate_json(data)
    except ValidationError as error:
        raise TransferNotConfirmed("the file is no confirmation") from error
    told = verify_confirmation(signed, signing_keys=keys.signing_keys_of, logs=keys.logs)
    person = told.person
    name = " ".join(part for part in (person.first_name, person.middle_name, person.last_name) if part)
    since = f"is enrolled there since {told.enrolled_on}" if told.confirmed == "enrolled" else "has its record filed there"
    sentence = (
        f"{told.receiving_node} has signed and logged that {name}, born {person.birth_date}, {since}: organization"
        f" {told.recipient_organisation} of that node, by the name {told.recipient.name} as {told.sending_node} says."
        f" The record was filed at {told.record_filed_at.isoformat()}. Exchange {told.exchange_id}."
    )
    facts = {
        "exchange_id": str(told.exchange_id),
        "confirmed": told.confirmed,
        "enrolled_on": None if told.enrolled_on is None else told.enrolled_on.isoformat(),
        "recipient_organisation": told.recipient_organisation,
        "receiving_node": told.receiving_node,
        "sending_node": told.sending_node,
        "person": person.model_dump(mode="json", exclude_none=True),
    }
    return Evidence(sentence, facts)
