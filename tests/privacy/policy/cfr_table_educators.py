"""Educators' credentials, on the educator's own application alone: rows of the table. Local policy: FERPA does not reach them (99.3)."""

from typing import Final

from tests.privacy.policy.cfr_rows import Row, allow, deny
from tests.privacy.policy.situations import ADDRESS, CREDENTIALS, GONE, NOW, ORDINARY

SENT: Final = ("educator",)
ASKED: Final = ("educator, asked",)
BOTH: Final = (*SENT, *ASKED)
APART: Final = "educator-credentials-apart"
ALONE: Final = "educator-credentials-alone"
KINDS: Final = ("vendor", "school", "agency", "person")

ROWS: Final[tuple[Row, ...]] = (
    *allow("99.3, no education record", BOTH),
    *allow("local policy", BOTH, {"recipient.kind": "lea"}),
    *(row for kind in KINDS for row in deny("local policy", BOTH, {"recipient.kind": kind}, "recipient-kind")),
    *deny("local policy", SENT, {"application": GONE}, "application-missing"),
    *deny("local policy", SENT, {"application.for_discloser": False}, "application-of-another-agency"),
    *deny("local policy", SENT, {"application.about_educator": False}, "application-of-another-educator"),
    *deny("local policy", SENT, {"application.names_recipient": False}, "application-names-another-party"),
    *allow("local policy", SENT, {"application.begins_at": NOW}),
    *deny("local policy", SENT, {"application.begins_at": NOW + 1}, "application-not-yet-in-force"),
    *allow("local policy", SENT, {"application.ends_at": NOW + 1}),
    *deny("local policy", SENT, {"application.ends_at": NOW}, "application-no-longer-in-force"),
    *deny("local policy", SENT, {"application.elements": []}, "not-in-application"),
    *deny("local policy", SENT, {"application.elements": [ORDINARY]}, "not-in-application"),
    *deny("local policy", ASKED, {"asker.names_consent": False}, "application-not-named"),
    *deny("local policy", ASKED, {"asker.receives": False}, "not-the-receiving-organisation"),
    *deny("local policy", BOTH, {"licensure": GONE}, "recipients-evidence-missing"),
    *deny("local policy", BOTH, {"licensure.names_recipient": False}, "evidence-names-another-party"),
    *deny("local policy", BOTH, {"licensure.documented": False}, "application-not-documented"),
    *deny("local policy", BOTH, {"licensure.official_named": False}, "no-official-named"),
    *allow("local policy", BOTH, {"licensure.official_attested_at": NOW}),
    *deny("local policy", BOTH, {"licensure.official_attested_at": NOW + 1}, "not-yet-attested"),
    *deny("local policy", BOTH, {"purpose": "enrollment"}, "purpose-not-licensure"),
    *deny("local policy, not argued", BOTH, {"basis": "consent"}, "no-permit-for-this-action", by=None),
    *deny("local policy, not argued", BOTH, {"basis": "transfer"}, "no-permit-for-this-action", by=None),
    *deny("99.3, a student's", BOTH, {}, "not-an-educators-credentials", by=ALONE, element=ORDINARY),
    *deny("99.3, a student's", BOTH, {}, "not-an-educators-credentials", by=ALONE, element=ADDRESS),
    *deny("99.3, a student's", SENT, {"application.elements": [ORDINARY]}, "not-an-educators-credentials", by=ALONE, element=ORDINARY),
    *deny(
        "99.3, an educator's",
        ("consent", "consent, redisclosed", "transfer", "transfer, redisclosed", "request", "request on a consent", "judicial-order"),
        {},
        "no-part-of-a-students-record",
        by=APART,
        element=CREDENTIALS,
    ),
    *deny(
        "99.3, an educator's",
        ("consent",),
        {"consent.elements": [CREDENTIALS]},
        "no-part-of-a-students-record",
        by=APART,
        element=CREDENTIALS,
    ),
    *deny("99.3, an educator's", ("transfer",), {"basis": "educator-application"}, "no-permit-for-this-action", by=None),
)
