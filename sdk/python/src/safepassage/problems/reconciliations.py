"""Problems of the daily comparison between two nodes."""

from safepassage.problems.problem import SuiteError


class CountsOfAnotherDay(SuiteError):
    """The counts are of another day than was asked for, or of one that is not over or too long ago."""

    code, status, title = "counts-of-another-day", 422, "Counts are of another day"
    remedy = "Compare a day of the last week that is over by UTC."
