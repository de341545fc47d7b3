"""34 CFR 99.31(a)(3) and 99.35; (a)(6): rows of the table."""

from typing import Final

from tests.privacy.policy.cfr_rows import Row, allow, another_basis_rows, deny, evidence_rows, passed_on_rows
from tests.privacy.policy.ground_situations import AUDITED, STUDIED
from tests.privacy.policy.situations import ADDRESS, GONE, NOW, ORDINARY

AUTHORITY: Final = ("audit-authority", "audit-authority, redisclosed")
REPRESENTATIVE: Final = ("audit-representative", "audit-representative, redisclosed")
STUDY: Final = ("study", "study, redisclosed")
WRITTEN: Final = (*REPRESENTATIVE, *STUDY)
CLAUSES: Final = {
    "99.35(a)(3)(i)": "designation",
    "99.35(a)(3)(ii)(A)": "information",
    "99.35(a)(3)(ii)(B)": "purpose",
    "99.35(a)(3)(ii)(C)": "activity",
    "99.35(a)(3)(iii)": "destruction",
    "99.35(a)(3)(iv)": "destruction-period",
    "99.35(a)(3)(v)": "protection",
}
STUDY_CLAUSES: Final = {
    "99.31(a)(6)(iii)(C)(1)": "scope",
    "99.31(a)(6)(iii)(C)(2)": "use",
    "99.31(a)(6)(iii)(C)(3)": "identification",
    "99.31(a)(6)(iii)(C)(4)": "destruction",
}

ROWS: Final[tuple[Row, ...]] = (
    *evidence_rows("99.31(a)(3)", AUTHORITY, "mandate", "mandate", about=False),
    *(row for kind in ("lea", "agency") for row in allow("99.31(a)(3)(i)-(iv)", AUTHORITY, {"recipient.kind": kind})),
    *(
        row
        for kind in ("vendor", "school", "person")
        for row in deny("99.31(a)(3)(i)-(iv)", AUTHORITY, {"recipient.kind": kind}, "recipient-kind")
    ),
    *deny("99.31(a)(3)(i)-(iv)", AUTHORITY, {"mandate.listed_authority": False}, "recipient-is-no-listed-authority"),
    *deny("99.35(a)(1)", AUTHORITY, {"mandate.activity_named": False}, "no-activity-named"),
    *deny("99.35(a)(1)", AUTHORITY, {"mandate.supported_programme": False}, "no-supported-programme"),
    *deny("99.35(a)(2), (b)(1)", AUTHORITY, {"mandate.protected": False}, "not-protected"),
    *deny("99.35(a)(1)", AUTHORITY, {"purpose": "study"}, "purpose-outside-the-basis"),
    *deny("99.35(a)(1)", AUTHORITY, {"mandate.elements": [ADDRESS]}, "not-in-evidence"),
    *allow("99.35(a)(1)", AUTHORITY, {"student.eligible": True}),
    *allow("99.35(a)(3)", REPRESENTATIVE),
    *allow("99.31(a)(6)(iii)(C)", STUDY),
    *(row for kind in ("school", "lea", "sea", "agency") for row in allow("99.31(a)(6)(v)", STUDY, {"recipient.kind": kind})),
    *deny("99.31(a)(6)(v), organisations", STUDY, {"recipient.kind": "person"}, "recipient-kind"),
    *(
        row
        for kind in ("school", "lea", "sea", "agency", "person")
        for row in allow("99.3 'Authorized representative'", REPRESENTATIVE, {"recipient.kind": kind})
    ),
    *deny("99.35(a)(3)", REPRESENTATIVE, {"agreement": GONE}, "agreement-missing"),
    *deny("99.31(a)(6)(iii)(C)", STUDY, {"agreement": GONE}, "agreement-missing"),
    *deny("99.35(a)(3)", REPRESENTATIVE, {"agreement": STUDIED}, "agreement-of-another-kind"),
    *deny("99.35(a)(3)", REPRESENTATIVE, {"agreement.kind": "contractor"}, "agreement-of-another-kind"),
    *deny("99.31(a)(6)(iii)(C)", STUDY, {"agreement": AUDITED}, "agreement-of-another-kind"),
    *deny("99.31(a)(6)(iii)(C)", STUDY, {"agreement.kind": "contractor"}, "agreement-of-another-kind"),
    *deny("written agreement", WRITTEN, {"agreement.signed": False}, "agreement-unsigned"),
    *deny("written agreement", WRITTEN, {"agreement.names_recipient": False}, "agreement-with-another-party"),
    *allow("written agreement", WRITTEN, {"agreement.starts_at": NOW}),
    *deny("written agreement", WRITTEN, {"agreement.starts_at": NOW + 1}, "agreement-not-begun"),
    *allow("time period", WRITTEN, {"agreement.ends_at": NOW + 1}),
    *deny("time period", WRITTEN, {"agreement.ends_at": NOW}, "agreement-ended"),
    *allow("termination", WRITTEN, {"agreement.terminated_at": NOW + 1}),
    *deny("termination", WRITTEN, {"agreement.terminated_at": NOW}, "agreement-terminated", by="agreement-terminated"),
    *deny("termination", WRITTEN, {"agreement.terminated_at": NOW - 1}, "agreement-terminated", by="agreement-terminated"),
    *deny("in scope", WRITTEN, {"custody.keeper_party_to_agreement": False}, "district-not-in-scope"),
    *(
        row
        for paragraph, word in CLAUSES.items()
        for row in deny(paragraph, REPRESENTATIVE, {"agreement.clauses": [it for it in CLAUSES if it != paragraph]}, f"no-clause-on-{word}")
    ),
    *(
        row
        for paragraph, word in STUDY_CLAUSES.items()
        for row in deny(paragraph, STUDY, {"agreement.clauses": [it for it in STUDY_CLAUSES if it != paragraph]}, f"no-clause-on-{word}")
    ),
    *deny("99.35(a)(3)(ii)(B)", REPRESENTATIVE, {"purpose": "study", "agreement.purposes": ["study"]}, "purpose-outside-the-basis"),
    *deny(
        "99.31(a)(6)(i)", STUDY, {"purpose": "audit-evaluation", "agreement.purposes": ["audit-evaluation"]}, "purpose-outside-the-basis"
    ),
    *deny("99.33(a)(2)", WRITTEN, {"agreement.purposes": []}, "purpose-not-agreed"),
    *deny("99.35(a)(3)(ii)(A), 99.31(a)(6)(iii)(C)(1)", WRITTEN, {"agreement.elements": [ADDRESS]}, "not-scheduled"),
    *deny("99.35(a)(3)(ii)(A), 99.31(a)(6)(iii)(C)(1)", WRITTEN, {"agreement.elements": []}, "not-scheduled"),
    *allow("99.35(a)(3)(ii)(A), 99.31(a)(6)(iii)(C)(1)", WRITTEN, {"agreement.elements": [ORDINARY]}),
    *another_basis_rows("99.35(a)(3), 99.31(a)(6)", WRITTEN),
    *passed_on_rows(["audit-representative, redisclosed", "study, redisclosed"]),
    *deny("one basis at a time", REPRESENTATIVE, {"basis": "study"}, "agreement-of-another-kind", by="ferpa-99.31a6-study"),
    *deny("one basis at a time", STUDY, {"basis": "audit-representative"}, "agreement-of-another-kind", by="ferpa-99.35a3-representative"),
)
