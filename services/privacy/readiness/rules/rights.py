"""Rules of the area consent, rights, transparency: questions c24 to c30, c32, c33; and g3, which asks who answers for such records."""

from services.privacy.readiness.finding import Finding, level_of_share, measured, nothing_to_measure, percent
from services.privacy.readiness.measures import Measures


def whole_consents(measures: Measures) -> Finding:
    """c24."""
    report = measures.privacy
    it, shown = report.of, report.shown("consents_sampled", "consents_complete", "consents_electronic")
    if not it.consents_sampled:
        return nothing_to_measure("No consent is on record yet.", "The first consents raise it.", *shown)
    level = level_of_share(it.consents_complete, it.consents_sampled)
    return measured(
        level,
        f"{it.consents_complete} of a sample of {it.consents_sampled} consents have every element.",
        "Look at the consents that lack one.",
        *shown,
    )


def revocation(measures: Measures) -> Finding:
    """c25. A consent is read with each decision, so none may rest on one that was taken back before."""
    report = measures.privacy
    it = report.of
    shown = report.shown("consents_withdrawn", "consent_decisions_sampled", "consent_decisions_after_withdrawal")
    if it.consent_decisions_after_withdrawal:
        return measured(0, "A decision rests on a consent that had been taken back.", "Look at the decision at once.", *shown)
    if not it.consents_withdrawn:
        return measured(2, "Every decision reads the consent anew; none was taken back yet.", "The first withdrawal raises it.", *shown)
    if not it.consent_decisions_sampled:
        return measured(3, "Consents were taken back, and no decision rests on one.", "Decisions on consents raise it.", *shown)
    return measured(4, "Consents were taken back, and no decision of the sample came after.", "", *shown)


def opt_outs(measures: Measures) -> Finding:
    """c26."""
    report = measures.privacy
    it, shown = report.of, report.shown("opt_outs", "opt_outs_of_former")
    if not it.opt_outs:
        return nothing_to_measure("No opt-out is on record.", "Record the opt-outs that the districts hold.", *shown)
    if not it.opt_outs_of_former:
        return measured(3, "Opt-outs are on record, none of a former student yet.", "The first of a former student raises it.", *shown)
    return measured(4, f"{it.opt_outs_of_former} opt-outs of former students are kept in force.", "", *shown)


def majority(measures: Measures) -> Finding:
    """c27."""
    report = measures.privacy
    it, shown = report.of, report.shown("subjects_sampled", "subjects_decidable", "subjects_of_age")
    if not it.subjects_sampled:
        return nothing_to_measure("No student's facts are held yet.", "The first students raise it.", *shown)
    if it.subjects_decidable < it.subjects_sampled:
        return measured(
            2, "For some students the rule of majority lacks a fact.", "Complete dates of birth and time zones of the students.", *shown
        )
    if not it.subjects_of_age:
        return measured(3, "The rule applies to every student of the sample; none is of age yet.", "The first one raises it.", *shown)
    return measured(4, f"The rule moved the rights of {it.subjects_of_age} students of the sample.", "", *shown)


def inspections(measures: Measures) -> Finding:
    """c28."""
    report = measures.privacy
    it = report.of
    shown = report.shown("inspections", "inspections_in_time", "inspections_median_days")
    if not it.inspections:
        return nothing_to_measure("No request to inspect is on record.", "Record the requests.", *shown)
    return measured(
        level_of_share(it.inspections_in_time, it.inspections),
        f"{percent(it.inspections_in_time, it.inspections)} percent were complied with within 45 days.",
        "Comply within 45 days.",
        *shown,
    )


def amendment(measures: Measures) -> Finding:
    """c29."""
    report = measures.privacy
    it, shown = report.of, report.shown("amendments", "hearings", "statements")
    if not it.amendments:
        return nothing_to_measure("No request to amend is on record.", "Record the requests.", *shown)
    if not it.hearings:
        return measured(3, "Requests to amend are on record; none came to a hearing.", "The first hearing raises it.", *shown)
    return measured(4, "Requests, hearings and statements are on record.", "", *shown)


def disclosure_history(measures: Measures) -> Finding:
    """c30."""
    report = measures.gateway
    it, shown = report.of, report.shown("districts", "districts_drawing_accounting")
    if not it.districts:
        return nothing_to_measure("No district is registered yet.", "Register the districts: safepassage-node organisations add.", *shown)
    return measured(
        level_of_share(it.districts_drawing_accounting, it.districts),
        f"{it.districts_drawing_accounting} of {it.districts} districts can draw the accounting of disclosures for a parent.",
        "Give a client of each district the scope audit:accounting: safepassage-node clients add.",
        *shown,
    )


def public_questions(measures: Measures) -> Finding:
    """c32."""
    report = measures.privacy
    it, shown = report.of, report.shown("public_questions", "public_questions_in_time")
    if not it.public_questions:
        return nothing_to_measure(
            "No question of the public is on record.",
            "Have the agency's own system start a clock for each: Answer a question of the public.",
            *shown,
        )
    level = max(1, level_of_share(it.public_questions_in_time, it.public_questions))
    share = percent(it.public_questions_in_time, it.public_questions)
    return measured(level, f"{share} percent were answered in time.", "Answer in time.", *shown)


def access_to_special_education(measures: Measures) -> Finding:
    """c33. Every read is in the log; the list is drawn by who has the scope."""
    log, door = measures.audit, measures.gateway
    reads = log.of.by_class.get("read", 0)
    shown = (*log.shown("entries"), log.figure("reads-of-seven-days", reads), *door.shown("districts", "districts_drawing_accounting"))
    if not log.of.entries:
        return measured(0, "The log is empty.", "The first entry raises it.", *shown)
    if not door.of.districts_drawing_accounting:
        return measured(
            2,
            "Accesses are logged; no district can draw the list.",
            "Give a client of each district the scope audit:accounting: safepassage-node clients add.",
            *shown,
        )
    if not reads:
        return measured(3, "The list can be drawn; nobody has read in seven days.", "Reads raise it.", *shown)
    return measured(4, f"{reads} reads of seven days are in the log, and districts can draw the list.", "", *shown)


def responsible_official(measures: Measures) -> Finding:
    """g3. Of the list of who has access (34 CFR 300.623); where no agency keeps it here, somebody's word counts."""
    report = measures.privacy
    it = report.of
    shown = report.shown("districts", "districts_naming_responsible", "access_listed", "access_listed_trained")
    if not it.access_listed or not it.districts:
        return nothing_to_measure(
            "No agency keeps its list of who has access here.",
            "Have each district keep it here: its system needs the scope safeguards:keep (safepassage-node clients add).",
            *shown,
        )
    level = level_of_share(it.districts_naming_responsible or 0, it.districts)
    if level == 4 and it.access_listed_trained != it.access_listed:
        return measured(3, "Every district names who is responsible; of some on the lists no training is recorded.", "Record it.", *shown)
    return measured(
        level,
        f"{it.districts_naming_responsible} of {it.districts} districts name who is responsible.",
        "Name the official of each district.",
        *shown,
    )
