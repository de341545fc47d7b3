"""Rules of the area legal basis and agreements: questions l16 to l21."""

from services.privacy.readiness.finding import Finding, level_of_share, measured, nothing_to_measure
from services.privacy.readiness.measures import Measures, Report
from shared.contracts.readiness import PrivacyMeasures


def basis_and_agreement(measures: Measures) -> Finding:
    """l16."""
    report = measures.privacy
    it = report.of
    shown = report.shown("rules", "rules_reviewed", "decisions", "agreements", "agreements_complete")
    if not it.rules:
        return measured(0, "No rules are in force.", "Activate a set of rules: on the page Decisions, under The rules that decide.", *shown)
    if not it.agreements:
        return measured(2, "Rules decide every disclosure; no agreement is on record.", "Record the agreements in force.", *shown)
    if it.agreements_complete < it.agreements:
        return measured(
            2, "Rules decide every disclosure; some agreements lack a clause.", "Amend the agreements that lack a clause.", *shown
        )
    if not it.rules_reviewed:
        return measured(
            3, "Every agreement has its clauses; some rules are unreviewed drafts.", "Have counsel review the rules in force.", *shown
        )
    return measured(4, "Reviewed rules decide, and every agreement has its clauses.", "", *shown)


def audit_agreements(measures: Measures) -> Finding:
    """l17."""
    return _of_kind(measures.privacy, "audit and evaluation", "audit_agreements", "audit_agreements_complete")


def study_agreements(measures: Measures) -> Finding:
    """l18."""
    return _of_kind(measures.privacy, "studies", "study_agreements", "study_agreements_complete")


def _of_kind(report: Report[PrivacyMeasures], kind: str, held: str, complete: str) -> Finding:
    there, whole = getattr(report.of, held), getattr(report.of, complete)
    shown = report.shown(held, complete)
    if not there:
        return nothing_to_measure(
            f"No agreement for {kind} is on record.", "Record such agreements, or attest that there are none.", *shown
        )
    return measured(
        level_of_share(whole, there),
        f"{whole} of {there} agreements for {kind} have every clause.",
        "Amend the agreements that lack a clause.",
        *shown,
    )


def interstate_understandings(measures: Measures) -> Finding:
    """l19. The understanding is evidence of the kind interstate-understanding, in force."""
    report = measures.privacy
    it = report.of
    shown = report.shown("partners", "partners_with_understanding", "districts", "districts_agreeing_onward")
    if not it.partners:
        return nothing_to_measure("No other state is a partner yet.", "Join a network of states.", *shown)
    return measured(
        level_of_share(it.partners_with_understanding, it.partners),
        f"{it.partners_with_understanding} of {it.partners} partner states have an understanding on record.",
        "Record the understanding with each partner.",
        *shown,
    )


def expiry_noticed(measures: Measures) -> Finding:
    """l20. The scorecard itself notices: it counts those that end within 90 days and have no successor."""
    report = measures.privacy
    it, shown = report.of, report.shown("agreements", "agreements_ending")
    if not it.agreements:
        return nothing_to_measure("No agreement is in force.", "Record the agreements in force.", *shown)
    if it.agreements_ending:
        return measured(
            3,
            f"{it.agreements_ending} of {it.agreements} agreements end within 90 days and have no successor.",
            "Record successors, or end the disclosures.",
            *shown,
        )
    return measured(4, "The ends of agreements are watched; none ends within 90 days without a successor.", "", *shown)


def barred_parties(measures: Measures) -> Finding:
    """l21."""
    report = measures.privacy
    it, shown = report.of, report.shown("bars_debarred", "debarments", "decisions")
    if not it.bars_debarred:
        return measured(0, "No rule in force refuses a barred party.", "Activate a set with such a rule.", *shown)
    if not it.decisions:
        return measured(3, "A rule in force refuses barred parties.", "The first decisions raise it.", *shown)
    return measured(4, "Every decision of the last 30 days was checked against the findings on record.", "", *shown)
