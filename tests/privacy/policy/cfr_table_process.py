"""34 CFR 99.31(a)(9), (a)(10), 99.36; 20 USC 1232g(b)(2)(B): rows of the table."""

from typing import Final

from tests.privacy.policy.cfr_rows import Row, allow, deny, evidence_rows
from tests.privacy.policy.situations import ADDRESS, DAY, GONE, NOW

NOTIFIED: Final = ("judicial-order", "judicial-order, redisclosed")
SEALED: Final = ("sealed-order", "sealed-order, redisclosed")
PROTECTION: Final = ("child-protection-order", "child-protection-order, redisclosed")
ORDERS: Final = (*NOTIFIED, *SEALED, *PROTECTION)
LITIGATION: Final = ("litigation",)
EMERGENCY: Final = ("emergency", "emergency, redisclosed")
EX_PARTE: Final = {
    "order.form": "ex-parte-order",
    "order.nondisclosure_ordered": False,
    "order.attorney_general": True,
    "order.listed_offense": True,
}

ROWS: Final[tuple[Row, ...]] = (
    *evidence_rows("99.31(a)(9)(i)", ORDERS, "order", "order", begins=False, passed_on=False),
    *allow("99.33(b)(2), an order binds whoever holds the record", ORDERS, {"custody.onward_understood": False}),
    *deny("99.31(a)(9)(i), lawfully issued", ORDERS, {"order.verified": False}, "order-not-verified"),
    *allow("99.31(a)(9)(i)", ORDERS, {"order.issued_at": NOW}),
    *deny("99.31(a)(9)(i)", ORDERS, {"order.issued_at": NOW + 1}, "order-not-yet-issued"),
    *deny("99.31(a)(9)(i), limited to the order", ORDERS, {"order.elements": [ADDRESS]}, "not-in-the-order"),
    *allow("99.31(a)(9)(i)", ORDERS, {"student.eligible": True}),
    *allow("99.31(a)(9)(i), an order", NOTIFIED, {"order.form": "court-order"}),
    *allow("99.31(a)(9)(i), a grand jury's without secrecy", NOTIFIED, {"order.form": "grand-jury-subpoena"}),
    *deny("99.31(a)(9)(ii)(C)", NOTIFIED, {"order.form": "ex-parte-order"}, "order-of-another-form"),
    *deny("99.31(a)(9)(ii)(A)-(B)", NOTIFIED, {"order.nondisclosure_ordered": True}, "nondisclosure-ordered"),
    *deny("99.31(a)(9)(ii)", NOTIFIED, {"order.notice_at": GONE}, "notice-missing"),
    *allow("99.31(a)(9)(ii), in advance", NOTIFIED, {"order.notice_at": NOW}),
    *deny("99.31(a)(9)(ii), in advance", NOTIFIED, {"order.notice_at": NOW + 1}, "notice-not-yet-given"),
    *deny("99.31(a)(9)(ii)", NOTIFIED, {"order.protective_action_until": GONE}, "no-time-to-seek-protection"),
    *allow("99.31(a)(9)(ii), protective action", NOTIFIED, {"order.protective_action_until": NOW}),
    *deny("99.31(a)(9)(ii), protective action", NOTIFIED, {"order.protective_action_until": NOW + 1}, "time-to-seek-protection-not-over"),
    *allow("99.31(a)(9)(ii)(B)", SEALED, {"order.form": "law-enforcement-subpoena"}),
    *allow("99.31(a)(9)(ii)(C), no order of secrecy needed", SEALED, EX_PARTE),
    *deny("99.31(a)(9)(ii)(A)", SEALED, {"order.nondisclosure_ordered": False}, "order-without-secrecy"),
    *deny(
        "99.31(a)(9)(ii)(A), not by an Attorney General's name",
        SEALED,
        {"order.nondisclosure_ordered": False, "order.attorney_general": True, "order.listed_offense": True},
        "order-without-secrecy",
    ),
    *deny(
        "99.31(a)(9)(ii)(B)",
        SEALED,
        {"order.form": "law-enforcement-subpoena", "order.nondisclosure_ordered": False},
        "order-without-secrecy",
    ),
    *deny("99.31(a)(9)(ii)(C)", SEALED, EX_PARTE | {"order.attorney_general": False}, "order-without-secrecy"),
    *deny("99.31(a)(9)(ii)(C)", SEALED, EX_PARTE | {"order.listed_offense": False}, "order-without-secrecy"),
    *deny("99.31(a)(9)(ii)(C)", SEALED, {"order.form": "ex-parte-order"}, "order-without-secrecy"),
    *deny("99.31(a)(9)(ii)", SEALED, {"order.form": "subpoena"}, "order-without-secrecy"),
    *deny("99.31(a)(9)(ii)", SEALED, {"order.form": "court-order"}, "order-without-secrecy"),
    *deny("1232g(b)(2)(B), an order", PROTECTION, {"order.form": "subpoena"}, "order-of-another-form"),
    *deny("1232g(b)(2)(B)", PROTECTION, {"order.child_protection": False}, "not-in-such-a-proceeding"),
    *deny("1232g(b)(2)(B)", PROTECTION, {"order.parent_is_party": False}, "parent-is-no-party"),
    *evidence_rows("99.31(a)(9)(iii)", LITIGATION, "litigation", "legal-action", begins=False),
    *(
        row
        for kind in ("vendor", "school", "lea", "sea", "person")
        for row in deny("99.31(a)(9)(iii), to the court", LITIGATION, {"recipient.kind": kind}, "recipient-kind")
    ),
    *allow("99.31(a)(9)(iii)(A)", LITIGATION, {"litigation.initiated_by": "agency"}),
    *allow("99.31(a)(9)(iii)(B)", LITIGATION, {"litigation.initiated_by": "eligible-student"}),
    *deny("99.31(a)(9)(iii)", LITIGATION, {"litigation.initiated_by": "neighbour"}, "action-of-another"),
    *allow("99.31(a)(9)(iii)", LITIGATION, {"litigation.filed_at": NOW}),
    *deny("99.31(a)(9)(iii)", LITIGATION, {"litigation.filed_at": NOW + 1}, "action-not-yet-filed"),
    *deny("99.31(a)(9)(iii), relevant", LITIGATION, {"litigation.relevant": False}, "not-relevant"),
    *deny("99.31(a)(9)(iii), relevant", LITIGATION, {"litigation.elements": [ADDRESS]}, "not-in-evidence"),
    *evidence_rows("99.31(a)(10)", EMERGENCY, "emergency", "emergency", begins=False),
    *(row for kind in ("person", "school", "vendor") for row in allow("99.36(c), any person", EMERGENCY, {"recipient.kind": kind})),
    *deny("99.36(c)", EMERGENCY, {"emergency.threat_articulated": False}, "no-threat-articulated"),
    *deny("99.36(a)", EMERGENCY, {"emergency.knowledge_necessary": False}, "knowledge-not-necessary"),
    *allow("99.36(c)", EMERGENCY, {"emergency.declared_at": NOW}),
    *deny("99.36(c), never in the future", EMERGENCY, {"emergency.declared_at": NOW + 1}, "emergency-not-yet-declared"),
    *allow("72 hours, local policy", EMERGENCY, {"emergency.declared_at": NOW - 3 * DAY + 1}),
    *deny("72 hours, local policy", EMERGENCY, {"emergency.declared_at": NOW - 3 * DAY}, "emergency-over"),
    *deny("72 hours, local policy", EMERGENCY, {"emergency.declared_at": NOW - 9 * DAY}, "emergency-over"),
    *deny("two persons, local policy", EMERGENCY, {"emergency.approved_by_another": False}, "not-approved-by-another"),
    *allow("two persons, local policy", EMERGENCY, {"emergency.approved_at": NOW}),
    *deny("two persons, local policy", EMERGENCY, {"emergency.approved_at": NOW + 1}, "not-yet-approved"),
    *deny("99.36(a), appropriate", EMERGENCY, {"emergency.elements": [ADDRESS]}, "not-in-evidence"),
    *allow("99.36(a), of an eligible student to the parents", EMERGENCY, {"student.eligible": True, "recipient.kind": "person"}),
)
