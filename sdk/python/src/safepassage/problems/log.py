"""Problems of the audit log: what it does not take, does not show, and when it takes nothing."""

from safepassage.problems.problem import SuiteError


class LogFrozen(SuiteError):
    """The stored log does not agree with itself or with what was signed; it takes nothing until a person has looked."""

    code, status, title = "log-frozen", 503, "Audit log is frozen, so nothing is released"
    remedy = "The node's operator runs `safepassage-node verify-log`, which names the first bad entry, and restores the log."
    retry = "never"


class EventKeyReused(SuiteError):
    """An event with this key is in the log, and it is another event."""

    code, status, title = "event-key-reused", 409, "Key of the event was used for another event"
    remedy = "Give each event a key of its own; repeat a key only with the very same event."


class ClassNotYours(SuiteError):
    """A service may write its own classes of entries, and no others."""

    code, status, title = "class-not-yours", 403, "This service may not write that class of entry"
    remedy = "Send the event from the service that owns its class (shared/contracts/audit.py, MAY_WRITE)."


class DecisionMissing(SuiteError):
    """A disclosure, or a read that leaves the agency, came without privacy's signed decision."""

    code, status, title = "decision-missing", 403, "No signed decision covers this disclosure"
    remedy = "Ask privacy for a decision and send its token with the event."


class DecisionNotCovering(SuiteError):
    """The signed decision permits something else: other elements, another recipient, student or exchange, or another policy."""

    code, status, title = "decision-not-covering", 403, "Signed decision does not cover this disclosure"
    remedy = "Release and log only what the decision permits, to the recipient that it names."


class NoSuchEntry(SuiteError):
    """The log has no entry with this index yet."""

    code, status, title = "no-such-entry", 404, "No entry with this index"
    remedy = "Ask for an index below the size of the log's checkpoint."


class NoSuchTile(SuiteError):
    """The tree of the latest checkpoint has no such tile, or not that wide."""

    code, status, title = "no-such-tile", 404, "No such tile"
    remedy = "Derive the tile's path from the size of the log's checkpoint (C2SP tlog-tiles)."


class NoSuchLog(SuiteError):
    """The node has no log of that year."""

    code, status, title = "no-such-log", 404, "No log of that year"
    remedy = "Ask for the year in the origin of a checkpoint that this node has signed."


class AccountingTooLong(SuiteError):
    """The record of one student's disclosures has more entries than one document holds."""

    code, status, title = "accounting-too-long", 422, "This record is too long for one document"
    remedy = "Read it page by page: GET /v1/students/{student_id}/disclosure-accounting."


class NoSuchDisclosureCopy(SuiteError):
    """There is no such copy, or it is another organisation's."""

    code, status, title = "no-such-disclosure-copy", 404, "No copy of disclosures with this id"
    remedy = "List the copies that are yours: GET /v1/disclosure-copies."


class DisclosureCopyGiven(SuiteError):
    """The copy was given before."""

    code, status, title = "disclosure-copy-given", 409, "This copy was given already"
    remedy = "Read it: `given_at` and `given_to` say when and to whom. A copy is given once."


class SizesNotOrdered(SuiteError):
    """A consistency proof goes from a smaller size, at least 1, to a larger one that the log has reached."""

    code, status, title = "sizes-not-ordered", 422, "No consistency proof between these sizes"
    remedy = "Send 1 <= from <= to <= size of the latest checkpoint."


class PurposeMissing(SuiteError):
    """A caller of the state agency opens entries of any district's students for a stated purpose only."""

    code, status, title = "purpose-missing", 403, "No purpose for opening entries of the whole state"
    remedy = "Get an access token with a purpose in its authorization details."


class NoSuchSavedSearch(SuiteError):
    """The caller's organisation keeps no search with this id."""

    code, status, title = "no-such-saved-search", 404, "No saved search with this id"
    remedy = "List the saved searches of your organization; to save a new one, choose another id."


class SavedSearchesFull(SuiteError):
    """An organisation keeps no more than 200 searches."""

    code, status, title = "saved-searches-full", 409, "Too many saved searches"
    remedy = "Delete saved searches that nobody runs any more."


class NoSuchCount(SuiteError):
    """There is no count of a blast radius with this id of the caller's: it is an hour old, or the process that counted ended."""

    code, status, title = "no-such-count", 404, "No count with this id"
    remedy = "Ask for the count again, under the same id or another one."


class CountIdReused(SuiteError):
    """A count with this id is there, and it is of another question."""

    code, status, title = "count-id-reused", 409, "Id of the count was used for another question"
    remedy = "Give each count an id of its own; repeat an id only with the very same question."
