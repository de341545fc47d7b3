"""34 CFR 99.31(a)(4), (a)(5) with 99.38, (a)(7); 20 USC 1232g(b)(1)(K), (L): rows of the table."""

from typing import Final

from tests.privacy.policy.cfr_rows import Row, allow, deny, evidence_rows
from tests.privacy.policy.situations import ADDRESS, DAY, GONE, MEAL, NOW, ORDINARY

AID: Final = ("financial-aid",)
ACCREDITATION: Final = ("accreditation",)
MEALS: Final = ("meal-evaluation",)
BEFORE: Final = ("juvenile-justice-before-1974",)
AFTER: Final = ("juvenile-justice",)
JUVENILE: Final = (*BEFORE, *AFTER)
WELFARE: Final = ("child-welfare", "child-welfare, redisclosed")
OUTSIDERS: Final = ("vendor", "school", "lea", "person")

ROWS: Final[tuple[Row, ...]] = (
    *evidence_rows("99.31(a)(4)(i)", AID, "aid", "aid"),
    *deny("99.31(a)(4)(i)", AID, {"aid.applied_or_received": False}, "neither-applied-nor-received"),
    *deny("99.31(a)(4)(ii)", AID, {"aid.conditioned_on_attendance": False}, "not-conditioned-on-attendance"),
    *deny("99.31(a)(4)(i)(A)-(D)", AID, {"aid.necessary": False}, "not-necessary"),
    *deny("99.31(a)(4)(i)", AID, {"purpose": "study"}, "purpose-outside-the-basis"),
    *deny("99.31(a)(4)(i)", AID, {"aid.elements": [ADDRESS]}, "not-in-evidence"),
    *(row for kind in ("vendor", "school", "sea") for row in allow("99.31(a)(4)(i)", AID, {"recipient.kind": kind})),
    *evidence_rows("99.31(a)(7)", ACCREDITATION, "accreditation", "function", about=False),
    *deny("99.31(a)(7)", ACCREDITATION, {"accreditation.accrediting_function": False}, "no-accrediting-function"),
    *deny("99.31(a)(7)", ACCREDITATION, {"purpose": "study"}, "purpose-outside-the-basis"),
    *deny("99.31(a)(7)", ACCREDITATION, {"accreditation.elements": [ADDRESS]}, "not-in-evidence"),
    *evidence_rows("1232g(b)(1)(K)", MEALS, "meals", "evaluation", about=False),
    *allow("1232g(b)(1)(K), a contractor", MEALS, {"recipient.kind": "vendor"}),
    *(
        row
        for kind in ("school", "lea", "sea", "person")
        for row in deny("1232g(b)(1)(K)", MEALS, {"recipient.kind": kind}, "recipient-kind")
    ),
    *deny("1232g(b)(1)(K)", MEALS, {"meals.for_agriculture": False}, "not-for-agriculture"),
    *deny("1232g(b)(1)(K)", MEALS, {"meals.supported_programme": False}, "no-supported-programme"),
    *deny("1232g(b)(1)(K)", MEALS, {"meals.aggregate_results": False}, "results-not-aggregate"),
    *deny("1232g(b)(1)(K)(i)", MEALS, {"meals.protected": False}, "not-protected"),
    *deny("1232g(b)(1)(K)(ii)", MEALS, {"meals.destroyed": False}, "no-destruction"),
    *deny("1232g(b)(1)(K)", MEALS, {"purpose": "study"}, "purpose-outside-the-basis"),
    *deny("1232g(b)(1)(K)", MEALS, {"meals.elements": [ADDRESS]}, "not-in-evidence"),
    *allow("1758(b)(6)(A)(i)", MEALS, element=MEAL, more=["status-only:1758(b)(6)(B)"]),
    *evidence_rows("99.31(a)(5)(i)", JUVENILE, "juvenile", "statute"),
    *allow("99.31(a)(5)(i)", JUVENILE, {"recipient.kind": "sea"}),
    *(row for kind in OUTSIDERS for row in deny("99.31(a)(5)(i)", JUVENILE, {"recipient.kind": kind}, "recipient-kind")),
    *deny("99.31(a)(5)(i)", JUVENILE, {"juvenile.own_state": False}, "statute-of-another-state"),
    *deny("99.31(a)(5)(i)(A), 99.38(a)", JUVENILE, {"juvenile.concerns_system": False}, "not-about-serving-the-student"),
    *deny("99.31(a)(5)(i)", JUVENILE, {"juvenile.elements": [ADDRESS]}, "not-in-evidence"),
    *deny("99.31(a)(5)(i)(A)", BEFORE, {"juvenile.adopted_before": False}, "statute-not-adopted-before"),
    *deny("99.31(a)(5)(i)(A)", BEFORE, {"juvenile.adopted_before": False, "juvenile.adopted_after": True}, "statute-not-adopted-before"),
    *allow("99.31(a)(5)(i)(A), after adjudication too", BEFORE, {"juvenile.adjudicated_at": NOW - DAY}),
    *deny("99.31(a)(5)(i)(B)", AFTER, {"juvenile.adopted_after": False}, "statute-not-adopted-after"),
    *deny("99.31(a)(5)(i)(B)", AFTER, {"juvenile.adopted_after": False, "juvenile.adopted_before": True}, "statute-not-adopted-after"),
    *allow("99.38(a)", AFTER, {"juvenile.adjudicated_at": NOW + 1}),
    *deny("99.38(a)", AFTER, {"juvenile.adjudicated_at": NOW}, "already-adjudicated"),
    *deny("99.38(a)", AFTER, {"juvenile.adjudicated_at": NOW - DAY}, "already-adjudicated"),
    *deny("99.38(b)", AFTER, {"juvenile.certified_at": GONE}, "not-certified"),
    *allow("99.38(b)", AFTER, {"juvenile.certified_at": NOW}),
    *deny("99.38(b)", AFTER, {"juvenile.certified_at": NOW + 1}, "not-yet-certified"),
    *allow("99.31(a)(5), nothing turns on being a minor", JUVENILE, {"student.eligible": True}),
    *evidence_rows("1232g(b)(1)(L)", WELFARE, "placement", "responsibility"),
    *allow("1232g(b)(1)(L), a state agency", WELFARE, {"recipient.kind": "sea"}),
    *(row for kind in OUTSIDERS for row in deny("1232g(b)(1)(L)", WELFARE, {"recipient.kind": kind}, "recipient-kind")),
    *deny("1232g(b)(1)(L)", WELFARE, {"placement.case_plan_access": False}, "no-access-to-the-case-plan"),
    *deny("1232g(b)(1)(L)", WELFARE, {"placement.legally_responsible": False}, "not-legally-responsible"),
    *deny("1232g(b)(1)(L)", WELFARE, {"placement.confidentiality": False}, "no-confidentiality-law"),
    *deny("1232g(b)(1)(L)", WELFARE, {"placement.elements": [ADDRESS]}, "not-in-evidence"),
    *allow("1232g(b)(1)(L)", WELFARE, {"placement.elements": [ORDINARY]}),
)
