"""Data Integrity proofs with the suite eddsa-rdfc-2022 (W3C Data Integrity EdDSA Cryptosuites 1.0, section 3.2).

Who signs is asked for a signature over 64 bytes, SHA-256 of the proof's options and of the document: no private key is here.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from cryptography.exceptions import InvalidSignature
from pydantic import StringConstraints, ValidationError

from safepassage.canonical import sha256
from safepassage.credentials.issuers import IssuerKeys, key_called
from safepassage.credentials.linked_data import canonical_nquads
from safepassage.credentials.multikey import from_multibase, to_multibase
from safepassage.problems.credentials import CredentialIssuerNotTrusted, CredentialMalformed
from safepassage.problems.signatures import BadSignature
from safepassage.wire import Wire

CRYPTOSUITE: Final = "eddsa-rdfc-2022"

Sign = Callable[[bytes], bytes]
"""An Ed25519 signature, 64 bytes, by the key that the verification method names."""

_Text = Annotated[str, StringConstraints(min_length=1, max_length=400)]


class Proof(Wire):
    """A proof of that suite. One with other members (a challenge, a domain, a chain) is for a use that there is none of here."""

    type: Literal["DataIntegrityProof"]
    cryptosuite: Literal["eddsa-rdfc-2022"]
    created: _Text | None = None
    verificationMethod: _Text  # noqa: N815 the standard's name
    proofPurpose: Literal["assertionMethod"]  # noqa: N815 the standard's name
    proofValue: _Text  # noqa: N815 the standard's name


def with_proof(document: Mapping[str, Any], *, verification_method: str, created: datetime, sign: Sign) -> dict[str, Any]:
    """The document, which has none yet, with its proof. Raises what `canonical_nquads` raises."""
    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": CRYPTOSUITE,
        "created": f"{created:%Y-%m-%dT%H:%M:%SZ}",
        "verificationMethod": verification_method,
        "proofPurpose": "assertionMethod",
    }
    return {**document, "proof": {**proof, "proofValue": to_multibase(sign(signed_hash(document, proof)))}}


def signed_hash(document: Mapping[str, Any], options: Mapping[str, Any], *, further: Mapping[str, Any] = MappingProxyType({})) -> bytes:
    """The 64 bytes that are signed: SHA-256 of the options (the proof without its value), then of the document without its proof.

    further  as for `canonical_nquads`
    """
    configuration = {"@context": document.get("@context"), **options}
    return sha256(canonical_nquads(configuration, further=further)) + sha256(canonical_nquads(document, further=further))


def verify_proof(credential: Mapping[str, Any], *, issuer: str, keys: IssuerKeys) -> dict[str, Any]:
    """Check a credential's proof by one of its issuer's keys, and give the credential without it.

    Of several proofs the first of this suite counts (Open Badges 3.0: a verifier may use any one).

    Raises CredentialMalformed, CredentialIssuerNotTrusted, BadSignature, and what `canonical_nquads` raises.
    """
    proof = _proof_of(credential)
    key = key_called(proof.verificationMethod, issuer=issuer, keys=keys)
    if key is None:
        raise CredentialIssuerNotTrusted
    document = {name: member for name, member in credential.items() if name != "proof"}
    try:
        signature = from_multibase(proof.proofValue)
    except ValueError as error:
        raise CredentialMalformed("proofValue is not base58btc", field="proof") from error
    try:
        key.verify(signature, signed_hash(document, proof.model_dump(exclude={"proofValue"}, exclude_none=True)))
    except InvalidSignature as error:
        raise BadSignature("the credential was altered, or signed with another key") from error
    return document


def _proof_of(credential: Mapping[str, Any]) -> Proof:
    given = credential.get("proof")
    proofs = given if isinstance(given, list) else [given]
    found = next((one for one in proofs if isinstance(one, Mapping) and one.get("cryptosuite") == CRYPTOSUITE), None)
    try:
        return Proof.model_validate(found)
    except ValidationError as error:
        raise CredentialMalformed(f"no proof of the suite {CRYPTOSUITE} alone", field="proof") from error
