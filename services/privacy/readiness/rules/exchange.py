"""Rules of the area interstate exchange: questions x42 to x50."""

from services.privacy.readiness.finding import Finding, level_of_share, measured, nothing_to_measure, percent
from services.privacy.readiness.measures import Measures

RECEIPTS_WANTED_PERCENT = 99


def within_ten_days(measures: Measures) -> Finding:
    """x42."""
    report = measures.records
    it = report.of
    shown = report.shown("answers_awaited", "answers_in_ten_days", "answers_median_hours")
    if not it.answers_awaited:
        return nothing_to_measure("No request of ours was answered or is late.", "The first answers raise it.", *shown)
    share = percent(it.answers_in_ten_days, it.answers_awaited)
    return measured(
        level_of_share(it.answers_in_ten_days, it.answers_awaited, three=80),
        f"{share} percent of our requests had their record within ten days.",
        "See with the partners why some take longer.",
        *shown,
    )


def proof_of_enrolment(measures: Measures) -> Finding:
    """x43. A request without it has no valid form, here and at every other node."""
    report = measures.records
    it, shown = report.of, report.shown("requests_sent", "requests_taken")
    total = it.requests_sent + it.requests_taken
    if not total:
        return nothing_to_measure("No request was sent or taken yet.", "The first requests raise it.", *shown)
    return measured(4, f"All {total} requests carry evidence of enrollment: none is taken without.", "", *shown)


def matching_quality(measures: Measures) -> Finding:
    """x44."""
    report = measures.records
    it, shown = report.of, report.shown("match_cases", "match_precision_percent", "match_recall_percent")
    worst = min(it.match_precision_percent, it.match_recall_percent)
    level = 4 if worst >= 99 else 3 if worst >= 95 else 2 if worst >= 80 else 1
    return measured(
        level,
        f"Precision {it.match_precision_percent} percent, recall {it.match_recall_percent} percent.",
        "Look at the cases that were not told apart.",
        *shown,
    )


def near_matches(measures: Measures) -> Finding:
    """x45. Five days are ours; the law gives no number."""
    report = measures.records
    it, shown = report.of, report.shown("reviews", "reviews_in_five_days")
    if not it.reviews:
        return nothing_to_measure("No near match was to be resolved yet.", "The first ones raise it.", *shown)
    return measured(
        level_of_share(it.reviews_in_five_days, it.reviews, three=80),
        f"{percent(it.reviews_in_five_days, it.reviews)} percent were resolved by a person within five days.",
        "Resolve those that wait: safepassage-node matches list.",
        *shown,
    )


def programme_included(measures: Measures) -> Finding:
    """x46. Of transfers for which the programme was asked."""
    report = measures.privacy
    it, shown = report.of, report.shown("iep_asked", "iep_permitted")
    if not it.iep_asked:
        return nothing_to_measure("No transfer asked for an education program yet.", "The first ones raise it.", *shown)
    return measured(
        level_of_share(it.iep_permitted, it.iep_asked),
        f"Of {it.iep_asked} transfers for which the program was asked, {it.iep_permitted} may include it.",
        "See in the decisions why it was withheld.",
        *shown,
    )


def receipts(measures: Measures) -> Finding:
    """x47."""
    report = measures.records
    it, shown = report.of, report.shown("envelopes_sent", "envelopes_receipted")
    if not it.envelopes_sent:
        return nothing_to_measure("Nothing was sent yet.", "The first exchanges raise it.", *shown)
    share = percent(it.envelopes_receipted, it.envelopes_sent)
    level = 4 if share >= RECEIPTS_WANTED_PERCENT else 3 if share >= 95 else 2 if share >= 80 else 1 if share else 0
    return measured(level, f"{share} percent of deliveries have a signed receipt.", "See why the others have none.", *shown)


def cohort_receipts(measures: Measures) -> Finding:
    """x48. A package that its recipient rejected moves nobody out of the cohort: it is answered, not filed."""
    report = measures.records
    it, shown = report.of, report.shown("packages_receipted", "packages_answered", "packages_filed")
    if not it.packages_receipted:
        return nothing_to_measure("No package was delivered yet.", "The first transfers raise it.", *shown)
    return measured(
        level_of_share(it.packages_answered, it.packages_receipted),
        f"{it.packages_filed} of {it.packages_receipted} packages are filed by signed receipt, {it.packages_answered} answered.",
        "See which recipients have not answered.",
        *shown,
    )


def urgent_students(measures: Measures) -> Finding:
    """x49. Of the duties to send and to contact the last school, which the exchange's receipts end."""
    report = measures.privacy
    it, shown = report.of, report.shown("urgent_requests", "urgent_answered_same_day")
    if not it.urgent_requests:
        return nothing_to_measure("No such request came yet.", "The first ones raise it.", *shown)
    return measured(
        level_of_share(it.urgent_answered_same_day, it.urgent_requests),
        f"{percent(it.urgent_answered_same_day, it.urgent_requests)} percent were answered on the same day.",
        "Answer such requests on the day they come.",
        *shown,
    )


def notice_acknowledged(measures: Measures) -> Finding:
    """x50."""
    report = measures.records
    it, shown = report.of, report.shown("packages_receipted", "notices_sampled", "notices_acknowledged")
    if not it.notices_sampled:
        return nothing_to_measure("No package was delivered yet.", "The first transfers raise it.", *shown)
    return measured(
        level_of_share(it.notices_acknowledged, it.notices_sampled),
        f"{it.notices_acknowledged} of {it.notices_sampled} receipts acknowledge the notice.",
        "Ask the recipients that did not.",
        *shown,
    )
