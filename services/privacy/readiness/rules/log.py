"""Rules of the area disclosure log and audit: questions d34 to d41."""

from services.privacy.readiness.finding import Finding, level_of_share, measured, nothing_to_measure, percent
from services.privacy.readiness.measures import Measures

LATE_SECONDS = 300
DAY_HOURS = 24


def everything_logged(measures: Measures) -> Finding:
    """d34. Each service stores the entry with what it is about; an entry that waits for long, or was refused, is a gap."""
    senders = (measures.gateway, measures.privacy, measures.records)
    log = measures.audit
    waiting = [report.of.log_waiting for report in senders]
    shown = (
        *log.shown("entries"),
        *(report.figure("entries-waiting", report.of.log_waiting.rows) for report in senders),
        *(report.figure("entries-refused", report.of.log_waiting.refused) for report in senders),
    )
    if any(one.refused for one in waiting):
        return measured(1, "The log has refused entries; they are set aside.", "Look at them with safepassage-node doctor.", *shown)
    if not log.of.entries:
        return measured(0, "The log is empty.", "The first entry raises it.", *shown)
    if any(one.oldest_seconds > LATE_SECONDS for one in waiting):
        return measured(3, "Entries have been waiting for the log for more than five minutes.", "See why audit does not take them.", *shown)
    return measured(4, "No entry was refused, and none is waiting for long.", "", *shown)


def log_verified(measures: Measures) -> Finding:
    """d35. The head just now, and every entry in a pass of the last 24 hours."""
    report = measures.audit
    it = report.of
    shown = report.shown("entries", "head_verified", "entries_missing", "entries_altered", "pass_entries", "pass_age_hours")
    if it.entries_altered or it.entries_missing:
        return measured(0, "Entries are altered or missing.", "Run safepassage-node verify-log, and call for help.", *shown)
    if not it.head_verified:
        return measured(0, "The head of the log does not verify.", "Run safepassage-node verify-log, and call for help.", *shown)
    if not it.entries:
        return measured(2, "The log is empty.", "The first entry raises it.", *shown)
    if it.pass_age_hours is None or it.pass_age_hours >= DAY_HOURS or not it.pass_entries:
        return measured(3, "The head verifies; not every entry was hashed again within 24 hours.", "The next pass raises it.", *shown)
    return measured(4, f"The head verifies, and {it.pass_entries} entries were found as they were written within 24 hours.", "", *shown)


def log_witnessed(measures: Measures) -> Finding:
    """d36."""
    log, records = measures.audit, measures.records
    shown = (*log.shown("witnesses"), *records.shown("pinning_nodes"))
    if log.of.witnesses:
        return measured(4, f"{log.of.witnesses} witnesses have signed a checkpoint of the last day.", "", *shown)
    if records.of.pinning_nodes:
        return measured(
            3,
            f"{records.of.pinning_nodes} other nodes keep a checkpoint of ours of the last 30 days.",
            "Let another node witness every checkpoint.",
            *shown,
        )
    return measured(0, "Nobody else keeps a head of our log.", "Exchange with another node, or let one witness the log.", *shown)


def copies_to_districts(measures: Measures) -> Finding:
    """d37."""
    report = measures.privacy
    it, shown = report.of, report.shown("copies_owed", "copies_in_time")
    if not it.copies_owed:
        return nothing_to_measure("No copy was due yet.", "The first transfers raise it.", *shown)
    return measured(
        level_of_share(it.copies_in_time, it.copies_owed),
        f"{percent(it.copies_in_time, it.copies_owed)} percent of the copies were given within 30 days.",
        "Give the copies that are late.",
        *shown,
    )


def fail_closed(measures: Measures) -> Finding:
    """d38."""
    report = measures.records
    it, shown = report.of, report.shown("envelopes_sent", "envelopes_without_entry")
    if it.envelopes_without_entry:
        return measured(0, "An answer was sent without an entry in the log.", "Stop the exchange and look at it.", *shown)
    if not it.envelopes_sent:
        return nothing_to_measure("Nothing was sent yet.", "The first exchanges raise it.", *shown)
    return measured(4, f"All {it.envelopes_sent} answers that were sent have their entry in the log.", "", *shown)


def anomalies_reviewed(measures: Measures) -> Finding:
    """d39."""
    report = measures.audit
    it = report.of
    searches = it.by_class.get("search", 0)
    figures = report.shown("alerts", "alerts_reviewed", "alert_weeks", "alert_weeks_signed")
    shown = (*figures, report.figure("searches-of-seven-days", searches))
    if it.alerts is None or it.alerts_reviewed is None or it.alert_weeks is None or it.alert_weeks_signed is None:
        # audit is of an earlier version: what can be shown is that somebody looks
        if not searches:
            return measured(1, "Nobody looked into the log in seven days.", "Look at who read what each week.", *shown)
        return measured(3, f"The log was looked into {searches} times in seven days.", "Update the audit service.", *shown)
    reviewed = f"{it.alerts_reviewed} of {it.alerts} alerts of seven days were reviewed"
    if not it.alert_weeks:
        level = level_of_share(it.alerts_reviewed, it.alerts) if it.alerts else 3
        return measured(min(level, 3), f"{reviewed}; no week is over yet.", "Sign the first week off when it is over.", *shown)
    level = level_of_share(it.alert_weeks_signed, it.alert_weeks)
    if it.alerts:
        level = min(level, level_of_share(it.alerts_reviewed, it.alerts))
    return measured(
        level,
        f"{it.alert_weeks_signed} of the last {it.alert_weeks} weeks were signed off by an official; {reviewed}.",
        "Look at what is open, and sign off the weeks that are left.",
        *shown,
    )


def sealed_orders(measures: Measures) -> Finding:
    """d40."""
    report = measures.audit
    it, shown = report.of, report.shown("sealed_bases", "sealed_entries")
    if not it.sealed_bases:
        return measured(0, "No basis leads to the sealed partition.", "Name the bases that a court seals.", *shown)
    if not it.sealed_entries:
        return measured(3, "The partition is there; it holds no entry yet.", "The first sealed order raises it.", *shown)
    return measured(4, f"{it.sealed_entries} entries are kept apart.", "", *shown)


def log_kept(measures: Measures) -> Finding:
    """d41."""
    log, records = measures.audit, measures.records
    shown = (*log.shown("entries", "entries_missing", "oldest_age_days"), *records.shown("oldest_record_age_days"))
    if log.of.entries_missing:
        return measured(0, f"{log.of.entries_missing} entries are gone.", "Run safepassage-node verify-log, and call for help.", *shown)
    if not log.of.entries:
        return measured(0, "The log is empty.", "The first entry raises it.", *shown)
    if log.of.oldest_age_days < records.of.oldest_record_age_days:
        return measured(2, "The oldest record is older than the log.", "Keep every log as long as the records that it is about.", *shown)
    return measured(4, "No entry is missing, and the log goes back as far as the oldest record.", "", *shown)
