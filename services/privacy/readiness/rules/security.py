"""Rules of the area security: questions s57 to s59, s64."""

from services.privacy.readiness.finding import Finding, level_of_share, measured, nothing_to_measure, percent
from services.privacy.readiness.measures import Measures

ROTATED_WITHIN_DAYS = 365


def bound_tokens(measures: Measures) -> Finding:
    """s57. Machines' tokens are bound to keys; by which factors staff sign in, the agency's provider knows alone."""
    report = measures.gateway
    it, shown = report.of, report.shown("clients", "clients_bound", "staff", "staff_phishing_resistant")
    if not it.clients:
        return nothing_to_measure("No client is registered.", "The first clients raise it.", *shown)
    if it.clients_bound < it.clients:
        return measured(1, "Tokens of some clients are not bound to a key.", "Register a key for each client.", *shown)
    if it.staff is None or it.staff_phishing_resistant is None:
        return measured(
            3,
            "Every token is bound to its client's key; how staff sign in is not measured.",
            "Have staff sign in with phishing-resistant factors at the agency's provider.",
            *shown,
        )
    if it.staff_phishing_resistant < it.staff:
        return measured(2, "Some staff sign in without a phishing-resistant factor.", "Give every account such a factor.", *shown)
    return measured(4, "Tokens are bound to keys, and staff sign in with phishing-resistant factors.", "", *shown)


def sealed_at_rest(measures: Measures) -> Finding:
    """s58."""
    reports = (measures.privacy, measures.records, measures.audit)
    held = [report.of.key_encryption for report in reports]
    shown = tuple(report.figure("key-age-days", report.of.key_encryption.newest_age_days) for report in reports)
    if any(not one.versions for one in held):
        return measured(0, "A service has no key to seal with.", "Make its keys: safepassage-node keys.", *shown)
    oldest = max(one.newest_age_days for one in held)
    if oldest > ROTATED_WITHIN_DAYS:
        return measured(3, f"Stores are sealed with keys in files; the oldest is {oldest} days old.", "Make new keys every year.", *shown)
    return measured(4, "Stores are sealed with keys in files outside of them, made within twelve months.", "", *shown)


def least_privilege(measures: Measures) -> Finding:
    """s59."""
    report = measures.gateway
    it, shown = report.of, report.shown("clients_of_a_month", "scopes_granted", "scopes_used")
    if not it.scopes_granted:
        return nothing_to_measure("No client has been registered for 30 days yet.", "Time raises it.", *shown)
    return measured(
        level_of_share(it.scopes_used, it.scopes_granted, three=80),
        f"{percent(it.scopes_used, it.scopes_granted)} percent of what was granted was used in 90 days.",
        "Take back what is not used.",
        *shown,
    )


def privileged_access(measures: Measures) -> Finding:
    """s64. Every read is recorded; access that stands for good is not for the occasion."""
    door, log = measures.gateway, measures.audit
    it = door.of
    shown = (*door.shown("clients_reading_any", "clients_reading_any_for_a_time"), *log.shown("entries"))
    if not log.of.entries:
        return measured(0, "The log is empty: nothing is recorded.", "The first entry raises it.", *shown)
    if not it.clients_reading_any:
        return measured(4, "Nobody may read any record of the state.", "", *shown)
    for_a_time = it.clients_reading_any_for_a_time or 0
    if for_a_time < it.clients_reading_any:
        return measured(
            1,
            f"{it.clients_reading_any - for_a_time} clients may read any record for good; what they read is recorded.",
            "Give such access for the occasion, and take it back after.",
            *shown,
        )
    return measured(4, "Access to any record ends by itself, and what was read is recorded.", "", *shown)
