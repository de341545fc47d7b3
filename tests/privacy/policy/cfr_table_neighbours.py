"""34 CFR 99.31(b), 99.3 'Education records'; 300.614, 300.622, 300.624; PPRA, HIPAA, COPPA, NSLA, McKinney-Vento: rows of the table."""

from typing import Final

from tests.privacy.policy.cfr_rows import Row, allow, deny, evidence_rows
from tests.privacy.policy.ground_situations import IEP, NAME
from tests.privacy.policy.situations import ADDRESS, HOMELESS, MEAL, ORDINARY, PART_C, PART_D, SSN

RELEASE: Final = ("de-identified",)
CODED: Final = ("de-identified-coded",)
RELEASES: Final = (*RELEASE, *CODED)
EXCHANGES: Final = ("consent", "contractor", "transfer, redisclosed")
ORDERS: Final = ("judicial-order", "sealed-order", "child-protection-order")
CLASSES: Final = (
    "employment-record",
    "law-enforcement-unit-record",
    "peer-graded-paper",
    "post-attendance-record",
    "sole-possession-note",
    "treatment-record",
)
PART_B: Final = ("record:300.614", "destroy-on-request:300.624(b)")
OPERATOR: Final = {
    "collects_from_under_13": True,
    "consent_path": True,
    "retention_policy": True,
    "subdisclosures": True,
    "under_13": True,
}
NO_RECORD: Final = "ferpa-99.3-no-education-record"
COPPA: Final = "coppa-operator-under-13"
TRANSITION: Final = {"purpose": "transition-services", "agreement.purposes": ["transition-services"]}
PRIVATE: Final = {"purpose": "private-school-services", "agreement.purposes": ["private-school-services"]}
SCHEDULED: Final = {"agreement.elements": sorted([ADDRESS, HOMELESS, IEP, MEAL, ORDINARY, PART_C, PART_D, SSN])}

