"""Whether the second suite seals and opens as draft-ietf-hpke-pq publishes it: its one vector has just this KEM, KDF and AEAD."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import KEM

from safepassage.problems.exchanges import CiphertextUnopened
from safepassage.problems.messages import EncryptionKeyUnknown
from safepassage.suites import MLKEM1024_P384
from services.records.exchange.seals import PrivateKey, seal
from tests.sdk.vectors import vectors

SUITE = MLKEM1024_P384
VECTORS = vectors("mlkem1024_p384")["hpke"]["vectors"]


@pytest.mark.parametrize("vector", VECTORS)
def test_the_published_key_opens_what_is_sealed_with_the_published_secret(vector: dict[str, Any]) -> None:
    assert (vector["kdf_id"], vector["aead_id"]) == (SUITE.kdf_id, SUITE.aead_id)
    key = PrivateKey(bytes.fromhex(vector["skRm"]), suite=SUITE.name)
    assert key.public_bytes.hex() == vector["pkRm"]
    # Single-shot with no associated data: the published key and nonce make the ciphertext that only the published secret opens.
    sealed = AESGCM(bytes.fromhex(vector["key"])).encrypt(bytes.fromhex(vector["base_nonce"]), b"record", b"")
    whole, info = bytes.fromhex(vector["enc"]) + sealed, bytes.fromhex(vector["info"])
    assert key.open(whole, suite=SUITE.name, info=info) == b"record"
    with pytest.raises(CiphertextUnopened):
        key.open(whole, suite=SUITE.name, info=info + b"\0")


def test_the_registered_lengths_are_those_of_the_library() -> None:
    key = PrivateKey(bytes(32), suite=SUITE.name)
    assert len(key.public_bytes) == SUITE.public_key_bytes
    assert KEM.MLKEM1024_P384.enc_length() == SUITE.encapsulated_bytes
    assert len(seal(b"x" * 100, public_key=key.public_bytes, suite=SUITE, info=b"i")) == 100 + SUITE.overhead_bytes


def test_a_point_that_is_not_on_the_curve_is_no_key() -> None:
    public = PrivateKey(bytes(32), suite=SUITE.name).public_bytes
    with pytest.raises(EncryptionKeyUnknown):
        seal(b"", public_key=public[:-1] + bytes([public[-1] ^ 1]), suite=SUITE, info=b"")
