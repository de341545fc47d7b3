"""Problems of the OneRoster 1.2 rostering service. Callers of its routes are told as the standard has it (`imsx_StatusInfo`)."""

from safepassage.problems.problem import SuiteError


class FilterNotValid(SuiteError):
    """The `filter` is not one of OneRoster's, or names a field that objects of the collection do not have."""

    code, status, title = "filter-not-valid", 400, "Filter is not valid"
    remedy = "Write field, operator (= != > >= < <= ~) and 'value', joined by AND or OR; inner fields are named by dots."


class SelectionNotValid(SuiteError):
    """`fields` is empty, or names a field that objects of the collection do not have."""

    code, status, title = "selection-not-valid", 400, "Selection of fields is not valid"
    remedy = "Name fields as the objects have them, separated by commas, or leave `fields` out."


class PagingNotValid(SuiteError):
    """`limit`, `offset` or `orderBy` has not its form."""

    code, status, title = "paging-not-valid", 400, "Paging is not valid"
    remedy = "limit is 1 to 10000, offset 0 or more, orderBy asc or desc."


class NoSuchObject(SuiteError):
    """No object with this sourcedId is in reach of the agreement; one may be there for others."""

    code, status, title = "no-such-object", 404, "No such object"
    remedy = "Take the sourcedId from a collection read under the same agreement."


class NoSuchRosterPackage(SuiteError):
    """No package with this id was made for the caller under the agreement, or it is older than the last two."""

    code, status, title = "no-such-roster-package", 404, "No such roster package"
    remedy = "Take the ETag of the package that was processed last; without one, or after this answer, read the whole package."


class AgreementNotNamed(SuiteError):
    """The token does not say under which agreement it reads."""

    code, status, title = "agreement-not-named", 403, "The token names no agreement"
    remedy = "Ask for a token whose authorization_details have the purpose and the agreement_id."


class TooManyStudents(SuiteError):
    """More students are in reach than one request filters, sorts or gathers."""

    code, status, title = "too-many-students", 400, "Too many students for this request"
    remedy = "Narrow it by school (/schools/{id}/...) or by dateLastModified; students and demographics are paged without a bound."