ROWS: Final[tuple[Row, ...]] = (
    *evidence_rows("99.31(b)(1)", RELEASES, "release", "determination", about=False),
    *deny("99.31(b)(1)", RELEASES, {"release.determined": False}, "not-determined"),
    *deny("99.31(b)(1), multiple releases", RELEASES, {"release.other_information_considered": False}, "other-releases-not-considered"),
    *deny("99.3 'PII' (g)", RELEASES, {"release.targets_student": True}, "asked-about-a-known-student"),
    *deny("99.31(b)(1)", RELEASES, {"release.elements": [ADDRESS]}, "not-in-evidence"),
    *(
        row
        for element in (ADDRESS, NAME, SSN, "contacts.emails", "identity.birth_date")
        for row in deny("99.31(b)(1), 99.3 'PII'", RELEASES, {}, "identifying", by="ferpa-99.31b-identifying", element=element)
    ),
    *allow("99.31(b)(1), no code", RELEASE, {"release.code_kept_secret": False, "release.code_without_personal_information": False}),
    *allow("99.31(b)(1), for any purpose", RELEASE, {"purpose": "study"}),
    *deny("99.31(b)(2)(i)", CODED, {"release.code_kept_secret": False}, "code-not-kept-secret"),
    *deny("99.31(b)(2)(iii)", CODED, {"release.code_without_personal_information": False}, "code-from-personal-information"),
    *deny("99.31(b)(2)", CODED, {"purpose": "study"}, "purpose-outside-the-basis"),
    *(
        row
        for record_class in CLASSES
        for row in deny("99.3 'Education records' (b)", EXCHANGES, {"record_class": record_class}, "no-education-record", by=NO_RECORD)
    ),
    *allow("99.3 'Education records' (a)", EXCHANGES, {"record_class": "education-record"}),
    *deny("HIPAA", EXCHANGES, {"record_class": "protected-health-information"}, "protected-health-information", by="hipaa-not-landed"),
    *deny("1232h(b)", EXCHANGES[1:], {"record_class": "protected-survey"}, "protected-survey-needs-consent", by="ppra-protected-survey"),
    *allow("1232h(b)", ("consent", "rights-holder"), {"record_class": "protected-survey"}),
    *allow("16 CFR 312", ("contractor",), {"onboarding": OPERATOR}),
    *deny("16 CFR 312.5", ("contractor",), {"onboarding": OPERATOR | {"consent_path": False}}, "operator-not-in-order", by=COPPA),
    *deny("16 CFR 312.10", ("contractor",), {"onboarding": OPERATOR | {"retention_policy": False}}, "operator-not-in-order", by=COPPA),
    *deny("16 CFR 312.5", ("contractor",), {"onboarding": OPERATOR | {"subdisclosures": False}}, "operator-not-in-order", by=COPPA),
    *allow("16 CFR 312, at 13", ("contractor",), {"onboarding": OPERATOR | {"consent_path": False, "under_13": False}}),
    *allow(
        "16 CFR 312, not from children",
        ("contractor",),
        {"onboarding": OPERATOR | {"consent_path": False, "collects_from_under_13": False}},
    ),
    *allow("16 CFR 312, operators alone", ("consent",), {"onboarding": OPERATOR | {"consent_path": False}, "recipient.kind": "school"}),
    *deny(
        "300.622(b)(2)",
        ("contractor",),
        SCHEDULED | TRANSITION,
        "transition-agency-needs-consent",
        by="idea-300.622b2-transition",
        element=IEP,
    ),
    *allow("300.622(b)(2), other data", ("contractor",), SCHEDULED | TRANSITION),
    *allow(
        "300.622(b)(2), on consent",
        ("consent",),
        {"purpose": "transition-services", "consent.purposes": ["transition-services"], "consent.elements": [IEP]},
        element=IEP,
        more=PART_B,
    ),
    *allow("300.622(b)(2), to the parent", ("rights-holder",), {"purpose": "transition-services"}, element=IEP),
    *deny(
        "300.622(b)(3)",
        ("contractor",),
        SCHEDULED | PRIVATE,
        "private-school-needs-consent",
        by="idea-300.622b3-private-school",
        element=IEP,
    ),
    *allow("300.622(b)(3), other data", ("contractor",), SCHEDULED | PRIVATE),
    *allow(
        "300.622(b)(3), on consent",
        ("consent",),
        {"purpose": "private-school-services", "consent.purposes": ["private-school-services"], "consent.elements": [IEP]},
        element=IEP,
        more=PART_B,
    ),
    *allow("300.622(b)(3), to the parent", ("rights-holder",), {"purpose": "private-school-services"}, element=IEP),
    *allow("300.622(a), an audit needs no consent", ("audit-authority",), element=IEP, more=PART_B),
    *allow("300.614", ("contractor",), SCHEDULED, element=IEP, more=PART_B),
    *allow("living situation, on an order", ORDERS, element=HOMELESS),
    *allow("living situation, in need", ("emergency", "child-welfare"), element=HOMELESS),
    *allow("living situation, on an order", (*ORDERS, "emergency", "child-welfare"), {"student.homeless": True}, element=ADDRESS),
    *deny(
        "living situation, for a study",
        ("study", "audit-authority", "school-official"),
        {},
        "living-situation-restricted",
        by="mckinney-vento-living-situation",
        element=HOMELESS,
    ),
    *allow("protected address, on an order", ORDERS, {"student.protected_address": True}, element=ADDRESS),
    *deny(
        "protected address, else never",
        ("emergency", "child-welfare", "study"),
        {"student.protected_address": True},
        "protected-address",
        by="protected-address",
        element=ADDRESS,
    ),
    *allow("Part C, on an order", ORDERS, element=PART_C),
    *allow("Part D of Title I, on an order", ORDERS, element=PART_D),
    *deny(
        "Part D of Title I, on nothing else",
        ("study", "emergency", "audit-authority", "child-welfare", "juvenile-justice", "juvenile-justice-before-1974"),
        {},
        "part-d-restricted",
        by="esea-part-d-program",
        element=PART_D,
    ),
    *deny(
        "Part C, not for a study",
        ("study", "emergency", "audit-authority"),
        {},
        "early-intervention-needs-consent",
        by="idea-part-c",
        element=PART_C,
    ),
    *deny("300.622(b), asked of another state", ("request",), {"purpose": "transition-services"}, "purpose-not-enrollment", element=IEP),
    *deny(
        "300.622(b), asked of another state", ("request",), {"purpose": "private-school-services"}, "purpose-not-enrollment", element=IEP
    ),
    *deny("99.31(b), asked of another state", ("request",), {"basis": "de-identified"}, "no-permit-for-this-action", by=None, element=NAME),
    *deny(
        "99.31(b), asked of another state",
        ("request",),
        {"basis": "de-identified-coded"},
        "no-permit-for-this-action",
        by=None,
        element=NAME,
    ),
    *deny("1758(b)(6)(A)", ("study", "audit-authority", *ORDERS), {}, "meal-status-restricted", by="nsla-meal-status", element=MEAL),
)
