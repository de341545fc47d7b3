"""Problems of any request to any service."""

from safepassage.problems.problem import SuiteError


class InvalidRequest(SuiteError):
    """The request does not have the documented form; `field` names the first member at fault."""

    code, status, title = "invalid-request", 422, "Request is not valid"
    remedy = "Compare the named field with the OpenAPI document of this operation, correct it and send it again."


class MalformedBody(SuiteError):
    """The body is not what its content type says."""

    code, status, title = "malformed-body", 400, "Body could not be read"
    remedy = "Send a body that parses as its Content-Type says: one JSON value, UTF-8, no duplicate members."


class UnsupportedMediaType(SuiteError):
    """This operation does not take that content type."""

    code, status, title = "unsupported-media-type", 415, "Content type is not taken here"
    remedy = "Send the content type that the OpenAPI document names for this operation."


class BodyTooLarge(SuiteError):
    """The body is larger than this route takes."""

    code, status, title = "body-too-large", 413, "Body is too large"
    remedy = "Send less at once; the OpenAPI document names each route's limit."


class NoSuchRoute(SuiteError):
    """No operation has this method and path."""

    code, status, title = "no-such-route", 404, "No such operation"
    remedy = "Check method and path against the OpenAPI document."


class MethodNotAllowed(SuiteError):
    """The path exists; the method does not."""

    code, status, title = "method-not-allowed", 405, "Method is not allowed"
    remedy = "Use one of the methods in the Allow header."


class NotAuthenticated(SuiteError):
    """No valid credential came with the request."""

    code, status, title = "not-authenticated", 401, "Caller is not authenticated"
    remedy = "Get an access token from the token endpoint and send it with a fresh DPoP proof."


class NotPermitted(SuiteError):
    """The caller is known, and its scopes or role do not reach this operation."""

    code, status, title = "not-permitted", 403, "Caller may not do this"
    remedy = "Ask the node's operator for the scope that this operation names in the OpenAPI document."


class NotFound(SuiteError):
    """Nothing with this id is visible to the caller; it may exist for others."""

    code, status, title = "not-found", 404, "Nothing visible with this id"
    remedy = "Check the id, and that your organization may see it."


class VersionConflict(SuiteError):
    """Somebody changed it meanwhile."""

    code, status, title = "version-conflict", 409, "It was changed meanwhile"
    remedy = "Read it again, apply the change to what is there now, and send it with the new version."


class IdempotencyKeyReused(SuiteError):
    """This Idempotency-Key came before with another body."""

    code, status, title = "idempotency-key-reused", 422, "Idempotency key was used for another request"
    remedy = "Use a new key for a new request; use the old key only to repeat the very same bytes."


class IdempotencyKeyMissing(SuiteError):
    """This operation needs an Idempotency-Key header."""

    code, status, title = "idempotency-key-missing", 400, "Idempotency key is missing"
    remedy = "Send an Idempotency-Key header: a UUID of your own, the same one on each retry of the same request."


class RequestUnderWay(SuiteError):
    """A request with this Idempotency-Key is being answered at this moment; it has its effect once."""

    code, status, title = "request-under-way", 409, "The same request is under way"
    remedy = "Send it again after the time in Retry-After, with the same Idempotency-Key: the answer is then that of the first."
    retry = "same-key"


class UnsupportedVersion(SuiteError):
    """The message's `v` is not one that this node speaks."""

    code, status, title = "unsupported-version", 422, "Format version is not supported"
    remedy = "Send version 1 of the format."


class TooManyRequests(SuiteError):
    """More requests than the limit of this client or route."""

    code, status, title = "too-many-requests", 429, "Too many requests"
    remedy = "Wait as long as Retry-After says, then send at a lower rate."
    retry = "after"


class TemporarilyUnavailable(SuiteError):
    """Something this operation depends on does not answer; nothing was disclosed and nothing half done."""

    code, status, title = "temporarily-unavailable", 503, "Temporarily unavailable"
    remedy = "Try again after the time in Retry-After, with the same Idempotency-Key."
    retry = "same-key"


class AnswerTooLate(TemporarilyUnavailable):
    """What answers this operation has not done so in its time; whether it has done what was asked is not known."""

    code, status, title = "answer-too-late", 504, "Answer did not come in its time"
    remedy = "Try again after the time in Retry-After, with the same Idempotency-Key: what was done already is not done twice."
    retry = "same-key"


class LogUnavailable(TemporarilyUnavailable):
    """The audit log does not take entries, so nothing may leave."""

    code, status, title = "log-unavailable", 503, "Audit log is unavailable, so nothing is released"
    remedy = "Try again later; if it stays so, the node's operator runs `safepassage-node doctor`."
    retry = "same-key"


class InternalFault(SuiteError):
    """A fault of the node; its operator finds it by the request id."""

    code, status, title = "internal-fault", 500, "The node failed"
    remedy = "Tell the node's operator the request_id; retry with the same Idempotency-Key."
    retry = "same-key"
