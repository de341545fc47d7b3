"""34 CFR 99.31(a)(11), 99.37; 20 USC 7908; 10 USC 503(c): rows of the table."""

from typing import Final

from tests.privacy.policy.cfr_rows import Row, allow, another_basis_rows, deny, evidence_rows
from tests.privacy.policy.ground_situations import DIRECTORY as FACTS
from tests.privacy.policy.ground_situations import EMAILS, NAME, PHONES
from tests.privacy.policy.situations import ADDRESS, DAY, GONE, NOW, ORDINARY, SSN

DIRECTORY: Final = ("directory",)
MILITARY: Final = ("military-recruiter",)
COLLEGE: Final = ("higher-education-recruiter",)
RECRUITERS: Final = (*MILITARY, *COLLEGE)
FORMER: Final = {"directory.former_student": True}
OPT_OUT: Final = "ferpa-99.37-opt-out"
NO_SSN: Final = "ferpa-99.3-ssn-is-no-directory-information"
LIVING: Final = "mckinney-vento-is-no-directory-information"
FOUND: Final = "ferpa-99.37e-found-by-other-information"

ROWS: Final[tuple[Row, ...]] = (
    *allow("99.31(a)(11)", DIRECTORY),
    *(row for kind in ("school", "agency", "person", "sea") for row in allow("99.37(a), anyone", DIRECTORY, {"recipient.kind": kind})),
    *deny("99.37(a)", DIRECTORY, {"directory": GONE}, "public-notice-missing"),
    *deny("99.31(a)(11), the agency's own", DIRECTORY, {"action": "redisclose"}, "no-permit-for-this-action", by=None),
    *another_basis_rows("99.31(a)(11)", DIRECTORY),
    *allow(
        "99.37(a)(2), (e), beside another basis",
        ("contractor",),
        {"directory": {**FACTS, "opted_out": [ORDINARY], "found_by_other_information": True}},
    ),
    *allow("99.37(a)", DIRECTORY, {"directory.given_at": NOW}),
    *deny("99.37(a)", DIRECTORY, {"directory.given_at": NOW + 1}, "notice-not-yet-given"),
    *allow("99.37(a)(3)", DIRECTORY, {"directory.objections_until": NOW}),
    *deny("99.37(a)(3)", DIRECTORY, {"directory.objections_until": NOW + 1}, "time-to-refuse-not-over"),
    *allow("99.37(a)", DIRECTORY, {"directory.ends_at": NOW + 1}),
    *deny("99.37(a)", DIRECTORY, {"directory.ends_at": NOW}, "notice-of-another-year"),
    *allow("99.37(b), former students", DIRECTORY, FORMER),
    *allow("99.37(b), former students", DIRECTORY, FORMER | {"directory.given_at": NOW + DAY}),
    *allow("99.37(b), former students", DIRECTORY, FORMER | {"directory.objections_until": NOW + DAY}),
    *allow("99.37(b), former students", DIRECTORY, FORMER | {"directory.ends_at": NOW}),
    *deny("99.37(b), a refusal persists", DIRECTORY, FORMER | {"directory.opted_out": [NAME]}, "opted-out", by=OPT_OUT),
    *deny("99.37(a)(2)", DIRECTORY, {"directory.opted_out": [NAME]}, "opted-out", by=OPT_OUT),
    *deny("99.37(a)(2)", DIRECTORY, {"directory.opted_out": [ADDRESS, NAME, PHONES]}, "opted-out", by=OPT_OUT),
    *allow("99.37(a)(2), any or all of those types", DIRECTORY, {"directory.opted_out": [ADDRESS]}),
    *deny(
        "99.37(d)",
        DIRECTORY,
        {"directory.limited_to_parties": True, "directory.names_recipient": False},
        "not-a-party-of-the-limited-policy",
    ),
    *allow("99.37(d)", DIRECTORY, {"directory.limited_to_parties": True}),
    *allow("99.37(d), not limited", DIRECTORY, {"directory.names_recipient": False}),
    *deny("99.37(d)", DIRECTORY, {"directory.limited_to_purposes": True, "purpose": "study"}, "not-a-purpose-of-the-limited-policy"),
    *allow("99.37(d)", DIRECTORY, {"directory.limited_to_purposes": True}),
    *allow("99.37(d), not limited", DIRECTORY, {"purpose": "study"}),
    *deny(
        "99.3 'Directory information'", DIRECTORY, {"directory.designated": [NAME, ORDINARY]}, "not-directory-information", element=ORDINARY
    ),
    *deny("99.37(a)(1)", DIRECTORY, {"directory.designated": [ADDRESS]}, "not-designated"),
    *deny("99.37(a)(1)", DIRECTORY, {}, "not-designated", element=EMAILS),
    *allow("99.37(a)(1)", DIRECTORY, element=ADDRESS),
    *deny("99.37(e)", DIRECTORY, {"directory.found_by_other_information": True}, "found-by-non-directory-information", by=FOUND),
    *deny("99.3 'Directory information' (b)(1)", DIRECTORY, {}, "ssn-is-no-directory-information", by=NO_SSN, element=SSN),
    *deny("SSN", ("request",), {"basis": "directory"}, "ssn-never-leaves", by="exchange-ssn", element=SSN),
    *deny(
        "11432(g)(3)(G)", DIRECTORY, {"student.homeless": True}, "living-situation-is-no-directory-information", by=LIVING, element=ADDRESS
    ),
    *allow("11432(g)(3)(G)", DIRECTORY, {"student.homeless": True}),
    *deny(
        "protected address", DIRECTORY, {"student.protected_address": True}, "protected-address", by="protected-address", element=ADDRESS
    ),
    *allow("99.37(a), eligible students too", DIRECTORY, {"student.eligible": True}),
    *evidence_rows("7908(a)(1)", RECRUITERS, "recruiting", "recruiters-request", begins=False),
    *allow("7908(a)(1)", COLLEGE, {"recipient.kind": "agency"}),
    *(
        row
        for kind in ("vendor", "lea", "sea", "person")
        for row in deny("7908(a)(1)", RECRUITERS, {"recipient.kind": kind}, "recipient-kind")
    ),
    *deny("7908(a)(1)", MILITARY, {"recipient.kind": "school"}, "recipient-kind"),
    *deny("503(c)(1)(A)(ii)", MILITARY, {"recruiting.recruiter": "higher-education"}, "recruiter-of-another-kind"),
    *deny("7908(a)(1)", COLLEGE, {"recruiting.recruiter": "military"}, "recruiter-of-another-kind"),
    *deny("7908(a)(1)", RECRUITERS, {"recruiting.assisted": False}, "district-without-assistance"),
    *deny("7908(a)(2)(B)", RECRUITERS, {"recruiting.optout_notified": False}, "parents-not-told-of-the-opt-out"),
    *allow("7908(a)(1), on request", RECRUITERS, {"recruiting.requested_at": NOW}),
    *deny("7908(a)(1), on request", RECRUITERS, {"recruiting.requested_at": NOW + 1}, "not-yet-requested"),
    *deny("7908(a)(2)(A)", RECRUITERS, {"recruiting.opt_out_stands": True}, "opted-out-of-recruiters", by="esea-7908-opt-out"),
    *allow("7908(a)(1)", RECRUITERS, element=ADDRESS),
    *allow("7908(a)(1)", RECRUITERS, element=PHONES),
    *allow("503(c)(1)(A)(ii), school e-mail", MILITARY, element=EMAILS),
    *deny("7908(a)(1), no e-mail", COLLEGE, {}, "not-on-the-recruiters-list", element=EMAILS),
    *deny("7908(a)(1)", RECRUITERS, {}, "not-on-the-recruiters-list", element=ORDINARY),
    *deny("7908(a)(1)", RECRUITERS, {"recruiting.elements": [ORDINARY]}, "not-in-evidence"),
    *allow("7908(a)(1), no opt-out of directory information counts", RECRUITERS, {"student.eligible": True}),
)
