"""Problems of signed messages and keys."""

from safepassage.problems.problem import SuiteError


class MalformedToken(SuiteError):
    """Not a signed message of the documented form."""

    code, status, title = "malformed-token", 400, "Signed message is malformed"
    remedy = "Build the message as docs/wire.md says: alg, kid and typ in its header and nothing else, and the members of its type alone."


class UnexpectedType(SuiteError):
    """A signed message of another type than this place takes."""

    code, status, title = "unexpected-type", 400, "Signed message has another type"
    remedy = "Send the message type that the operation names."


class UnknownKey(SuiteError):
    """The message names a key that is not (or no longer) known here."""

    code, status, title = "unknown-key", 401, "Signing key is not known"
    remedy = "Sign with a current key of your published statement; if it is new, publish it first."


class BadSignature(SuiteError):
    """The signature does not fit the message and the key it names."""

    code, status, title = "bad-signature", 401, "Signature is not valid"
    remedy = "Sign the exact bytes that are sent, with the key that the header names."


class TokenExpired(SuiteError):
    """The token's lifetime is over, or not begun."""

    code, status, title = "token-expired", 401, "Token is not within its lifetime"
    remedy = "Get or make a new one; check this machine's clock."


class WrongAudience(SuiteError):
    """The message is addressed to somebody else."""

    code, status, title = "wrong-audience", 401, "Addressed to another audience"
    remedy = "Send it to the party that its audience names, or make one for this party."
