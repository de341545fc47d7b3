"""Problems with the Ed-Fi systems that a node pulls from and pushes to."""

from safepassage.problems.problem import SuiteError


class NoSuchEdFiSystem(SuiteError):
    """No Ed-Fi system of this name is the caller's."""

    code, status, title = "no-such-ed-fi-system", 404, "No such Ed-Fi system"
    remedy = "Name one of the systems of the setting `ed_fi_systems_file` that is the organization's."


class RecordWithDistrict(SuiteError):
    """The district keeps its students' records in its own system; this node has what finds the child."""

    code, status, title = "record-with-district", 409, "The record is with the district's own system"
    remedy = "Ask the district: its system has the record. `GET /v1/students/{id}` names the system in `left_with`."


class EdFiSystemUnavailable(SuiteError):
    """The Ed-Fi system did not answer, again and again, or changed faster than it could be read."""

    code, status, title = "ed-fi-system-unavailable", 503, "Ed-Fi system does not answer"
    remedy = "Try again later: what was loaded stays, and the next time goes on from the last change version."
    retry = "after"


class EdFiSystemRefused(SuiteError):
    """The Ed-Fi system answered what no such system should: it refused the credentials, or said something that is not its API's."""

    code, status, title = "ed-fi-system-refused", 502, "Ed-Fi system refused"
    remedy = "Look at the system's address, client id and secret, and at what its operator lets this client read."
