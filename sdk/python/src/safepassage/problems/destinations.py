"""What can be wrong with the destinations that the log is sent to, and with what a receiver gets."""

from safepassage.problems.problem import SuiteError


class NoSuchLogDestination(SuiteError):
    """There is no destination with this id."""

    code, status, title = "no-such-log-destination", 404, "No such destination of the log"
    remedy = "List them with GET /v1/log/destinations."


class LogDestinationExists(SuiteError):
    """There is a destination with this id; its receiver and classes are never changed."""

    code, status, title = "log-destination-exists", 409, "A destination of the log has this id"
    remedy = "Choose another id. If the answer that held the secret was lost, rotate the secret: the new one is shown once."


class LogDestinationAltered(SuiteError):
    """What is kept of the destination does not open: it was altered or moved in the store."""

    code, status, title = "log-destination-altered", 409, "Destination was altered in the store"
    remedy = "Delete it and make another; find out who could write to the store of audit."


class LogDestinationsFull(SuiteError):
    """A node sends its log to no more than 20 destinations."""

    code, status, title = "log-destinations-full", 409, "Too many destinations of the log"
    remedy = "Delete those that nobody reads any more, or let one receiver pass events on."


class DestinationNotAllowed(SuiteError):
    """The receiver is not reached by TLS, or is in the node's own networks and no setting names its host."""

    code, status, title = "destination-not-allowed", 422, "The log is not sent to this address"
    remedy = "Name an https URL or a syslog receiver with TLS; a host inside needs the node's setting `destination_hosts`."


class DestinationUnsigned(SuiteError):
    """A syslog receiver has no signature, so there is no secret to rotate."""

    code, status, title = "destination-unsigned", 409, "What goes to this destination is not signed"
    remedy = "A syslog receiver is known by its certificate. Only webhooks have secrets."


class LogDestinationNotPaused(SuiteError):
    """What is to be resumed is sent to."""

    code, status, title = "log-destination-not-paused", 409, "Destination is neither paused nor disabled"
    remedy = "Read where it stands with GET /v1/log/destinations/{destination_id}."


class LogDestinationNotActive(SuiteError):
    """What is to be paused, or sent again, goes to a destination that is paused or disabled."""

    code, status, title = "log-destination-not-active", 409, "Destination is paused or disabled"
    remedy = "Resume it first: POST /v1/log/destinations/{destination_id}/resumption."


class ReplayUnderWay(SuiteError):
    """One stretch at a time is sent again to a destination."""

    code, status, title = "replay-under-way", 409, "Entries are being sent again already"
    remedy = "Wait until `replay` of GET /v1/log/destinations/{destination_id} is gone."


class NothingToReplay(SuiteError):
    """The stretch has no entry that was sent to this destination, or more than may be asked for at once."""

    code, status, title = "nothing-to-replay", 422, "No such stretch to send again"
    remedy = "Name entries of one of the node's logs that the destination has got already, at most 1,000,000 at once."


class WebhookNotVerified(SuiteError):
    """What came has no signature by a key that the receiver named, or no header that a webhook has."""

    code, status, title = "webhook-not-verified", 401, "Webhook is not signed by a key that was named"
    remedy = "Answer 401 and do not use it. Verify the body's bytes as they came, before anything has parsed them."


class WebhookNotFresh(SuiteError):
    """The signature is of another time than now: what was caught on the way is not taken when it is sent again later."""

    code, status, title = "webhook-not-fresh", 401, "Webhook was signed too long ago, or in the future"
    remedy = "Answer 401; the node sends it again with the time of that attempt. If it goes on, set the clock."


class WebhookNotOfTheLog(SuiteError):
    """It is signed by a key that was named, and is not what a node's log sends."""

    code, status, title = "webhook-not-of-the-log", 422, "Signed webhook is not from a node's log"
    remedy = "Use the key of this destination for nothing else, and a version of the SDK that is not older than the node."
