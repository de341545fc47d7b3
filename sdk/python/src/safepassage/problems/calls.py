"""What a client meets before, or instead of, a node's own answer. Raised by the SDK, never sent."""

from safepassage.problems.problem import SuiteError


class ClientFileUnusable(SuiteError):
    """The client file is missing, malformed, or others may read it."""

    code, status, title = "client-file-unusable", 400, "Client file cannot be used"
    remedy = "Make it again with the node's `clients` command or `safepassage keygen`, and keep it readable by its owner alone (mode 0600)."


class InsecureAddress(SuiteError):
    """The node's address is not https, and not this machine."""

    code, status, title = "insecure-address", 400, "Address is not secure"
    remedy = "Use the node's https address. http is for a node on this very machine, in development."


class NodeUnreachable(SuiteError):
    """No answer, after every attempt that was allowed. Whether the node received the request is unknown."""

    code, status, title = "node-unreachable", 503, "Node does not answer"
    remedy = "Check address, network and certificates; repeat a write with the same Idempotency-Key."
    retry = "same-key"


class TokenNotGranted(SuiteError):
    """The token endpoint refused; the detail is OAuth's error code."""

    code, status, title = "token-not-granted", 401, "Access token was not granted"
    remedy = "Check client id, registered key, scopes and purpose with the node's operator, and this machine's clock."


class AnswerNotUnderstood(SuiteError):
    """The answer is not what this version expects of the operation."""

    code, status, title = "answer-not-understood", 502, "Answer cannot be understood"
    remedy = "Check that the address is a Safe Passage node's, and that this version of safepassage is not older than the node."
