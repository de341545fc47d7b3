"""The key of a receiving organisation, by vectors: its name, and how a selector and a refusal say it."""

import pytest
from pydantic import ValidationError

from safepassage.canonical import canonical_json, digest_of, from_base64url, to_base64url
from safepassage.recipient_key import RecipientKey
from safepassage.refusal import MAX_LENGTH, Refusal
from safepassage.request import Selector
from safepassage.suites import MLKEM768_X25519, MLKEM1024_P384
from services.records.exchange.seals import PrivateKey
from tests.sdk.vectors import vectors

VECTOR = vectors("recipient_key")


def test_the_key_its_name_and_what_says_it_are_built_as_the_vectors_stand() -> None:
    private = PrivateKey(bytes.fromhex(VECTOR["seed"]))
    key = RecipientKey(suite=MLKEM768_X25519.name, public_key=to_base64url(private.public_bytes))
    assert key.model_dump(mode="json") == VECTOR["key"]
    assert key.kid == VECTOR["kid"]
    selector = Selector.model_validate_json(
        canonical_json({**vectors("educators")["selector"]["json"], "answer_key": VECTOR["key"]}), strict=True
    )
    assert selector.answer_key == key
    assert digest_of(selector.plaintext()) == VECTOR["selector_plaintext_sha256"]
    refusal = Refusal.model_validate_json(canonical_json(VECTOR["refusal"]), strict=True)
    assert refusal.answer_key == key
    assert refusal.claims() == VECTOR["refusal"]


def test_a_refusal_that_names_no_key_has_no_such_member() -> None:
    """Nodes of the version before read it: its members are closed."""
    said = {name: value for name, value in VECTOR["refusal"].items() if name != "answer_key"}
    assert Refusal.model_validate(said).claims() == said


def test_a_refusal_with_the_longest_key_is_no_longer_than_a_refusal_may_be() -> None:
    key = RecipientKey(suite=MLKEM1024_P384.name, public_key=to_base64url(bytes(MLKEM1024_P384.public_key_bytes)))
    said = canonical_json(
        {**VECTOR["refusal"], "iss": "https://" + "a" * 190, "aud": "https://" + "b" * 190, "answer_key": key.model_dump()}
    )
    assert len(to_base64url(said)) + 500 < MAX_LENGTH


@pytest.mark.parametrize("suite", [MLKEM768_X25519.name, MLKEM1024_P384.name])
def test_a_key_has_the_length_of_its_suite(suite: str) -> None:
    with pytest.raises(ValidationError):
        RecipientKey(suite=suite, public_key=to_base64url(from_base64url(VECTOR["key"]["public_key"])[1:]))
