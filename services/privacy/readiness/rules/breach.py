"""Rules of the areas breach, retention and quality: questions b66, b67, r71, r72, q76."""

from services.privacy.readiness.finding import Finding, level_of_share, measured, nothing_to_measure
from services.privacy.readiness.measures import Measures


def blast_radius(measures: Measures) -> Finding:
    """b66."""
    log, door = measures.audit, measures.gateway
    shown = (*log.shown("entries", "searchable_by_client"), *door.shown("clients_searching_log"))
    if not log.of.entries:
        return measured(0, "The log is empty.", "The first entry raises it.", *shown)
    if not door.of.clients_searching_log:
        return measured(
            1,
            "The log holds who read what; nobody may search it.",
            "Give a client of the agency the scope audit:search: safepassage-node clients add.",
            *shown,
        )
    if not log.of.searchable_by_client:
        return measured(
            2,
            "The log holds who read what, and can be searched by student and time; a search by credential reads through all of it.",
            "Let the log be searched by credential.",
            *shown,
        )
    return measured(4, "The log can be searched by credential and time.", "", *shown)


def breach_clocks(measures: Measures) -> Finding:
    """b67."""
    report = measures.privacy
    it, shown = report.of, report.shown("breach_clocks", "breach_duties", "breach_duties_in_time")
    if not it.breach_clocks:
        return measured(0, "No law's clock is set up.", "Set up the clocks of your state.", *shown)
    if not it.breach_duties:
        return measured(
            3, f"{it.breach_clocks} clocks are set up; none has run to its end.", "The first breach or rehearsal raises it.", *shown
        )
    return measured(
        max(1, level_of_share(it.breach_duties_in_time, it.breach_duties)),
        f"{it.breach_duties_in_time} of {it.breach_duties} notices of breaches were given in time.",
        "Give them in time.",
        *shown,
    )


def agreements_settled(measures: Measures) -> Finding:
    """r71."""
    report = measures.privacy
    it, shown = report.of, report.shown("agreements_ended", "agreements_ended_settled")
    if not it.agreements_ended:
        return nothing_to_measure("No agreement has ended yet.", "The end of an agreement raises it.", *shown)
    return measured(
        level_of_share(it.agreements_ended_settled, it.agreements_ended),
        f"{it.agreements_ended_settled} of {it.agreements_ended} agreements that ended have every destruction shown.",
        "Get the vendors' certificates.",
        *shown,
    )


def holds_block(measures: Measures) -> Finding:
    """r72. The node is asked before records are destroyed, and refuses while a request to inspect is outstanding."""
    report = measures.privacy
    it, shown = report.of, report.shown("destructions_cleared", "destructions_despite_hold")
    if it.destructions_despite_hold:
        return measured(0, "A destruction was cleared while a request to inspect was outstanding.", "Look at it at once.", *shown)
    if not it.destructions_cleared:
        return measured(
            3, "A destruction is asked for first, and refused while a hold is on; none was asked for.", "The first raises it.", *shown
        )
    return measured(4, f"{it.destructions_cleared} destructions were cleared, none while a request to inspect was outstanding.", "", *shown)


def quality_feedback(measures: Measures) -> Finding:
    """q76. Each load answers with what was refused and where; what was repaired is not followed."""
    report = measures.records
    it, shown = report.of, report.shown("loads", "loading_organisations")
    if not it.loads:
        return nothing_to_measure("Nothing was loaded in 30 days.", "Loads raise it.", *shown)
    return measured(
        3,
        f"{it.loads} loads of {it.loading_organisations} organizations in 30 days were answered with what was refused and where.",
        "Follow what was repaired.",
        *shown,
    )
