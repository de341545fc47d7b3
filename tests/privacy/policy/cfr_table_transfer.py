"""34 CFR 99.31(a)(2), 99.34, 99.33(b), 99.31(c), 99.67, and the words that the taxonomy does not have: rows of the table."""

from typing import Final

from tests.privacy.policy.cfr_rows import Row, allow, deny
from tests.privacy.policy.situations import ADDRESS, GONE, HOMELESS, MEAL, NOW, PART_C, PART_D, PERMIT_OF, SSN

HERE: Final = ("transfer",)
ONWARD: Final = ("transfer, redisclosed",)
BOTH: Final = (*HERE, *ONWARD)
ASKING: Final = ("request",)
ALL: Final = (*BOTH, *ASKING)
EVERY: Final = tuple(PERMIT_OF)
DISCLOSING: Final = tuple(name for name in PERMIT_OF if not name.startswith(("request", "educator")))
NOTICE: Final = "notify-parent:99.34(a)(1)"
DEBARRED: Final = "ferpa-99.67-debarred"
PART_B: Final = ("record:300.614", "destroy-on-request:300.624(b)")
OUTSIDERS: Final = ("vendor", "sea", "agency", "person")

ROWS: Final[tuple[Row, ...]] = (
    *allow("99.31(a)(2)", ALL),
    *allow("99.31(a)(2), a school system", ALL, {"recipient.kind": "lea"}),
    *(row for kind in OUTSIDERS for row in deny("99.31(a)(2)", ALL, {"recipient.kind": kind}, "recipient-kind")),
    *deny("99.31(a)(2)", ALL, {"transfer": GONE}, "enrollment-evidence-missing"),
    *allow("99.31(a)(2), seeks", ALL, {"transfer.enrolled": False, "transfer.seeks_enrollment": True}),
    *allow("99.31(a)(2), both", ALL, {"transfer.seeks_enrollment": True}),
    *deny("99.31(a)(2)", ALL, {"transfer.enrolled": False}, "neither-enrolled-nor-seeking"),
    *allow("99.31(a)(2), related to it", ALL, {"purpose": "transfer"}),
    *deny("99.31(a)(2)", ALL, {"purpose": "instruction"}, "purpose-not-enrollment"),
    *deny("99.31(a)(2)", ALL, {"purpose": "education"}, "purpose-not-enrollment"),
    *deny("99.31(a)(2)", ALL, {"transfer.names_recipient": False}, "evidence-names-another-party"),
    *deny("99.31(a)(2)", ALL, {"transfer.documented": False}, "enrollment-not-documented"),
    *deny("99.31(a)(2), officials", ALL, {"transfer.official_named": False}, "no-official-named"),
    *allow("99.31(a)(2)", ALL, {"transfer.official_attested_at": NOW - 1}),
    *allow("99.31(a)(2)", ALL, {"transfer.official_attested_at": NOW}),
    *deny("99.31(a)(2)", ALL, {"transfer.official_attested_at": NOW + 1}, "not-yet-attested"),
    *deny("99.31(a)(2)", ASKING, {"asker.receives": False}, "not-the-receiving-organisation"),
    *allow("99.31(a)(2), no consent needed", ASKING, {"asker.names_consent": False}),
    *deny("99.31(a)(2), another school", BOTH, {"custody.recipient_is_another": False}, "recipient-is-not-another-school"),
    *deny("99.33(a)(1)", HERE, {"custody.originated_here": False}, "originated-elsewhere"),
    *allow("99.33(b)(1), own record", HERE, {"custody.onward_transfer_agreed": True}),
    *deny("99.33(b)(1)", ONWARD, {"custody.originated_here": True}, "originated-here"),
    *deny("99.33(b)(1)", ONWARD, {"custody.onward_transfer_agreed": False}, "onward-disclosure-not-agreed"),
    *allow("99.34(a)(1)(i)", BOTH, {"transfer.parent_initiated": True}, less=[NOTICE]),
    *allow("99.34(a)(1)(ii)", BOTH, {"custody.annual_notice_forwards_records": True}, less=[NOTICE]),
    *allow(
        "99.34(a)(1)",
        BOTH,
        {"transfer.parent_initiated": True, "custody.annual_notice_forwards_records": True},
        less=[NOTICE],
    ),
    *allow("99.5(a)(1), no consent needed", BOTH, {"student.eligible": True}),
    *deny("SSN", ALL, {}, "ssn-never-leaves", by="exchange-ssn", element=SSN),
    *deny("1758(b)(6)", ALL, {}, "meal-status-restricted", by="nsla-meal-status", element=MEAL),
    *deny("1758(b)(6)", BOTH, {"purpose": "child-nutrition"}, "meal-status-restricted", by="nsla-meal-status", element=MEAL),
    *deny("11432(g)(3)(G)", ALL, {}, "living-situation-restricted", by="mckinney-vento-living-situation", element=HOMELESS),
    *deny("11432(g)(3)(G)", BOTH, {"student.homeless": True}, "living-situation-restricted", by="mckinney-vento-address", element=ADDRESS),
    *deny(
        "11432(g)(3)(G), guardians' addresses",
        BOTH,
        {"student.homeless": True},
        "living-situation-restricted",
        by="mckinney-vento-address",
        element="contacts.guardians",
    ),
    *allow("11432(g)(3)(G)", BOTH, {"student.homeless": True}),
    *allow("99.31(a)(2)", ALL, element=ADDRESS),
    *allow("99.31(a)(2), also where the parents opted out of directory information", ALL, element="identity.name"),
    *allow("7917(b), suspension and expulsion", ALL, element="discipline.incidents"),
    *allow("300.323, the IEP", ASKING, element="special_education.iep"),
    *allow("300.323, the IEP", BOTH, element="special_education.iep", more=PART_B),
    *allow("11432(g)(3)(D), immunisations", ALL, element="health.immunizations"),
    *deny("protected address", BOTH, {"student.protected_address": True}, "protected-address", by="protected-address", element=ADDRESS),
    *deny(
        "protected address",
        BOTH,
        {"student.protected_address": True},
        "protected-address",
        by="protected-address",
        element="contacts.guardians",
    ),
    *allow("protected address", BOTH, {"student.protected_address": True}),
    *allow("protected address", BOTH, {"student.protected_address": True}, element="contacts.telephones"),
    *deny("Part C", ALL, {}, "early-intervention-needs-consent", by="idea-part-c", element=PART_C),
    *deny("Part D of Title I", ALL, {}, "part-d-restricted", by="esea-part-d-program", element=PART_D),
    *allow("99.67(c)-(e)", DISCLOSING, {"custody.recipient_debarred_until": NOW}),
    *deny("99.67(c)-(e)", DISCLOSING, {"custody.recipient_debarred_until": NOW + 1}, "recipient-debarred", by=DEBARRED),
    *deny("99.31(c)", EVERY, {"recipient.authenticated": False}, "recipient-not-authenticated", by="ferpa-99.31c-identity"),
    *deny("99.31(c)", EVERY, {"recipient.known": False}, "recipient-unknown", by="ferpa-99.31c-unknown-recipient"),
    *deny("unknown", EVERY, {}, "unknown-element", by=None, element="academics.shoe_size"),
    *deny("unknown", EVERY, {}, "unknown-element", by=None, element='academics.transcript"'),
    *deny("unknown", EVERY, {"purpose": "targeted-advertising"}, "unknown-purpose", by=None),
    *deny("unknown", EVERY, {"basis": "legitimate-interest"}, "unknown-basis", by=None),
    *deny("unknown", EVERY, {"recipient.kind": "peer"}, "unknown-recipient-kind", by=None),
    *deny("unknown", DISCLOSING, {"action": "inspect"}, "unknown-action", by=None),
    *deny("unknown", DISCLOSING, {"student.jurisdiction": "US-ZZ"}, "unknown-jurisdiction", by=None),
    *deny("99.31(a)", ASKING, {"basis": "contractor"}, "no-permit-for-this-action", by=None),
    *deny("99.31(a), another basis than the evidence", BOTH, {"basis": "consent"}, "consent-missing", by="ferpa-99.30-consent"),
    *deny("99.31(a), another basis than the evidence", ("consent",), {"basis": "transfer"}, "recipient-kind", by="ferpa-99.31a2-transfer"),
)
