"""State overlays, New York to Virginia: rows of the table. California's stand with the contractors."""

from collections.abc import Iterator
from typing import Final

from tests.privacy.policy.cfr_rows import Row, allow, deny
from tests.privacy.policy.ground_situations import ELEMENTS, NAME, PHONES
from tests.privacy.policy.situations import ADDRESS, GONE, ORDINARY, SSN

CONTRACTS: Final = ("contractor", "contractor, redisclosed")
AUDIT: Final = ("audit-authority", "audit-authority, redisclosed")
STUDY: Final = ("study", "study, redisclosed")
DIRECTORY: Final = ("directory",)
CONTACT: Final = ("contacts.emails", "contacts.guardians", "contacts.telephones", ADDRESS)
CLAUSES: Final = {
    "US-NY": {"ny-2d-3c": "ny-2d-3-supplemental-information", "ny-2d-5e": "ny-2d-5-security-plan"},
    "US-IL": {"il-85-15-4a": "il-85-15-4a-categories", "il-85-15-4b": "il-85-15-4b-product", "il-85-27": "il-85-27-published"},
    "US-CO": {"co-22-16-107": "co-22-16-107-transparency", "co-22-16-110": "co-22-16-110-destruction"},
    "US-LA": {"la-3914-f": "la-3914-f-contract"},
}
"""State → clause of a contract → the rule that wants it."""


def _of_a_state(state: str) -> Iterator[Row]:
    wanted = CLAUSES[state]
    here = {"student.jurisdiction": state}
    yield from allow(f"{state}, contract", CONTRACTS, here | {"agreement.clauses": sorted(wanted)})
    yield from allow(f"{state}, of another state", CONTRACTS, {"student.jurisdiction": "US-VT", "agreement.clauses": []})
    yield from allow(f"{state}, contracts only", ("consent", "transfer"), here)
    for clause, policy in wanted.items():
        others = sorted(it for it in wanted if it != clause)
        yield from deny(f"{state}, contract", CONTRACTS, here | {"agreement.clauses": others}, "state-clause-missing", by=policy)
    first = min(wanted.values())
    yield from deny(f"{state}, contract", CONTRACTS, here | {"agreement": GONE}, "state-clause-missing", by=first)
    yield from deny(f"{state}, third parties", CONTRACTS, here | {"agreement.clauses": [], "recipient.kind": "school"}, "recipient-kind")


ROWS: Final[tuple[Row, ...]] = (
    *(row for state in CLAUSES for row in _of_a_state(state)),
    *deny("La. 17:3914", STUDY, {"student.jurisdiction": "US-LA"}, "state-consent-needed", by="la-3914-study-or-directory"),
    *deny("La. 17:3914", DIRECTORY, {"student.jurisdiction": "US-LA"}, "state-consent-needed", by="la-3914-study-or-directory"),
    *allow("La. 17:3914, other bases", ("audit-authority", "financial-aid"), {"student.jurisdiction": "US-LA"}),
    *deny(
        "La. 17:3914, SSN",
        ("financial-aid", "consent"),
        {"student.jurisdiction": "US-LA"},
        "state-ssn-restricted",
        by="la-3914-ssn",
        element=SSN,
    ),
    *allow("La. 17:3914, SSN", ("rights-holder",), {"student.jurisdiction": "US-LA"}, element=SSN),
    *allow("La. 17:3914, elsewhere", ("financial-aid",), {"student.jurisdiction": "US-MS"}, element=SSN),
    *(
        row
        for element in (*CONTACT, SSN, "identity.multiple_birth")
        for row in deny(
            "N.H. 189:68, I",
            AUDIT,
            {"student.jurisdiction": "US-NH", "mandate.elements": sorted({*ELEMENTS, *CONTACT, "identity.multiple_birth"})},
            "state-collection-barred",
            by="nh-189-68-slds",
            element=element,
        )
    ),
    *allow("N.H. 189:68, I, other data", AUDIT, {"student.jurisdiction": "US-NH"}),
    *allow("N.H. 189:68, I, other data", AUDIT, {"student.jurisdiction": "US-NH"}, element=NAME),
    *allow("N.H. 189:68, I, elsewhere", AUDIT, {"student.jurisdiction": "US-VT"}, element=ADDRESS),
    *allow("N.H. 189:68, I, the department alone", AUDIT, {"student.jurisdiction": "US-NH", "recipient.kind": "lea"}, element=ADDRESS),
    *allow(
        "N.H. 189:68, I, for its data system alone",
        ("consent",),
        {"student.jurisdiction": "US-NH", "recipient.kind": "sea"},
        element=ADDRESS,
    ),
    *deny(
        "Va. 22.1-287.1(A)",
        DIRECTORY,
        {"student.jurisdiction": "US-VA"},
        "state-consent-needed",
        by="va-22.1-287.1-contact",
        element=ADDRESS,
    ),
    *deny(
        "Va. 22.1-287.1(A)",
        DIRECTORY,
        {"student.jurisdiction": "US-VA"},
        "state-consent-needed",
        by="va-22.1-287.1-contact",
        element=PHONES,
    ),
    *allow("Va. 22.1-287.1(A), other data", DIRECTORY, {"student.jurisdiction": "US-VA"}, element=NAME),
    *allow("Va. 22.1-287.1(A), elsewhere", DIRECTORY, {"student.jurisdiction": "US-MD"}, element=ADDRESS),
    *allow("Va. 22.1-287.1(A), other bases", ("military-recruiter", "consent"), {"student.jurisdiction": "US-VA"}, element=ADDRESS),
    *deny("N.H. 189:68, I, not for a question", ("request",), {"recipient.kind": "sea"}, "recipient-kind", element=ADDRESS),
    *deny("states, not for a question", ("request",), {"basis": "study"}, "no-permit-for-this-action", by=None, element=ORDINARY),
)
