"""What a node is called as an issuer: `did:web` of its URL (W3C CCG did:web), and the document that everybody may read there."""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from safepassage.canonical import json_object
from safepassage.compact import PublicKey, public_jwk, public_key_of, thumbprint
from safepassage.credentials.multikey import from_multikey, multikey
from safepassage.credentials.rs256 import rsa_key_of
from safepassage.problems.signatures import MalformedToken

DID_DOCUMENT_PATH: Final = "/.well-known/did.json"
_CONTEXTS: Final = ("https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1", "https://w3id.org/security/jwk/v1")
"""The first has to be that of DID Core 1.0 (section 6.3.1): verifiers take a document that begins otherwise for no DID document."""

IssuerKey = PublicKey | RSAPublicKey
IssuerKeys = Mapping[str, IssuerKey]
"""Keys by the name that their issuer gives them. Each is used with its one algorithm: an RSA key with RS256, and for JWTs alone."""


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


def keys_of_document(data: bytes) -> tuple[str, IssuerKeys]:
    """The issuer of such a document and the keys that it says make its assertions, by the names that it gives them.

    A key is a Multikey or a JWK of Ed25519, or a JWK for RS256; those of other kinds are left. Whoever got the document vouches for it.

    Raises MalformedToken.
    """
    try:
        document = json_object(data)
        issuer = document["id"]
        methods = [*document.get("verificationMethod", ()), *document["assertionMethod"]]
        named = {_absolute(one["id"], issuer): one for one in methods if isinstance(one, Mapping) and one["controller"] == issuer}
        asserting = [_absolute(one["id"] if isinstance(one, Mapping) else one, issuer) for one in document["assertionMethod"]]
        found = {name: _key_of(named[name]) for name in asserting if name in named}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MalformedToken("the file is no DID document with keys") from error
    keys = {name: key for name, key in found.items() if key is not None}
    if not isinstance(issuer, str) or not keys:
        raise MalformedToken("of the keys in the DID document none is of Ed25519, or for RS256 with 2,048 to 8,192 bits")
    return issuer, keys


def key_called(name: str, *, issuer: str, keys: IssuerKeys) -> Ed25519PublicKey | None:
    """The issuer's key that a proof or a JWT calls so: as the issuer's own document does, or as a node calls each of its keys."""
    whole = _absolute(name, issuer)
    for known, key in keys.items():
        if isinstance(key, Ed25519PublicKey) and whole in (proof_key_id(issuer, key), jwt_key_id(issuer, key), known):
            return key
    return None


def rsa_key_called(name: str, *, issuer: str, keys: IssuerKeys) -> RSAPublicKey | None:
    """The issuer's key for RS256 that its own document calls so."""
    key = keys.get(_absolute(name, issuer))
    return key if isinstance(key, RSAPublicKey) else None


def _absolute(name: str, issuer: str) -> str:
    """A method's id may be relative to the document (DID Core 1.0, section 3.2.2)."""
    return issuer + name if name.startswith("#") else name


def _key_of(method: Mapping[str, Any]) -> IssuerKey | None:
    """None for a key of another kind. Raises ValueError, KeyError, MalformedToken."""
    if "publicKeyMultibase" in method:
        return from_multikey(method["publicKeyMultibase"])
    jwk = method.get("publicKeyJwk", {})
    if jwk.get("kty") == "RSA":
        return rsa_key_of(jwk)
    if (jwk.get("kty"), jwk.get("crv")) != ("OKP", "Ed25519"):
        return None
    return public_key_of({member: value for member, value in jwk.items() if member != "kid"})
