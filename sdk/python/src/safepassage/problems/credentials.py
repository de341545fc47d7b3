"""Problems of credentials: Open Badges 3.0, Comprehensive Learner Record 2.0, and the lists that revoke them."""

from safepassage.problems.problem import SuiteError


class CredentialMalformed(SuiteError):
    """Not a verifiable credential of the data model 2.0 that the schemas of Open Badges 3.0 or CLR 2.0 allow."""

    code, status, title = "credential-malformed", 422, "Credential is malformed"
    remedy = "Ask its issuer for a credential of Open Badges 3.0 or CLR 2.0 as a JSON document with a Data Integrity proof, or as a JWT."


class UnknownContext(SuiteError):
    """The credential names a JSON-LD context that is not shipped with the verifier; none is ever fetched."""

    code, status, title = "unknown-context", 422, "Credential names an unknown context"
    remedy = "Ask its issuer for one with the contexts of credentials 2.0, Open Badges 3.0.3 and CLR 2.0.1 alone."


class MemberNotSigned(SuiteError):
    """A member of the credential has no meaning in its contexts, so that its signature does not cover it: anybody can have added it."""

    code, status, title = "member-not-signed", 422, "Signature does not cover a member"
    remedy = "Do not rely on the credential; ask its issuer for it again."


class CredentialIssuerNotTrusted(SuiteError):
    """No key is known that may speak for the credential's issuer, or another issuer was expected."""

    code, status, title = "credential-issuer-not-trusted", 422, "Issuer of the credential is not trusted"
    remedy = "Name the issuer's keys: its node's statement with the trust list, or the did.json that you got from it."


class CredentialNotValidNow(SuiteError):
    """Before the credential's `validFrom`, or at or after its `validUntil`."""

    code, status, title = "credential-not-valid-now", 422, "Credential is not valid at this time"
    remedy = "Ask the holder for one that is in force; check this machine's clock."


class CredentialRevoked(SuiteError):
    """The issuer's status list has revoked the credential."""

    code, status, title = "credential-revoked", 422, "Credential was revoked"
    remedy = "Do not rely on it; ask the holder, or its issuer, for the one that replaces it."


class StatusListNotObtained(SuiteError):
    """The credential can be revoked, and no status list of its issuer that is in force was given."""

    code, status, title = "status-list-not-obtained", 422, "Status list of the credential is missing"
    remedy = "Get the list from the URL that the credential names, and name its file with --status-list; a list is in force for a week."


class NoCredentialKey(SuiteError):
    """The node has no Ed25519 key: it lists the suite of FIPS algorithms alone, and its credentials are signed with EdDSA."""

    code, status, title = "no-credential-key", 501, "Node signs no credentials"
    remedy = "List a suite with Ed25519 beside the other (`exchange_suites`), and make its key with `safepassage-node keys`."


class CredentialNotPermitted(SuiteError):
    """The policies do not permit the disclosure that the credential would be."""

    code, status, title = "credential-not-permitted", 403, "Credential may not be given"
    remedy = "Read the reason: who may have it is a rights holder of the student, or a party that a written consent names."


class NoSuchCredential(SuiteError):
    """No credential with this id was issued for the caller's organisation or one below it."""

    code, status, title = "no-such-credential", 404, "No such credential"
    remedy = "Use the id of the answer that issued it; the district whose record it tells of revokes it."


class NoSuchStatusList(SuiteError):
    """The node has no status list with this number."""

    code, status, title = "no-such-status-list", 404, "No such status list"
    remedy = "Use the URL that the credential names."


class CredentialsUnavailable(SuiteError):
    """The libraries for credentials are not installed."""

    code, status, title = "credentials-unavailable", 501, "Credentials cannot be processed"
    remedy = "Install the package with its extra: safepassage[credentials]."


class NoSuchEducator(SuiteError):
    """This node keeps no credential of an educator with this id."""

    code, status, title = "no-such-educator", 404, "No such educator"
    remedy = "Use the educator_id that a search for the educator's credentials gives; without a birth date on record there is none."


class EducatorInExchange(SuiteError):
    """The educator's credentials are asked for, or on their way to or from another node, so they are not destroyed now."""

    code, status, title = "educator-in-exchange", 409, "Educator's credentials are in an exchange"
    remedy = "Wait until the exchange has ended, or withdraw it; destroy them then."
    retry = "after"
