"""Problems of transfers beside the record: notices, and holds until both sides' evidence agrees."""

from safepassage.problems.problem import SuiteError


class NoSuchHold(SuiteError):
    """No hold with this id is of a student whose record the caller's organisation keeps."""

    code, status, title = "no-such-hold", 404, "No such hold"
    remedy = "List the holds that wait for your organization."


class HoldResolved(SuiteError):
    """The hold does not wait any more: a person has said, what it rested on is gone, or the request has expired."""

    code, status, title = "hold-resolved", 409, "Hold does not wait any more"
    remedy = "Read the holds again; a request that expired has to be made anew by the other state."


class NoticeOutOfPlace(SuiteError):
    """The notice does not fit to what is known of the exchange: nothing was received yet, or an earlier notice says otherwise."""

    code, status, title = "notice-out-of-place", 409, "Notice does not fit to the exchange"
    remedy = (
        "Say `enrolled` or `withdrawn` once the record is applied, `no-show` at any time before; after `no-show` or `withdrawn` a new"
        " request begins a new transfer."
    )


class NoticeNotYours(SuiteError):
    """A notice of a kind that the other side of the exchange sends."""

    code, status, title = "notice-not-yours", 422, "Notice is for the other side to send"
    remedy = "The requester tells of enrollment and onward disclosure, the holder of claims; correct the sending software."


class TransferNotConfirmed(SuiteError):
    """What is there does not show that the student transferred: no receipt that the record was filed, or a later word that denies it."""

    code, status, title = "transfer-not-confirmed", 409, "Transfer is not confirmed"
    remedy = "Keep the student in the cohort until the receiving school confirms the enrollment; ask it to."


class HandCarryAltered(SuiteError):
    """A copy that a parent carried is not what its issuer sealed."""

    code, status, title = "hand-carry-altered", 422, "Copy is not what was sealed"
    remedy = "Do not place the student on what differs; ask the former school for the official record, and tell it of the altered copy."


class NotForThisPerson(SuiteError):
    """The person is not one to whom the record may be given: no rights holder, no longer one, or not identified well enough."""

    code, status, title = "not-for-this-person", 403, "Record may not be given to this person"
    remedy = "Read the reason; a parent's rights end with a court's order, and at 18 or in college they are the student's."
