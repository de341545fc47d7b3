"""Rules of the area inventory and minimisation: questions i9 to i12, i14, i15."""

from services.privacy.readiness.finding import Finding, level_of_share, measured, nothing_to_measure, percent
from services.privacy.readiness.measures import Measures


def published_inventory(measures: Measures) -> Finding:
    """i9. The catalogue is documented; purpose and authority stand in the rules, retention nowhere yet."""
    report = measures.privacy
    it, shown = report.of, report.shown("elements", "elements_described", "elements_with_retention")
    if not it.elements_described:
        return measured(0, "No element of the catalogue is described.", "Describe every element of the catalogue.", *shown)
    if it.elements_described < it.elements:
        return measured(1, "Some elements of the catalogue are not described.", "Describe every element of the catalogue.", *shown)
    kept = it.elements_with_retention or 0
    if kept < it.elements:
        return measured(
            2,
            "Every element is described; how long each is kept is not part of the catalogue.",
            "Attach the published inventory with purpose, authority and retention.",
            *shown,
        )
    return measured(3, "Every element is described, with its retention.", "Attach the published inventory.", *shown)


def tied_to_vocabulary(measures: Measures) -> Finding:
    """i10."""
    report = measures.privacy
    it = report.of
    level = level_of_share(it.elements_with_ceds, it.elements)
    return measured(
        level,
        f"{it.elements_with_ceds} of {it.elements} elements have a CEDS identifier.",
        "Find identifiers for the others, or have them added to CEDS.",
        *report.shown("elements", "elements_with_ceds"),
    )


def without_authority(measures: Measures) -> Finding:
    """i11. What no rule permits is withheld, each time with a reason."""
    report = measures.privacy
    it, shown = (
        report.of,
        report.shown("rules", "rules_reviewed", "decisions_sampled", "elements_withheld", "elements_withheld_unexplained"),
    )
    if not it.rules:
        return measured(0, "No rules are in force.", "Activate a set of rules: on the page Decisions, under The rules that decide.", *shown)
    if it.elements_withheld_unexplained:
        return measured(1, "Elements were withheld without a reason.", "Look at the decisions concerned.", *shown)
    if not it.decisions_sampled:
        return measured(2, "Rules are in force; no decision has been taken yet.", "The first decisions raise it.", *shown)
    if not it.rules_reviewed:
        return measured(
            3,
            "Every element that was withheld has its reason; some rules are unreviewed drafts.",
            "Have counsel review the rules in force.",
            *shown,
        )
    return measured(4, "Reviewed rules decide, and every element that was withheld has its reason.", "", *shown)


def prohibited_blocked(measures: Measures) -> Finding:
    """i12."""
    report = measures.privacy
    it, shown = report.of, report.shown("elements", "elements_prohibited", "bars_ssn", "decisions_sampled")
    if it.elements_prohibited:
        return measured(0, "The catalogue holds elements of a prohibited kind.", "Take them out of the catalogue.", *shown)
    if not it.elements:
        return measured(0, "There is no catalogue of elements.", "Use a catalogue.", *shown)
    if not it.bars_ssn:
        return measured(
            2, "The catalogue is closed; no rule in force bars the social security number.", "Activate a set with such a rule.", *shown
        )
    if not it.decisions_sampled:
        return measured(3, "The catalogue is closed and the rules bar what must not leave.", "The first decisions raise it.", *shown)
    return measured(4, "The catalogue is closed, and decisions are taken under rules that bar what must not leave.", "", *shown)


def special_kinds_marked(measures: Measures) -> Finding:
    """i14."""
    report = measures.privacy
    it = report.of
    return measured(
        level_of_share(it.special_kinds_marked, it.special_kinds, three=75),
        f"{it.special_kinds_marked} of {it.special_kinds} special kinds are marked in the catalogue.",
        "Mark the kinds that are missing.",
        *report.shown("special_kinds", "special_kinds_marked"),
    )


def unguessable_identifiers(measures: Measures) -> Finding:
    """i15."""
    report = measures.records
    it, shown = report.of, report.shown("students_sampled", "students_random")
    if not it.students_sampled:
        return nothing_to_measure("No student is held yet.", "The first students raise it.", *shown)
    share = percent(it.students_random, it.students_sampled)
    return measured(
        4 if share == 100 else 1 if share else 0,
        f"{share} percent of a sample of identifiers are random.",
        "Give students random identifiers.",
        *shown,
    )
