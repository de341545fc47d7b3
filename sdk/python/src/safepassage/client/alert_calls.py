"""The operations on alerts, as `safepassage.client.calls`."""

from datetime import date
from uuid import UUID

from safepassage.client.call import Call, Page, paged, path_of, reading, writing
from safepassage.wire_alerts import (
    Alert,
    AlertPage,
    AlertReview,
    AlertReviewPage,
    AlertRule,
    AlertState,
    NewAlertAcknowledgement,
    NewAlertReview,
)


def list_alerts(
    *,
    rule: AlertRule | None = None,
    state: AlertState | None = None,
    since: date | None = None,
    until: date | None = None,
    limit: int | None = None,
) -> Call[Page[AlertPage]]:
    """Alerts, newest first. `until` is the first day that is left out. Scope alerts:read or alerts:review."""
    return paged("/v1/log/alerts", AlertPage, query={"rule": rule, "state": state, "since": since, "until": until, "limit": limit})


def read_alert(alert_id: UUID) -> Call[Alert]:
    """An alert with what was said of it. Scope alerts:read or alerts:review."""
    return reading(path_of("/v1/log/alerts/{id}", id=alert_id), Alert)


def acknowledge_alert(alert_id: UUID, acknowledgement: NewAlertAcknowledgement, *, idempotency_key: str | None = None) -> Call[Alert]:
    """Say what came of an alert. Scope alerts:review."""
    path = path_of("/v1/log/alerts/{id}/acknowledgements", id=alert_id)
    return writing("POST", path, acknowledgement, Alert, idempotency_key=idempotency_key)


def list_alert_reviews(*, limit: int | None = None) -> Call[Page[AlertReviewPage]]:
    """Weeks that were reviewed, newest first, and those that were not. Scope alerts:read or alerts:review."""
    return paged("/v1/log/alert-reviews", AlertReviewPage, query={"limit": limit})


def sign_alert_review(review: NewAlertReview, *, idempotency_key: str | None = None) -> Call[AlertReview]:
    """Sign off a week. Scope alerts:review."""
    return writing("POST", "/v1/log/alert-reviews", review, AlertReview, idempotency_key=idempotency_key)
