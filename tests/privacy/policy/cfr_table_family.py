"""34 CFR 99.31(a)(8), (a)(12)-(16), 99.4, 99.10, 99.39; parents who disagree: rows of the table."""

from typing import Final

from tests.privacy.policy.cfr_rows import Row, allow, another_basis_rows, deny, evidence_rows
from tests.privacy.policy.ground_situations import IEP, INCIDENTS, NAME
from tests.privacy.policy.situations import ADDRESS, DAY, GONE, HOMELESS, MEAL, NOW, ORDINARY, PART_C, PART_D, TAKEN_BACK

HOLDER: Final = ("rights-holder",)
DEPENDENT: Final = ("dependent-student",)
VICTIM: Final = ("crime-victim",)
RESULTS: Final = ("disciplinary-results",)
PROCEEDING: Final = (*VICTIM, *RESULTS)
SUBSTANCE: Final = ("substance-violation",)
OFFENDER: Final = ("registered-offender",)
FAMILY: Final = (*HOLDER, *DEPENDENT, *SUBSTANCE)
ORGANISATIONS: Final = ("vendor", "school", "lea", "sea", "agency")
NO_RIGHTS: Final = "ferpa-99.4-recipient-without-rights"
DESK: Final = ("route-to:custody-desk",)
CONSENT: Final = ("consent", "consent, redisclosed")

