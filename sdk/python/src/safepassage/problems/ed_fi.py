"""Problems with the Ed-Fi systems that a node pulls from and pushes to."""

from safepassage.problems.problem import SuiteError


class NoSuchEdFiSystem(SuiteError):
    """No Ed-Fi system of this name is the caller's."""

    code, status, title = "no-such-ed-fi-system", 404, "No such Ed-Fi system"
    remedy = "Name one of the systems of the setting `ed_fi_systems_file` that is the organization's."


class RecordWithDistrict(SuiteError):
    """The district keeps its students' records in its own system; this node has what finds the child."""

    code, status, title = "record-with-district", 409, "The record is with the district's own system"
    remedy = "Load nothing of it here: the job that pulls from the district's system does."


class RecordsWithDistricts(SuiteError):
    """Children whom the answer is about are of districts that keep their records in their own systems: it would not have them."""

    code, status, title = "records-with-districts", 409, "Some districts keep the records themselves"
    remedy = "Ask for what the node has with `without_left=true`, and the districts that the answer then names for theirs."


class RecordSourceAway(SuiteError):
    """The district keeps the student's record in its own system, which did not give it in time, or not whole."""

    code, status, title = "record-source-away", 503, "The district's own system does not give the record"
    remedy = "Try again after the time in Retry-After, or ask for elements that the node keeps: names, enrollments, guardians."
    retry = "after"


class RecordNotAtSource(SuiteError):
    """The district keeps the student's record in its own system, which no longer has the student."""

    code, status, title = "record-not-at-source", 409, "The district's own system no longer has the student"
    remedy = "Ask the district; what the node keeps is read by its elements: names, enrollments, guardians."


class EdFiSystemUnavailable(SuiteError):
    """The Ed-Fi system did not answer, again and again."""

    code, status, title = "ed-fi-system-unavailable", 503, "Ed-Fi system does not answer"
    remedy = "Try again later: what was loaded stays, and the next time goes on from the last change version."
    retry = "after"


class EdFiSystemChangesTooFast(EdFiSystemUnavailable):
    """The Ed-Fi system answers, and what it has changed each time while it was read: nothing that was read can be taken for all."""

    code, title = "ed-fi-system-changes-too-fast", "Ed-Fi system changes faster than it is read"
    remedy = "Try again at a quieter time, or have the system's host make snapshots; the next time goes on from the last change version."


class EdFiSystemRefused(SuiteError):
    """The Ed-Fi system answered what no such system should: it refused the credentials, or said something that is not its API's."""

    code, status, title = "ed-fi-system-refused", 502, "Ed-Fi system refused"
    remedy = "Look at the system's address, client id and secret, and at what its operator lets this client read."
