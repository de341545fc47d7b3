"""The vectors of the standards: W3C's for the suite, 1EdTech's credentials with their proofs."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from safepassage.compact import PublicKeys, thumbprint
from safepassage.credentials.conformance import require_conforming
from safepassage.credentials.data_integrity import signed_hash
from safepassage.credentials.linked_data import canonical_nquads
from safepassage.credentials.multikey import from_multibase, multikey, to_multibase
from safepassage.credentials.status_list import StatusEntry, entry_of, require_not_revoked
from safepassage.credentials.verification import verify_credential
from safepassage.problems.credentials import CredentialMalformed, CredentialNotValidNow, CredentialRevoked, StatusListNotObtained
from tests.sdk.vectors import vectors

W3C, OF_1EDTECH = vectors("credentials")["w3c"], vectors("credentials")["1edtech"]
EXAMPLES = {"https://www.w3.org/ns/credentials/examples/v2": W3C["examples_context"]}
NOW = datetime(2026, 9, 1, tzinfo=UTC)


def parts() -> tuple[dict[str, Any], dict[str, Any]]:
    """Document and options of W3C's credential."""
    document = dict(W3C["signed"])
    options = dict(document.pop("proof"))
    options.pop("proofValue")
    return document, options


@pytest.mark.requirement("VC-data-integrity")
def test_the_hashes_and_the_signature_are_those_that_w3c_published() -> None:
    document, options = parts()
    assert canonical_nquads(document, further=EXAMPLES).decode() == W3C["canonical"]
    hashed = signed_hash(document, options, further=EXAMPLES)
    assert hashed.hex() == W3C["proof_hash"] + W3C["document_hash"]
    private = Ed25519PrivateKey.from_private_bytes(from_multibase(W3C["private_key_multibase"])[2:])
    assert multikey(private.public_key()) == W3C["public_key_multibase"]
    assert to_multibase(private.sign(hashed)) == W3C["signed"]["proof"]["proofValue"]


def keys_of(issuer: str) -> PublicKeys:
    """The keys that 1EdTech's proofs name."""
    del issuer
    named = {"z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi", "z6MkvREVgsHx7Ppae68vCoByy73ZD4aMSJiPML2cryVL8JAx"}
    keys = [Ed25519PublicKey.from_public_bytes(from_multibase(one)[2:]) for one in named]
    return {thumbprint(key): key for key in keys}


def verify(name: str, *, lists: dict[str, bytes] | None = None) -> Any:
    return verify_credential(json.dumps(OF_1EDTECH[name]).encode(), keys_of=keys_of, status_list_of=(lists or {}).get, now=NOW)


@pytest.mark.requirement("VC-data-integrity")
def test_an_open_badge_and_a_learner_record_of_1edtech_verify() -> None:
    assert verify("ob30/simple.json").issuer == "https://example.com/issuers/876543"
    record = verify("clr20/simple.json")
    assert [part.issuer for part in record.parts] == ["https://example.com/issuers/876543"]


@pytest.mark.parametrize("name", ["clr20/simple.json", "ob30/simple.json", "ob30/complete.json"])
def test_what_1edtech_publishes_has_the_form_that_its_schemas_ask_for(name: str) -> None:
    require_conforming(OF_1EDTECH[name])


def told_more(place: str, member: str) -> dict[str, Any]:
    """The complete badge, with a member more of an endorsement or of an achievement that is related."""
    document: dict[str, Any] = deepcopy(OF_1EDTECH["ob30/complete.json"])
    if place == "endorsement":
        document["endorsement"][0][member] = "2026-08-01T00:00:00Z"
    else:
        document["credentialSubject"]["achievement"]["related"] = [{"id": "urn:uuid:1", "type": ["Related"], member: "en-US"}]
    return document


@pytest.mark.parametrize(("place", "member"), [("endorsement", "description"), ("endorsement", "awardedDate"), ("related", "inLanguage")])
def test_what_the_context_of_2_0_has_more_than_the_schemas_is_taken_and_nothing_else(place: str, member: str) -> None:
    require_conforming(told_more(place, member))
    with pytest.raises(CredentialMalformed):
        require_conforming(told_more(place, "shoeSize"))


def test_what_1edtech_publishes_as_bad_is_refused() -> None:
    with pytest.raises(CredentialNotValidNow):
        verify("ob30/simple-err-expired.json")
    revoked = OF_1EDTECH["ob30/bit-string-list/credential-status-revoked.json"]
    url = revoked["credentialStatus"]["statusListCredential"]
    with pytest.raises(StatusListNotObtained):
        verify("ob30/bit-string-list/credential-status-revoked.json")
    # Their list says another id than the URL that it is at, so it is not the one that the credential names.
    listed = OF_1EDTECH["ob30/bit-string-list/testlist"]
    with pytest.raises(StatusListNotObtained):
        verify("ob30/bit-string-list/credential-status-revoked.json", lists={url: json.dumps(listed).encode()})


def test_the_bits_of_1edtechs_list_are_read_as_they_mean_them() -> None:
    from_list = OF_1EDTECH["ob30/bit-string-list/testlist"]["credentialSubject"]["encodedList"]
    entry = entry_of(OF_1EDTECH["ob30/bit-string-list/credential-status-revoked.json"])
    assert entry is not None
    same_list = {**OF_1EDTECH["ob30/bit-string-list/testlist"], "id": entry.url}
    assert from_list.startswith("u")
    with pytest.raises(CredentialRevoked):
        require_not_revoked(entry, same_list)
    require_not_revoked(StatusEntry(entry.url, entry.index + 1), same_list)


def test_a_status_of_a_kind_that_is_not_known_is_not_believed() -> None:
    with pytest.raises(CredentialMalformed) as found:
        entry_of(OF_1EDTECH["ob30/complete.json"])
    assert found.value.field == "credentialStatus"