ROWS: Final[tuple[Row, ...]] = (
    *allow("99.31(a)(12)", HOLDER),
    *(row for kind in ORGANISATIONS for row in deny("99.31(a)(12)", HOLDER, {"recipient.kind": kind}, "recipient-kind")),
    *deny("99.31(a)(12)", HOLDER, {"relation": GONE}, "relation-missing"),
    *deny("99.31(a)(12)", HOLDER, {"relation.is_parent": False}, "neither-parent-nor-student"),
    *allow("99.31(a)(12), the student", HOLDER, {"relation.is_parent": False, "relation.is_student": True}),
    *allow("99.31(a)(12), the student", HOLDER, {"relation.is_parent": False, "relation.is_student": True, "student.eligible": True}),
    *deny("99.5(a)(1)", HOLDER, {"student.eligible": True}, "rights-moved-to-student"),
    *deny("99.31(a)(12), the agency's own duty", HOLDER, {"action": "redisclose"}, "no-permit-for-this-action", by=None),
    *another_basis_rows("99.31(a)(12)", HOLDER),
    *allow("99.4", FAMILY, {"relation.rights_ended_at": NOW + 1}),
    *deny("99.4", FAMILY, {"relation.rights_ended_at": NOW}, "parents-rights-ended", by=NO_RIGHTS, obliges=DESK),
    *deny("99.4", FAMILY, {"relation.rights_ended_at": NOW - DAY}, "parents-rights-ended", by=NO_RIGHTS, obliges=DESK),
    *allow(
        "99.4, of the student it says nothing",
        HOLDER,
        {"relation.is_student": True, "relation.rights_ended_at": NOW - DAY},
    ),
    *deny(
        "99.4, neither parent nor student",
        HOLDER,
        {"relation.is_parent": False, "relation.rights_ended_at": NOW - DAY},
        "neither-parent-nor-student",
    ),
    *allow("99.10, the whole record", HOLDER, element=IEP),
    *allow("99.10, the whole record", HOLDER, element=PART_C),
    *allow("99.10, the whole record", HOLDER, element=PART_D),
    *allow("99.10, the whole record", HOLDER, element=HOMELESS),
    *allow("99.10, the whole record", HOLDER, {"student.homeless": True}, element=ADDRESS),
    *allow("99.10, the whole record", HOLDER, element=MEAL, more=["status-only:1758(b)(6)(B)"]),
    *deny("protected address", HOLDER, {"student.protected_address": True}, "protected-address", by="protected-address", element=ADDRESS),
    *evidence_rows("99.31(a)(8)", DEPENDENT, "dependency", "dependency"),
    *(row for kind in ORGANISATIONS for row in deny("99.31(a)(8)", DEPENDENT, {"recipient.kind": kind}, "recipient-kind")),
    *allow("99.31(a)(8), of an eligible student", DEPENDENT, {"student.eligible": True}),
    *deny("99.31(a)(8)", DEPENDENT, {"relation": GONE}, "relation-missing"),
    *deny("99.31(a)(8)", DEPENDENT, {"relation.is_parent": False}, "recipient-is-no-parent"),
    *deny("99.31(a)(8)", DEPENDENT, {"dependency.names_parent": False}, "dependent-of-another"),
    *deny("99.31(a)(8)", DEPENDENT, {"dependency.elements": [ADDRESS]}, "not-in-evidence"),
    *evidence_rows("99.31(a)(13)-(14)", PROCEEDING, "proceeding", "final-results", begins=False),
    *deny("99.31(a)(13)-(14)", PROCEEDING, {"proceeding.postsecondary": False}, "not-postsecondary"),
    *allow("99.39", PROCEEDING, {"proceeding.offense": "non-forcible-sex-offense"}),
    *deny("99.39", PROCEEDING, {"proceeding.offense": "vandalism"}, "offense-of-another-kind"),
    *allow("99.31(a)(13)-(14)", PROCEEDING, {"proceeding.final_at": NOW}),
    *deny("99.31(a)(13)-(14)", PROCEEDING, {"proceeding.final_at": NOW + 1}, "results-not-yet-final"),
    *allow("99.39 'Final results'", PROCEEDING, element=NAME),
    *deny("99.39 'Final results'", PROCEEDING, {}, "not-the-final-results", element=ORDINARY),
    *deny("99.31(a)(13)-(14)", PROCEEDING, {"proceeding.elements": [NAME]}, "not-in-evidence", element=INCIDENTS),
    *allow("99.31(a)(13), whatever was found", VICTIM, {"proceeding.violation_found": False}),
    *(row for kind in ORGANISATIONS for row in deny("99.31(a)(13)", VICTIM, {"recipient.kind": kind}, "recipient-kind")),
    *(row for kind in ORGANISATIONS for row in allow("99.31(a)(14), to anyone", RESULTS, {"recipient.kind": kind})),
    *deny("99.31(a)(13)", VICTIM, {"proceeding.names_victim": False}, "recipient-is-not-the-victim"),
    *allow("99.31(a)(14), to anyone", RESULTS, {"proceeding.names_victim": False}),
    *deny("99.31(a)(14)(i)(B)", RESULTS, {"proceeding.violation_found": False}, "no-violation-found"),
    *deny("99.31(a)(14)(iii)", RESULTS, {"proceeding.final_since_1998": False}, "results-of-an-earlier-time"),
    *allow("99.31(a)(13), of earlier times too", VICTIM, {"proceeding.final_since_1998": False}),
    *evidence_rows("99.31(a)(15)(i)", SUBSTANCE, "substance", "determination"),
    *(row for kind in ORGANISATIONS for row in deny("99.31(a)(15)(i)", SUBSTANCE, {"recipient.kind": kind}, "recipient-kind")),
    *allow("99.31(a)(15)(i), of an eligible student", SUBSTANCE, {"student.eligible": True}),
    *deny("99.31(a)(15)(i)", SUBSTANCE, {"relation": GONE}, "relation-missing"),
    *deny("99.31(a)(15)(i)", SUBSTANCE, {"relation.is_parent": False}, "recipient-is-no-parent"),
    *deny("99.31(a)(15)(i)", SUBSTANCE, {"substance.postsecondary": False}, "not-postsecondary"),
    *deny("99.31(a)(15)(i)(A)", SUBSTANCE, {"substance.violation_determined": False}, "no-violation-determined"),
    *deny("99.31(a)(15)(i)(B)", SUBSTANCE, {"substance.under_21": False}, "not-under-21"),
    *deny("99.31(a)(15)(i)", SUBSTANCE, {}, "not-about-the-violation", element=ORDINARY),
    *deny("99.31(a)(15)(i)", SUBSTANCE, {"substance.elements": [ORDINARY]}, "not-in-evidence", element=INCIDENTS),
    *evidence_rows("99.31(a)(16)", OFFENDER, "registration", "registration"),
    *deny("99.31(a)(16)", OFFENDER, {"registration.provided_under_registration": False}, "not-provided-under-registration"),
    *deny("99.31(a)(16)", OFFENDER, {"registration.elements": [ADDRESS]}, "not-in-evidence"),
    *deny(
        "99.4, two parents with full rights",
        CONSENT,
        {"consent.refused": [ORDINARY]},
        "parents-disagree",
        by="custody-conflict-hold",
        obliges=DESK,
    ),
    *allow("99.4, what nobody refuses", CONSENT, {"consent.refused": [ADDRESS]}),
    *allow(
        "99.4, a disagreement about a consent that is not argued",
        ("contractor", "contractor, redisclosed"),
        {"consent": {**TAKEN_BACK, "refused": [ORDINARY]}},
    ),
)
