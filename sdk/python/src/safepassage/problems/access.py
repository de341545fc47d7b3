"""Problems at the node's door: tokens, proofs of possession, paths, clients and organisations."""

from safepassage.problems.problem import SuiteError


class AccessTokenNotValid(SuiteError):
    """The access token is not one of this node, is past its time, or was taken back."""

    code, status, title = "access-token-not-valid", 401, "Access token is not valid"
    remedy = "Get a new access token from the token endpoint, and send it as `Authorization: DPoP <token>`."


class ProofNotValid(SuiteError):
    """The DPoP proof does not prove that this request was made by the key that the token is bound to (RFC 9449)."""

    code, status, title = "proof-not-valid", 401, "Proof of possession is not valid"
    remedy = "Make a new proof for each request: htm, htu, iat, a new jti, ath of the token, signed with the key the token is bound to."


class ProofUsedBefore(ProofNotValid):
    """A proof counts once."""

    code, status, title = "proof-used-before", 401, "Proof of possession was used before"
    remedy = "Make a new proof, with a new jti, for each request and each retry."


class ProofNonceRequired(SuiteError):
    """The proof has to hold the nonce of the DPoP-Nonce header of this answer."""

    code, status, title = "proof-nonce-required", 401, "Proof of possession needs the server's nonce"
    remedy = "Put the value of the DPoP-Nonce header into the proof's `nonce` and send the request again."
    retry = "after"


class PathNotAllowed(SuiteError):
    """The path has a part that no path of this node has: an encoded slash, dots, an empty segment, a control character."""

    code, status, title = "path-not-allowed", 400, "Path is not allowed"
    remedy = "Send the path as the OpenAPI document has it, with ids percent-encoded only where they must be."


class HeadersTooLarge(SuiteError):
    """More header than the operation takes (4 to 24 KiB, 32 or 64 fields), or than any does (32 KiB, 100 fields)."""

    code, status, title = "headers-too-large", 431, "Header is too large"
    remedy = "Send fewer and shorter header fields; the OpenAPI document names each operation's limit."


class MalformedRequest(SuiteError):
    """Not the HTTP that this node speaks: no Host or two, a field twice that may come once, two ways to say where the body ends."""

    code, status, title = "malformed-request", 400, "HTTP request is malformed"
    remedy = "Send one Host, at most one Authorization and DPoP, and either Content-Length or Transfer-Encoding."


class MisdirectedRequest(SuiteError):
    """The request asks for a host that is not this node (RFC 9110 section 15.5.20)."""

    code, status, title = "misdirected-request", 421, "This node has another name"
    remedy = "Send the request to the node's own URL, its entity id, with that name as Host."


class EncodingNotTaken(SuiteError):
    """A body is not taken in this coding; in most places in none."""

    code, status, title = "encoding-not-taken", 415, "Content encoding is not taken"
    remedy = "Send the body without Content-Encoding."


class OrganisationNotCoherent(SuiteError):
    """The organisation's kind, parent and identifiers do not go together; `field` names the one at fault."""

    code, status, title = "organisation-not-coherent", 422, "Organization is not coherent"
    remedy = "A school has a district, a district the state agency as its parent, others none; a peer has an entity id, no one else."


class OrganisationTaken(SuiteError):
    """Another organisation of this node has the same identifier."""

    code, status, title = "organisation-taken", 409, "Identifier belongs to another organization"
    remedy = "Look for the organization with this identifier and change that one."


class ClientKeyNotUsable(SuiteError):
    """A key that cannot be used to verify this client's signatures."""

    code, status, title = "client-key-not-usable", 422, "Client key cannot be used"
    remedy = "Register public keys only: Ed25519, P-256 (ES256) or RSA of 2,048 to 4,096 bits (PS256), each under a kid of its own."


class PartySuspended(SuiteError):
    """A privacy officer has suspended the party: none of its clients is let in."""

    code, status, title = "party-suspended", 409, "Party is suspended"
    remedy = "Lift the suspension, on the console's page of one of the party's agreements; its clients then come in again."


class SecretsHeld(SuiteError):
    """The client has two secrets already: one is removed before another is made."""

    code, status, title = "secrets-held", 409, "Two secrets are held"
    remedy = "Remove the secret that is no longer used, then make a new one."


class ScopeNotGrantable(SuiteError):
    """The scope does not exist, or this organisation's kind or the one who registers may not have it."""

    code, status, title = "scope-not-grantable", 422, "Scope cannot be granted"
    remedy = "Choose of the scopes in the metadata those that this kind of organization may have; grant only what you may grant."
