"""Problems of student records: loading, reading, releasing, matching."""

from safepassage.problems.problem import SuiteError


class NoSuchStudent(SuiteError):
    """No student with this id is visible to the caller; one may exist for others."""

    code, status, title = "no-such-student", 404, "No such student"
    remedy = "Check the id, and that the student is enrolled below your organization; look ids up with POST /v1/students/lookup."


class StudentInExchange(SuiteError):
    """The student's record is on its way to or from another node, so it is not destroyed now."""

    code, status, title = "student-in-exchange", 409, "Student's record is in an exchange"
    remedy = "Wait until the exchange has ended, or withdraw it; destroy the record then."
    retry = "after"


class StudentChanged(SuiteError):
    """The student's record was changed since the version that the request names."""

    code, status, title = "student-changed", 409, "Student was changed meanwhile"
    remedy = "Read the student again, apply the change to what is there now, and send it with the new version."


class SourceIdTaken(SuiteError):
    """The source system already gave this id to another student of the organisation."""

    code, status, title = "source-id-taken", 409, "Source id belongs to another student"
    remedy = "Update that student instead, or correct the id in the source system."


class EnrollmentNotYours(SuiteError):
    """None of the record's current enrolments is at an organisation that the caller may load for."""

    code, status, title = "enrollment-not-yours", 403, "Enrollment is outside the caller's organization"
    remedy = "Name the school by the NCES or state id that the node knows it by; load only students of your own organization."


class StatementOfDisagreementMissing(SuiteError):
    """A contested part of the record was to leave without the statement placed beside it (34 CFR 99.21(c)). Nothing left."""

    code, status, title = "statement-of-disagreement-missing", 500, "Statement of disagreement is missing"
    remedy = "Load the statement with the student's record, or restore it; until then the contested part cannot be released."


class NothingToRelease(SuiteError):
    """Of what is permitted, the record holds nothing."""

    code, status, title = "nothing-to-release", 404, "Nothing to release"
    remedy = "Ask for other sections; what is withheld and what is absent look alike on purpose."


class SealBroken(SuiteError):
    """A sealed section does not open: its bytes, its place or its key are not those with which it was sealed."""

    code, status, title = "seal-broken", 500, "A sealed section does not open"
    remedy = "The node's operator runs `safepassage-node doctor` and restores the row from a backup."


class NoSuchLoad(SuiteError):
    """No load with this id is the caller's organisation's."""

    code, status, title = "no-such-load", 404, "No such load"
    remedy = "Take the id from the answer of POST /v1/rosters, or from GET /v1/load-reports."


class UnreadableRoster(SuiteError):
    """The upload is not a roster in a format that this node reads; nothing was loaded."""

    code, status, title = "unreadable-roster", 422, "Roster could not be read"
    remedy = "Send a OneRoster 1.2 CSV zip, or a zip of Ed-Fi 5 interchange or SIF xSre files, as the operation's OpenAPI document says."


class RosterTooLargeHere(SuiteError):
    """To read the upload would take more memory than this node has for it; nothing was read of it."""

    code, status, title = "roster-too-large-here", 413, "Roster is larger than this node reads at once"
    remedy = "Send it in parts, each with all that is said of its students; or the operator can raise load_memory_mebibytes."


class NoSuchMatch(SuiteError):
    """No match with this id waits for a person of the caller's organisation."""

    code, status, title = "no-such-match", 404, "No such match"
    remedy = "List the open ones with GET /v1/matches."


class MatchResolved(SuiteError):
    """A person has resolved this match already; what followed cannot be taken back here."""

    code, status, title = "match-resolved", 409, "Match was resolved already"
    remedy = "Read the match to see how it was resolved."


class NoSuchUnion(SuiteError):
    """No two records with this union are both kept by the caller's organisation or below it."""

    code, status, title = "no-such-union", 404, "No such union"
    remedy = "Read the student: `same_as` names its unions."


class UnionSeparated(SuiteError):
    """The two records were separated already."""

    code, status, title = "union-separated", 409, "Union was separated already"
    remedy = "Read the student to see what it is united with now."


class NotACandidate(SuiteError):
    """The student chosen is not among the candidates of the match."""

    code, status, title = "not-a-candidate", 422, "Student is not a candidate of this match"
    remedy = "Choose one of the candidates, or say that none of them is the child."


class PurposeMissing(SuiteError):
    """A state agency reads students for a stated purpose only."""

    code, status, title = "purpose-missing", 403, "Purpose is missing"
    remedy = "Ask for a token with the scope records:read:state and one purpose in its authorization details."


class LookupNotSpecific(SuiteError):
    """A look-up needs an identifier, or name and date of birth: nobody browses children."""

    code, status, title = "lookup-not-specific", 422, "Look-up is not specific enough"
    remedy = "Give an identifier with its system, or first name, last name and date of birth."
