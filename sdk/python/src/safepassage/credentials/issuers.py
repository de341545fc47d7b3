"""What a node is called as an issuer: `did:web` of its URL (W3C CCG did:web), and the document that everybody may read there."""

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from safepassage.canonical import json_object
from safepassage.compact import PublicKey, PublicKeys, public_jwk, public_key_of, thumbprint
from safepassage.credentials.multikey import multikey
from safepassage.problems.signatures import MalformedToken

DID_DOCUMENT_PATH: Final = "/.well-known/did.json"
_CONTEXTS: Final = ("https://www.w3.org/ns/cid/v1",)


def did_of(entity_id: str) -> str:
    """The issuer's id of a node. `https://alder.example` is `did:web:alder.example`; the colon before a port is `%3A`."""
    parts = urlsplit(entity_id)
    return ":".join(("did:web", parts.netloc.replace(":", "%3A"), *(part for part in parts.path.split("/") if part)))


def jwt_key_id(issuer: str, key: PublicKey) -> str:
    """What a JWT's `kid` calls a key of the issuer: its RFC 7638 thumbprint behind the issuer's id."""
    return f"{issuer}#{thumbprint(key)}"


def proof_key_id(issuer: str, key: Ed25519PublicKey) -> str:
    """What a proof's `verificationMethod` calls a key of the issuer."""
    return f"{issuer}#{multikey(key)}"


def did_document(issuer: str, keys: Iterable[Ed25519PublicKey]) -> dict[str, Any]:
    """The keys that sign an issuer's credentials, each as a Multikey and as a JWK (W3C Controlled Identifiers 1.0)."""
    methods: list[dict[str, Any]] = []
    for key in keys:
        in_multibase = {"id": proof_key_id(issuer, key), "type": "Multikey", "controller": issuer, "publicKeyMultibase": multikey(key)}
        as_jwk = {"id": jwt_key_id(issuer, key), "type": "JsonWebKey", "controller": issuer, "publicKeyJwk": _jwk(key)}
        methods += (in_multibase, as_jwk)
    named = [method["id"] for method in methods]
    return {"@context": list(_CONTEXTS), "id": issuer, "verificationMethod": methods, "assertionMethod": named}


def _jwk(key: Ed25519PublicKey) -> dict[str, str]:
    """Without `alg`: the key's own name for it is not the one that a JWT of a credential has."""
    return {name: member for name, member in public_jwk(key).items() if name not in ("alg", "use")}


def keys_of_document(data: bytes) -> tuple[str, PublicKeys]:
    """The issuer of such a document and the keys that it says make its assertions, by their thumbprints. Whoever got it vouches for it.

    Raises MalformedToken.
    """
    try:
        document = json_object(data)
        issuer, asserting = document["id"], document["assertionMethod"]
        methods = [one for one in document["verificationMethod"] if one["id"] in asserting and one["controller"] == issuer]
        keys = [public_key_of(one["publicKeyJwk"]) for one in methods if one["type"] == "JsonWebKey"]
    except (ValueError, KeyError, TypeError) as error:
        raise MalformedToken("the file is no DID document with JSON Web Keys") from error
    if not isinstance(issuer, str) or not keys:
        raise MalformedToken("the file is no DID document with JSON Web Keys")
    return issuer, {thumbprint(key): key for key in keys}
