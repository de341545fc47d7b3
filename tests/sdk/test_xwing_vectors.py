"""Whether `cryptography` does X-Wing and HPKE as the drafts publish them. Its public interface seals and opens in one go and never shows a
shared secret; so the test builds, from the published secret, the one ciphertext that opens only if decapsulation gives that secret."""

import hashlib
import hmac
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey, Suite

from safepassage.suites import MLKEM768_X25519
from tests.sdk.vectors import vectors

KEM_ID = 0x647A
KDFS = {0x0001: KDF.HKDF_SHA256, 0x0011: KDF.SHAKE256}
AEADS = {0x0002: AEAD.AES_256_GCM, 0x0003: AEAD.CHACHA20_POLY1305}
CIPHERS: dict[int, Any] = {0x0002: AESGCM, 0x0003: ChaCha20Poly1305}
XWING = vectors("xwing")["xwing"]["vectors"]
HPKE_PQ = vectors("xwing")["hpke"]["vectors"]


def expanded(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    """draft-connolly-cfrg-xwing-kem, expandDecapsulationKey: SHAKE256 of the seed, 64 bytes for ML-KEM-768 and 32 for X25519."""
    stream = hashlib.shake_256(seed).digest(96)
    return MLKEM768PrivateKey.from_seed_bytes(stream[:64]), X25519PrivateKey.from_private_bytes(stream[64:])


def public_bytes(seed: bytes) -> bytes:
    mlkem, x25519 = expanded(seed)
    return mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()


def schedule(kdf_id: int, aead_id: int, secret: bytes, info: bytes) -> tuple[bytes, bytes]:
    """Key and nonce of base mode: RFC 9180 section 5.1, and draft-ietf-hpke-hpke section 5.1 for KDFs of one stage."""
    suite_id = b"HPKE" + b"".join(number.to_bytes(2, "big") for number in (KEM_ID, kdf_id, aead_id))
    if kdf_id == 0x0011:

        def prefixed(data: bytes) -> bytes:
            return len(data).to_bytes(2, "big") + data

        length = 32 + 12 + 64
        labelled = prefixed(b"") + prefixed(secret) + b"HPKE-v1" + suite_id + prefixed(b"secret") + length.to_bytes(2, "big")
        derived = hashlib.shake_256(labelled + b"\x00" + prefixed(b"") + prefixed(info)).digest(length)
        return derived[:32], derived[32:44]

    def extract(salt: bytes, label: bytes, ikm: bytes) -> bytes:
        return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite_id + label + ikm, "sha256")

    def expand(key: bytes, label: bytes, context: bytes, length: int) -> bytes:
        return hmac.digest(key, length.to_bytes(2, "big") + b"HPKE-v1" + suite_id + label + context + b"\x01", "sha256")[:length]

    context = b"\x00" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    root = extract(secret, b"secret", b"")
    return expand(root, b"key", context, 32), expand(root, b"base_nonce", context, 12)


@pytest.mark.parametrize("vector", XWING)
def test_public_keys_are_the_published_ones(vector: dict[str, str]) -> None:
    assert public_bytes(bytes.fromhex(vector["seed"])).hex() == vector["pk"]
    assert len(bytes.fromhex(vector["pk"])) == MLKEM768_X25519.public_key_bytes
    assert len(bytes.fromhex(vector["ct"])) == MLKEM768_X25519.encapsulated_bytes


@pytest.mark.parametrize("vector", XWING)
@pytest.mark.parametrize("kdf_id", KDFS)
@pytest.mark.parametrize("aead_id", AEADS)
def test_decapsulation_gives_the_published_secret(vector: dict[str, str], kdf_id: int, aead_id: int) -> None:
    suite = Suite(KEM.MLKEM768_X25519, KDFS[kdf_id], AEADS[aead_id])
    private = MLKEM768X25519PrivateKey(*expanded(bytes.fromhex(vector["seed"])))
    ct, secret, info = bytes.fromhex(vector["ct"]), bytes.fromhex(vector["ss"]), b"safepassage"
    key, nonce = schedule(kdf_id, aead_id, secret, info)
    assert suite.decrypt(ct + CIPHERS[aead_id](key).encrypt(nonce, b"record", b""), private, info=info) == b"record"
    key, nonce = schedule(kdf_id, aead_id, bytes([secret[0] ^ 1]) + secret[1:], info)
    with pytest.raises(InvalidTag):
        suite.decrypt(ct + CIPHERS[aead_id](key).encrypt(nonce, b"record", b""), private, info=info)


@pytest.mark.parametrize("vector", HPKE_PQ)
def test_hpke_with_this_kem_derives_the_published_key_and_nonce(vector: dict[str, Any]) -> None:
    info, key, nonce = (bytes.fromhex(vector[name]) for name in ("info", "key", "base_nonce"))
    assert schedule(vector["kdf_id"], vector["aead_id"], bytes.fromhex(vector["shared_secret"]), info) == (key, nonce)
    suite = Suite(KEM.MLKEM768_X25519, KDFS[vector["kdf_id"]], AEADS[vector["aead_id"]])
    private = MLKEM768X25519PrivateKey(*expanded(bytes.fromhex(vector["skRm"])))
    assert public_bytes(bytes.fromhex(vector["skRm"])).hex() == vector["pkRm"]
    sealed = bytes.fromhex(vector["enc"]) + CIPHERS[vector["aead_id"]](key).encrypt(nonce, b"record", b"")
    assert suite.decrypt(sealed, private, info=info) == b"record"


def test_the_registered_suite_is_what_seals() -> None:
    """Ids, lengths and overhead of the registry against what the library makes."""
    assert (MLKEM768_X25519.kem_id, MLKEM768_X25519.kdf_id, MLKEM768_X25519.aead_id) == (KEM_ID, 0x0011, 0x0002)
    public = public_bytes(bytes(32))
    rebuilt = MLKEM768X25519PublicKey(MLKEM768PublicKey.from_public_bytes(public[:1184]), X25519PublicKey.from_public_bytes(public[1184:]))
    sealed = Suite(KEM.MLKEM768_X25519, KDF.SHAKE256, AEAD.AES_256_GCM).encrypt(b"x" * 100, rebuilt, info=b"i")
    assert len(sealed) == 100 + MLKEM768_X25519.overhead_bytes
    assert KEM.MLKEM768_X25519.enc_length() == MLKEM768_X25519.encapsulated_bytes
