"""34 CFR 99.31(a)(1)(i)(A), (a)(1)(ii), 99.36(b)(3): rows of the table."""

from typing import Final

from tests.privacy.policy.cfr_rows import Row, allow, deny, evidence_rows
from tests.privacy.policy.ground_situations import IEP, INCIDENTS
from tests.privacy.policy.situations import ADDRESS, ORDINARY

OFFICIAL: Final = ("school-official",)
RISK: Final = ("conduct-risk",)
BOTH: Final = (*OFFICIAL, *RISK)

ROWS: Final[tuple[Row, ...]] = (
    *evidence_rows("99.31(a)(1)(i)(A)", OFFICIAL, "official", "determination"),
    *allow("99.31(a)(1)(i)(A), a district", OFFICIAL, {"recipient.kind": "lea"}),
    *(
        row
        for kind in ("vendor", "sea", "agency", "person")
        for row in deny("99.31(a)(1)(i)(A)", OFFICIAL, {"recipient.kind": kind}, "recipient-kind")
    ),
    *deny("99.31(a)(1)(i)(A)", OFFICIAL, {"official.in_agency": False}, "not-within-the-agency"),
    *deny("99.31(a)(1)(i)(A)", OFFICIAL, {"official.legitimate_interest": False}, "no-legitimate-interest"),
    *deny("99.31(a)(1)(ii)", OFFICIAL, {"official.access_controlled": False}, "access-not-controlled"),
    *deny("99.7(a)(3)(iii)", OFFICIAL, {"custody.annual_notice_school_officials": False}, "no-annual-notice-of-criteria"),
    *deny("99.33(a)(2)", OFFICIAL, {"purpose": "study"}, "purpose-outside-the-basis"),
    *deny("99.33(a)(2)", OFFICIAL, {"official.purposes": []}, "purpose-outside-the-basis"),
    *allow("99.33(a)(2)", OFFICIAL, {"official.purposes": ["education"]}),
    *deny("99.31(a)(1)(ii)", OFFICIAL, {"official.elements": [ADDRESS]}, "not-in-evidence"),
    *deny("99.31(a)(1)(ii)", OFFICIAL, {"official.elements": []}, "not-in-evidence"),
    *allow("99.31(a)(1)(i)(A), employees are exempt from 300.614", OFFICIAL, element=IEP, more=["destroy-on-request:300.624(b)"]),
    *evidence_rows("99.36(b)(3)", RISK, "risk", "determination"),
    *allow("99.36(b)(3), a school system", RISK, {"recipient.kind": "lea"}),
    *(
        row
        for kind in ("vendor", "sea", "agency", "person")
        for row in deny("99.36(b)(3)", RISK, {"recipient.kind": kind}, "recipient-kind")
    ),
    *deny("99.36(b)(3), other schools", RISK, {"custody.recipient_is_another": False}, "recipient-is-not-another-school"),
    *deny("99.36(b)(1)", RISK, {"risk.significant_risk": False}, "no-significant-risk"),
    *deny("99.36(b)(3)", RISK, {"risk.legitimate_interest": False}, "no-legitimate-interest"),
    *deny("99.36(b)(1), about the conduct alone", RISK, {}, "not-about-the-conduct", element=ORDINARY),
    *deny("99.36(b)(3)", RISK, {"risk.elements": [ORDINARY]}, "not-in-evidence", element=INCIDENTS),
    *allow("99.36(b)(3)", RISK, {"student.eligible": True}),
)
