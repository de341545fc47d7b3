"""Problems of keeping and destroying what the log seals."""

from safepassage.problems.problem import SuiteError


class NoSuchHold(SuiteError):
    """There is no legal hold with this id."""

    code, status, title = "no-such-hold", 404, "No such legal hold"
    remedy = "List them with GET /v1/log/holds."


class HoldLifted(SuiteError):
    """The legal hold was lifted before."""

    code, status, title = "hold-lifted", 409, "Legal hold was lifted already"
    remedy = "Place a new hold if the matter goes on."


class NoSuchLogDestruction(SuiteError):
    """There is no destruction of log content with this id."""

    code, status, title = "no-such-log-destruction", 404, "No such destruction"
    remedy = "List them with GET /v1/log/destructions."


class NothingMayBeDestroyed(SuiteError):
    """Everything that was named is kept: by law, by its retention class, by a legal hold; or there is nothing."""

    code, status, title = "nothing-may-be-destroyed", 409, "Nothing that was named may be destroyed"
    remedy = "The detail says what keeps it; wait for the end of the period, have the hold lifted, or show that the records have ended."


class RecordsNotShownEnded(SuiteError):
    """The log has no clearance that shows that the student's education records may have ended, or tells of use of them afterwards."""

    code, status, title = "records-not-shown-ended", 409, "Not shown that the student's records have ended"
    remedy = "Clear the destruction of the records anew (POST /v1/destructions), destroy them, and ask within 90 days."


class AskerApproves(SuiteError):
    """Who asked for a destruction does not approve it."""

    code, status, title = "asker-approves", 403, "Who asked for a destruction does not approve it"
    remedy = "Two other officials approve."


class DestructionApprovedAlready(SuiteError):
    """This official has approved the destruction before."""

    code, status, title = "destruction-approved-already", 409, "Official has approved this destruction already"
    remedy = "A second official approves."


class PreviewDiffers(SuiteError):
    """What was approved is not what the destruction's preview says."""

    code, status, title = "preview-differs", 409, "Another preview was approved"
    remedy = "Read the destruction again, look at its preview, and approve that."


class DestructionNotOpen(SuiteError):
    """The destruction was called off, carried out or has begun: it is neither approved nor called off any more."""

    code, status, title = "destruction-not-open", 409, "Destruction is not open any more"
    remedy = "Read its state with GET /v1/log/destructions/{destruction_id}."
