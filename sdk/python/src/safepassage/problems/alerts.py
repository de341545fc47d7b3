"""Problems of alerts and their review."""

from safepassage.problems.problem import SuiteError


class NoSuchAlert(SuiteError):
    """There is no alert with this id."""

    code, status, title = "no-such-alert", 404, "No such alert"
    remedy = "List them with GET /v1/log/alerts."


class AlertAcknowledged(SuiteError):
    """The alert was acknowledged before, and has not gone on since."""

    code, status, title = "alert-acknowledged", 409, "Alert was acknowledged already"
    remedy = "Nothing is left to do; read the alert for who did it and why."


class AlertHasGrown(SuiteError):
    """The alert has come to more than the official has read."""

    code, status, title = "alert-has-grown", 409, "Alert has grown since it was read"
    remedy = "Read the alert again, look at what was added, and acknowledge that."


class AlertAboutYou(SuiteError):
    """Who an alert is about neither acknowledges it nor signs the review of its week."""

    code, status, title = "alert-about-you", 403, "The alert is about this client"
    remedy = "Let an official act through another client."


class WeekNotOver(SuiteError):
    """The week is not over, or what was logged in it was not looked at to its end: alerts may still come."""

    code, status, title = "week-not-over", 409, "Week is not over"
    remedy = "Wait until the week is over and the index has caught up with it (`safe_passage_index_behind_entries`)."
    retry = "after"


class AlertsOpen(SuiteError):
    """Alerts of the week are not acknowledged."""

    code, status, title = "alerts-open", 409, "Alerts of the week are open"
    remedy = "List them with GET /v1/log/alerts?state=open, look into each, and acknowledge it."


class WeekReviewed(SuiteError):
    """The week was reviewed before."""

    code, status, title = "week-reviewed", 409, "Week was reviewed already"
    remedy = "Read the review with GET /v1/log/alert-reviews."
