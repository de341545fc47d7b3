"""34 CFR 99.30, 99.4, 99.5: rows of the table."""

from typing import Final

from tests.privacy.policy.cfr_rows import Row, allow, deny
from tests.privacy.policy.situations import ADDRESS, AGREEMENT, GONE, HOMELESS, MEAL, NOW, ORDINARY, PART_C, PART_D, SSN

CONSENT: Final = ("consent", "consent, redisclosed")
WITHDRAWN: Final = "ferpa-99.30-withdrawn-consent"
EXPIRED: Final = "ferpa-99.30-expired-consent"
TO_STUDENT: Final = "ferpa-99.5-rights-moved-to-student"
WITH_PARENT: Final = "ferpa-99.5-rights-still-with-parent"
ENDED: Final = "ferpa-99.4-parents-rights-ended"
BESIDE: Final = {
    "agreement": {**AGREEMENT, "purposes": ["financial-aid"]},
    "custody.annual_notice_school_officials": True,
    "custody.keeper_party_to_agreement": True,
    "custody.originator_party_to_agreement": True,
}
"""Everything that the basis `contractor` needs, while the basis that is argued is the consent."""
ASKING: Final = ("request on a consent",)

ROWS: Final[tuple[Row, ...]] = (
    *allow("99.30(a)", CONSENT),
    *deny("99.30(a)", CONSENT, {"consent": GONE}, "consent-missing"),
    *deny("99.30(a)", CONSENT, {"consent": GONE, "student.eligible": True}, "consent-missing"),
    *allow("99.30(a), an agreement beside it has no part", CONSENT, BESIDE),
    *allow("99.30(a), an agreement beside it has no part", CONSENT, {**BESIDE, "agreement": {**AGREEMENT, "terminated_at": NOW}}),
    *deny("99.30(a)", CONSENT, {"consent.signed": False}, "consent-unsigned"),
    *deny("99.30(a)", CONSENT, {"consent.dated": False}, "consent-undated"),
    *allow("99.30(a)", CONSENT, {"consent.granted_at": NOW - 1}),
    *allow("99.30(a)", CONSENT, {"consent.granted_at": NOW}),
    *deny("99.30(a)", CONSENT, {"consent.granted_at": NOW + 1}, "consent-not-yet-given"),
    *deny("99.30(a)", CONSENT, {"consent.grantor_role": "neighbour"}, "consent-grantor-unknown"),
    *deny("99.3 'Parent'", CONSENT, {"consent.grantor_holds_rights": False}, "consent-grantor-without-rights"),
    *allow("99.30(d)", CONSENT, {"consent.signature": "paper"}),
    *allow("99.30(d)", CONSENT, {"consent.signature": "paper", "consent.source_authenticated": False}),
    *allow("99.30(d)", CONSENT, {"consent.signature": "paper", "consent.approval_indicated": False}),
    *deny("99.30(d)(1)", CONSENT, {"consent.source_authenticated": False}, "consent-source-not-authenticated"),
    *deny("99.30(d)(2)", CONSENT, {"consent.approval_indicated": False}, "consent-approval-not-indicated"),
    *deny("99.30(d)(2)", CONSENT, {"consent.signature": "stamp", "consent.approval_indicated": False}, "consent-approval-not-indicated"),
    *deny("99.30(b)(3)", CONSENT, {"consent.names_recipient": False}, "consent-for-another-party"),
    *deny("99.30(b)(2)", CONSENT, {"purpose": "study"}, "consent-for-another-purpose"),
    *deny("99.30(b)(2)", CONSENT, {"consent.purposes": []}, "consent-for-another-purpose"),
    *allow("99.30(b)(2)", CONSENT, {"consent.purposes": ["education"], "purpose": "transfer"}),
    *deny("99.30(b)(2)", CONSENT, {"consent.purposes": ["transfer"], "purpose": "education"}, "consent-for-another-purpose"),
    *deny("99.30(b)(1)", CONSENT, {"consent.elements": [ADDRESS]}, "consent-for-other-records"),
    *deny("99.30(b)(1)", CONSENT, {"consent.elements": []}, "consent-for-other-records"),
    *allow("99.30(b)(1)", CONSENT, {"consent.elements": [ORDINARY]}),
    *allow("99.30(a), withdrawal", CONSENT, {"consent.withdrawn_at": NOW + 1}),
    *deny("99.30(a), withdrawal", CONSENT, {"consent.withdrawn_at": NOW}, "consent-withdrawn", by=WITHDRAWN),
    *deny("99.30(a), withdrawal", CONSENT, {"consent.withdrawn_at": NOW - 1}, "consent-withdrawn", by=WITHDRAWN),
    *allow("99.30(a), expiry", CONSENT, {"consent.expires_at": NOW + 1}),
    *deny("99.30(a), expiry", CONSENT, {"consent.expires_at": NOW}, "consent-expired", by=EXPIRED),
    *deny("99.30(a), expiry", CONSENT, {"consent.expires_at": NOW - 1}, "consent-expired", by=EXPIRED),
    *deny("99.5(a)(1)", CONSENT, {"student.eligible": True}, "rights-moved-to-student", by=TO_STUDENT),
    *allow("99.5(a)(1)", CONSENT, {"student.eligible": True, "consent.grantor_role": "student"}),
    *deny("99.5(b)", CONSENT, {"consent.grantor_role": "student"}, "rights-still-with-parent", by=WITH_PARENT),
    *allow("99.4", CONSENT, {"consent.grantor_rights_ended_at": NOW + 1}),
    *deny("99.4", CONSENT, {"consent.grantor_rights_ended_at": NOW}, "parents-rights-ended", by=ENDED),
    *deny("99.4", CONSENT, {"consent.grantor_rights_ended_at": NOW - 1}, "parents-rights-ended", by=ENDED),
    *allow(
        "99.4",
        CONSENT,
        {"consent.grantor_rights_ended_at": NOW - 1, "consent.grantor_role": "student", "student.eligible": True},
    ),
    *allow("99.30, of an SSN inside the node", CONSENT, element=SSN),
    *deny("SSN", CONSENT, {"recipient.in_exchange": True}, "ssn-never-leaves", by="exchange-ssn", element=SSN),
    *allow("SSN", CONSENT, {"recipient.in_exchange": True}),
    *deny("1758(b)(6)", CONSENT, {}, "meal-status-restricted", by="nsla-meal-status", element=MEAL),
    *deny(
        "1758(b)(6)",
        CONSENT,
        {"purpose": "child-nutrition", "consent.purposes": ["child-nutrition"]},
        "meal-status-restricted",
        by="nsla-meal-status",
        element=MEAL,
    ),
    *allow("11432(g)(3)(G)", CONSENT, element=HOMELESS),
    *allow("11432(g)(3)(G)", CONSENT, {"student.homeless": True}, element=HOMELESS),
    *allow("11432(g)(3)(G)", CONSENT, {"student.homeless": True}, element=ADDRESS),
    *allow("Part C", CONSENT, element=PART_C),
    *allow("Part D of Title I", CONSENT, element=PART_D),
    *allow("99.30(a)", CONSENT, element=ADDRESS),
    *deny("protected address", CONSENT, {"student.protected_address": True}, "protected-address", by="protected-address", element=ADDRESS),
    *deny("protected address", CONSENT, {"student.protected_address": True}, "protected-address", by="protected-address", element=HOMELESS),
    *allow("protected address", CONSENT, {"student.protected_address": True}),
    *allow("99.30, asked of another state", ASKING),
    *deny("99.30(a)", ASKING, {"asker.names_consent": False}, "consent-not-named"),
    *deny("99.30(b)(2)", ASKING, {"transfer": GONE}, "enrollment-evidence-missing"),
    *deny("99.30(b)(3)", ASKING, {"asker.receives": False}, "not-the-receiving-organisation"),
    *deny("99.30(b)(2)", ASKING, {"purpose": "study"}, "purpose-not-enrollment"),
    *deny("99.30(b)(2)", ASKING, {"purpose": "education"}, "purpose-not-enrollment"),
    *allow("99.30(b)(2)", ASKING, {"purpose": "transfer"}),
    *deny("99.30(b)(3)", ASKING, {"transfer.names_recipient": False}, "evidence-names-another-party"),
    *deny("99.31(c)", ASKING, {"transfer.official_named": False}, "no-official-named"),
    *deny("local policy", ASKING, {"transfer.documented": False}, "enrollment-not-documented"),
    *allow("local policy", ASKING, {"transfer.official_attested_at": NOW}),
    *deny("local policy", ASKING, {"transfer.official_attested_at": NOW + 1}, "not-yet-attested"),
    *allow("11432(g)(3)(G)", ASKING, element=HOMELESS),
    *allow("Part C", ASKING, element=PART_C),
    *allow("Part D of Title I", ASKING, element=PART_D),
    *deny("SSN", ASKING, {}, "ssn-never-leaves", by="exchange-ssn", element=SSN),
    *deny("1758(b)(6)", ASKING, {}, "meal-status-restricted", by="nsla-meal-status", element=MEAL),
)
