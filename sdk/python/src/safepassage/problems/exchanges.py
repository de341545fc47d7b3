"""Problems of the exchange between nodes: what a request, an answer or a receipt can be told, apart from its signature and its proof."""

from safepassage.problems.problem import SuiteError


class NoSuchExchange(SuiteError):
    """No exchange request with this id is visible to the caller; one may exist for others."""

    code, status, title = "no-such-exchange", 404, "No such exchange request"
    remedy = "Check the id, and that the receiving school or district is your organization or below it."


class NothingReceived(SuiteError):
    """No record has arrived for this request, or it is not filed yet."""

    code, status, title = "nothing-received", 409, "No record has been received"
    remedy = "Read the state of the request; ask for the record once it is `applied`."
    retry = "after"


class ReceivedRecordDestroyed(SuiteError):
    """What came with this request was destroyed here: after the receiver's own system had collected it, or as an agreement asks."""

    code, status, title = "received-record-destroyed", 410, "Received record is destroyed"
    remedy = "Read it in the system that collected it; if it is needed again, ask for it with a new request."


class ReceivingOrganisationNotYours(SuiteError):
    """The receiving school or district of a request is not the caller's organisation, nor below it."""

    code, status, title = "receiving-organisation-not-yours", 403, "Receiving organization is not yours"
    remedy = "Name a school or district of your own organization, by its id at this node and with its kind."


class UnknownSection(SuiteError):
    """A section that a student record does not have."""

    code, status, title = "unknown-section", 422, "Section is not known"
    remedy = "Ask for sections of the student record, as the OpenAPI document lists them."


class RequestNotPermitted(SuiteError):
    """The rules do not allow this request; nothing was sent."""

    code, status, title = "request-not-permitted", 403, "Request is not permitted"
    remedy = "Read the reason, supply the evidence that is missing, and make a new request."


class PurposeNotServed(SuiteError):
    """The purpose or basis is not one for which this node answers other nodes."""

    code, status, title = "purpose-not-served", 422, "Purpose or basis is not served"
    remedy = "Ask for the purpose `enrollment`, on the basis `transfer` or `consent` with the id of the consent."


class EvidenceNotAccepted(SuiteError):
    """The enrolment evidence is of the right form and cannot be: `field` names the member at fault."""

    code, status, title = "evidence-not-accepted", 422, "Enrollment evidence is not accepted"
    remedy = "Correct the named member and make a new request."


class MessageIdReused(SuiteError):
    """A message with this id came before from the same sender, and was another one."""

    code, status, title = "message-id-reused", 422, "Message id was used for another message"
    remedy = "Repeat the very same bytes under an id, or use a new id. Both are on record."


class BeingStored(SuiteError):
    """The same message is being stored at this moment."""

    code, status, title = "being-stored", 409, "Message is being stored"
    remedy = "Send the same bytes again after the time in Retry-After."
    retry = "after"


class ExchangeClosed(SuiteError):
    """The request is over: it was answered with a record, refused, or has expired."""

    code, status, title = "exchange-closed", 409, "Exchange is closed"
    remedy = "Send nothing more for this request; a new request is a new exchange."


class NoSuchEnvelope(SuiteError):
    """The receipt is for an envelope that this node did not send to that peer."""

    code, status, title = "no-such-envelope", 404, "No such envelope"
    remedy = "Send receipts for envelopes of the node that you send them to."


class CiphertextUnopened(SuiteError):
    """The sealed part does not open with the key that it names and the context that it is bound to."""

    code, status, title = "ciphertext-unopened", 422, "Sealed part does not open"
    remedy = "Seal to a current key of the recipient's statement, bound to the ids that the message has, and send a new message."


class RecordNotFiled(SuiteError):
    """What was opened is a record and could not be filed."""

    code, status, title = "record-not-filed", 422, "Record could not be filed"
    remedy = "Send a record that satisfies the transfer package's model, in a new envelope."


class MatchNotDecided(SuiteError):
    """A record came that may be of a student who is there, and nobody said whose it is before its request ended."""

    code, status, title = "match-not-decided", 409, "Nobody said whose record it is"
    remedy = "Requeue the request: the record comes again, and waits for a person again (`GET /v1/matches`)."


class NotReceived(SuiteError):
    """No envelope with this id has come here from the peer that asks about it."""

    code, status, title = "not-received", 404, "No such envelope was received"
    remedy = "Check the id. What was not acknowledged is delivered again by itself."


class NotProcessedYet(SuiteError):
    """The envelope is stored here, and nothing can be said yet about what became of it: it is being opened, or a person is to match it."""

    code, status, title = "not-processed-yet", 409, "Envelope is not processed yet"
    remedy = "Wait for the receipt, or ask again a day later."
    retry = "after"


class PeerUnavailable(SuiteError):
    """Another node does not answer, or asks to be left alone for a while."""

    code, status, title = "peer-unavailable", 503, "Other node does not answer"
    remedy = "It is tried again by itself, until the request expires."
    retry = "after"


class PeerResting(SuiteError):
    """Another node did not answer several calls in a row, or asked to be left alone; no call is made to it for a while."""

    code, status, title = "peer-resting", 503, "Other node is left alone for a while"
    remedy = "It is tried again by itself, until the request expires."
    retry = "after"


class PeerAddressRefused(SuiteError):
    """The other node's address is not one that this node speaks to: https, or loopback in insecure development."""

    code, status, title = "peer-address-refused", 502, "Other node's address is refused"
    remedy = "Have the address in the trust list corrected; nothing was sent."


class RefusalMalformed(SuiteError):
    """A peer's refusal is not signed by it, or not about what was sent."""

    code, status, title = "refusal-malformed", 502, "Refusal is not signed by the peer"
    remedy = "It counts as no answer; the message is sent again later."
    retry = "after"


class OwnLogWentBack(SuiteError):
    """This node's log answers less, or something else, than it did before: it was restored from a backup, or rewritten. Nothing leaves."""

    code, status, title = "own-log-went-back", 503, "Audit log is behind what it answered before, so nothing is released"
    remedy = (
        "The node's operator stops the node, runs `safepassage-node doctor`, and compares the log with the checkpoints that peers hold."
    )
    retry = "after"
