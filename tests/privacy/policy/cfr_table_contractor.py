"""34 CFR 99.31(a)(1)(i)(B), 99.33(b), 99.7(a)(3)(iii), and California's overlay: rows of the table."""

from typing import Final

from tests.privacy.policy.cfr_rows import Row, allow, deny
from tests.privacy.policy.situations import ADDRESS, DAY, GONE, HOMELESS, MEAL, NOW, ORDINARY, PART_C, PART_D, SSN, TAKEN_BACK

HERE: Final = ("contractor",)
ONWARD: Final = ("contractor, redisclosed",)
BOTH: Final = (*HERE, *ONWARD)
TERMINATED: Final = "contractor-agreement-terminated"
CLAUSES: Final = ("ca-49073.1-b1", "ca-49073.1-b2", "ca-49073.1-b3", "ca-49073.1-b4")
OVERLAY: Final = ("ca-49073.1-b1-property", "ca-49073.1-b2-pupil-content", "ca-49073.1-b3-no-other-purpose", "ca-49073.1-b4-review")

ROWS: Final[tuple[Row, ...]] = (
    *allow("99.31(a)(1)(i)(B)", BOTH),
    *(
        row
        for kind in ("school", "lea", "sea", "agency", "person")
        for row in deny("99.31(a)(1)(i)(B)", BOTH, {"recipient.kind": kind}, "recipient-kind")
    ),
    *deny("99.31(a)(1)(i)(B)", BOTH, {"agreement": GONE}, "agreement-missing"),
    *deny("99.31(a)(1)(i)(B)", BOTH, {"agreement.kind": "study"}, "agreement-of-another-kind"),
    *deny("99.31(a)(1)(i)(B)", BOTH, {"agreement.signed": False}, "agreement-unsigned"),
    *deny("99.31(a)(1)(i)(B)", BOTH, {"agreement.names_recipient": False}, "agreement-with-another-party"),
    *allow("99.31(a)(1)(i)(B)", BOTH, {"agreement.starts_at": NOW - 1}),
    *allow("99.31(a)(1)(i)(B)", BOTH, {"agreement.starts_at": NOW}),
    *deny("99.31(a)(1)(i)(B)", BOTH, {"agreement.starts_at": NOW + 1}, "agreement-not-begun"),
    *allow("99.31(a)(1)(i)(B)", BOTH, {"agreement.ends_at": NOW + 1}),
    *deny("99.31(a)(1)(i)(B)", BOTH, {"agreement.ends_at": NOW}, "agreement-ended"),
    *deny("99.31(a)(1)(i)(B)", BOTH, {"agreement.ends_at": NOW - 1}, "agreement-ended"),
    *allow("99.31(a)(1)(i)(B)", BOTH, {"agreement.terminated_at": NOW + 1}),
    *deny("99.31(a)(1)(i)(B)", BOTH, {"agreement.terminated_at": NOW}, "agreement-terminated", by=TERMINATED),
    *deny("99.31(a)(1)(i)(B)", BOTH, {"agreement.terminated_at": NOW - DAY}, "agreement-terminated", by=TERMINATED),
    *deny("99.31(a)(1)(i)(B)(1)", BOTH, {"agreement.institutional_service": False}, "no-institutional-service"),
    *deny("99.31(a)(1)(i)(B)(2)", BOTH, {"agreement.direct_control": False}, "no-direct-control"),
    *deny("99.31(a)(1)(i)(B)(3)", BOTH, {"agreement.redisclosure_limits": False}, "no-redisclosure-limits"),
    *deny("99.31(a)(1)(i)(A)", BOTH, {"agreement.legitimate_interest": False}, "no-legitimate-interest"),
    *deny("99.7(a)(3)(iii)", BOTH, {"custody.annual_notice_school_officials": False}, "no-annual-notice-of-criteria"),
    *deny("99.31(a)(1)(i)(B)", BOTH, {"custody.keeper_party_to_agreement": False}, "district-not-party"),
    *deny("99.33(a)(2)", BOTH, {"purpose": "recruiting"}, "purpose-not-agreed"),
    *deny("99.33(a)(2)", BOTH, {"agreement.purposes": []}, "purpose-not-agreed"),
    *allow("99.33(a)(2)", BOTH, {"agreement.purposes": ["education"]}),
    *deny("99.33(a)(2)", BOTH, {"purpose": "education"}, "purpose-not-agreed"),
    *deny("99.31(a)(1)(ii)", BOTH, {"agreement.elements": [ADDRESS]}, "not-scheduled"),
    *deny("99.31(a)(1)(ii)", BOTH, {"agreement.elements": []}, "not-scheduled"),
    *allow("99.31(a)(1)(ii)", BOTH, {"agreement.elements": [ORDINARY]}),
    *allow("99.33(b)(1), the district's own disclosure", HERE, {"custody.originated_here": True}),
    *allow("99.33(b)(1), the district's own disclosure", HERE, {"custody.originator_party_to_agreement": False}),
    *deny("99.33(b)(1)", ONWARD, {"custody.originated_here": True}, "originated-here"),
    *deny("99.33(b)(1)", ONWARD, {"custody.originator_party_to_agreement": False}, "onward-disclosure-not-agreed"),
    *allow("99.30, a consent taken back beside it has no part", BOTH, {"consent": TAKEN_BACK}),
    *allow("99.5, a parent's consent beside it has no part", BOTH, {"consent": TAKEN_BACK, "student.eligible": True}),
    *allow("99.5, a student's consent beside it has no part", BOTH, {"consent": {**TAKEN_BACK, "grantor_role": "student"}}),
    *allow("99.5, contractors need no consent", BOTH, {"student.eligible": True}),
    *allow("99.31(a)(1)(i)(B), an SSN that is scheduled", BOTH, element=SSN),
    *deny("SSN", BOTH, {"recipient.in_exchange": True}, "ssn-never-leaves", by="exchange-ssn", element=SSN),
    *deny("1758(b)(6)(A)", BOTH, {}, "meal-status-restricted", by="nsla-meal-status", element=MEAL),
    *allow("1758(b)(6)(A)(i)", BOTH, {"purpose": "child-nutrition"}, element=MEAL, more=["status-only:1758(b)(6)(B)"]),
    *allow("1758(b)(6)(A)(i)", BOTH, {"purpose": "child-nutrition"}),
    *deny("11432(g)(3)(G)", BOTH, {}, "living-situation-restricted", by="mckinney-vento-living-situation", element=HOMELESS),
    *deny(
        "11432(g)(3)(G)",
        BOTH,
        {"student.homeless": True},
        "living-situation-restricted",
        by="mckinney-vento-living-situation",
        element=HOMELESS,
    ),
    *deny("11432(g)(3)(G)", BOTH, {"student.homeless": True}, "living-situation-restricted", by="mckinney-vento-address", element=ADDRESS),
    *allow("11432(g)(3)(G)", BOTH, {"student.homeless": True}),
    *allow("11432(g)(3)(G)", BOTH, element=ADDRESS),
    *deny("protected address", BOTH, {"student.protected_address": True}, "protected-address", by="protected-address", element=ADDRESS),
    *allow("protected address", BOTH, {"student.protected_address": True}),
    *deny("Part C", BOTH, {}, "early-intervention-needs-consent", by="idea-part-c", element=PART_C),
    *deny("Part D of Title I", BOTH, {}, "part-d-restricted", by="esea-part-d-program", element=PART_D),
    *allow("99.67(c)-(e)", BOTH, {"custody.recipient_debarred_until": NOW - 1}),
    *allow("Cal. Educ. Code 49073.1(b)", BOTH, {"student.jurisdiction": "US-CA"}),
    *allow("Cal. Educ. Code 49073.1(b)", BOTH, {"agreement.clauses": []}),
    *allow("Cal. Educ. Code 49073.1(b)", BOTH, {"student.jurisdiction": "US", "agreement.clauses": []}),
    *allow("Cal. Educ. Code 49073.1(b)", BOTH, {"student.jurisdiction": "US-NV", "agreement.clauses": []}),
    *allow(
        "Cal. Educ. Code 49073.1(b)(2)",
        BOTH,
        {"student.jurisdiction": "US-CA", "agreement.clauses": [CLAUSES[0], "ca-49073.1-b2-not-applicable", CLAUSES[2], CLAUSES[3]]},
    ),
    *(
        row
        for clause, policy in zip(CLAUSES, OVERLAY, strict=True)
        for row in deny(
            "Cal. Educ. Code 49073.1(b)",
            BOTH,
            {"student.jurisdiction": "US-CA", "agreement.clauses": [it for it in CLAUSES if it != clause]},
            "state-clause-missing",
            by=policy,
        )
    ),
    *deny(
        "Cal. Educ. Code 49073.1(b)",
        BOTH,
        {"student.jurisdiction": "US-CA", "agreement": GONE},
        "state-clause-missing",
        by=OVERLAY[0],
    ),
    *deny(
        "Cal. Educ. Code 49073.1(b), third parties",
        BOTH,
        {"student.jurisdiction": "US-CA", "agreement.clauses": [], "recipient.kind": "school"},
        "recipient-kind",
    ),
    *deny(
        "Cal. Educ. Code 49073.1(b), not for a question",
        ("request",),
        {"basis": "contractor", "recipient.kind": "vendor"},
        "no-permit-for-this-action",
        by=None,
    ),
    *allow("Cal. Educ. Code 49073.1(b), contracts only", ("consent", "transfer"), {"student.jurisdiction": "US-CA"}),
)
