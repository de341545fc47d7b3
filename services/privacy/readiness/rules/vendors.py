"""Rules of the area vendors: questions v51, v52, v54, v55."""

from services.privacy.readiness.finding import Finding, level_of_share, measured, nothing_to_measure, percent
from services.privacy.readiness.measures import Measures


def agreements_of_vendors(measures: Measures) -> Finding:
    """v51."""
    door, privacy = measures.gateway, measures.privacy
    vendors = door.of.vendors_with_credentials
    agreed = vendors & privacy.of.parties_with_agreement
    shown = (door.figure("vendors-with-credentials", len(vendors)), privacy.figure("of-them-with-agreement", len(agreed)))
    if not vendors:
        return nothing_to_measure("No vendor has credentials.", "The first vendors raise it.", *shown)
    return measured(
        level_of_share(len(agreed), len(vendors)),
        f"{len(agreed)} of {len(vendors)} vendors with credentials have an agreement in force.",
        "Record their agreements, or take their credentials back.",
        *shown,
    )


def within_schedule(measures: Measures) -> Finding:
    """v52."""
    report = measures.privacy
    it, shown = report.of, report.shown("contract_decisions_sampled", "contract_decisions_beyond_schedule")
    if it.contract_decisions_beyond_schedule:
        return measured(0, "A decision permits more than its agreement schedules.", "Look at the decision at once.", *shown)
    if not it.contract_decisions_sampled:
        return nothing_to_measure("No vendor has read yet.", "The first reads raise it.", *shown)
    return measured(4, "Every decision of the sample stays within its agreement's schedule.", "", *shown)


def destruction_certified(measures: Measures) -> Finding:
    """v54."""
    report = measures.privacy
    it, shown = report.of, report.shown("destructions_due", "destructions_shown", "destructions_held")
    if not it.destructions_due:
        return nothing_to_measure("No destruction is due yet.", "The end of an agreement raises it.", *shown)
    return measured(
        level_of_share(it.destructions_shown, it.destructions_due),
        f"{it.destructions_shown} of {it.destructions_due} destructions that are due are shown.",
        "Get the vendors' certificates.",
        *shown,
    )


def dormant_credentials(measures: Measures) -> Finding:
    """v55."""
    report = measures.gateway
    it, shown = report.of, report.shown("clients", "clients_of_a_month", "clients_dormant")
    if not it.clients_of_a_month:
        return nothing_to_measure("No client has been registered for 30 days yet.", "Time raises it.", *shown)
    used = it.clients_of_a_month - it.clients_dormant
    return measured(
        level_of_share(used, it.clients_of_a_month),
        f"{percent(it.clients_dormant, it.clients_of_a_month)} percent of credentials have been unused for 30 days.",
        "Take the unused ones back.",
        *shown,
    )
