"""Problems of statistics: what is refused so that no student can be found in the answers."""

from safepassage.problems.problem import SuiteError


class BudgetSpent(SuiteError):
    """The organisation has asked as much in this school year as may be told of one student."""

    code, status, title = "statistics-budget-spent", 409, "Statistics budget is spent"
    remedy = (
        "Ask with a smaller epsilon, or ask a question again that was answered before: it costs nothing until its day. The budget is the "
        "node's setting, and begins anew on 1 July."
    )


class TableTooLarge(SuiteError):
    """The dimensions make more groups than a table may have."""

    code, status, title = "statistics-table-too-large", 422, "Table has too many groups"
    remedy = "Ask by fewer dimensions, or by some with fewer words."


class StatisticsUnavailable(SuiteError):
    """The node was installed without the library that makes the noise."""

    code, status, title = "statistics-unavailable", 501, "Node answers no statistics"
    remedy = "Install the node's extra `statistics` (OpenDP), and ask again."


class NoSuchStatistics(SuiteError):
    """No answer with this id was given to the caller's organisation."""

    code, status, title = "no-such-statistics", 404, "No such answer"
    remedy = "Ask the question with POST /v1/statistics, and use the id of its answer."
