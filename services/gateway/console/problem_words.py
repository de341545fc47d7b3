"""Problems that a page of the console may have to show: what each is called and what to do are translated. Data, with a test."""

from typing import Final

from safepassage.problems import REGISTRY, SuiteError
from services.gateway.console.words import word

SHOWN: Final = (
    "accounting-too-long",
    "activation-has-begun",
    "activation-in-the-past",
    "activation-overtaken",
    "agreement-terminated",
    "approvals-missing",
    "approved-already",
    "approver-is-author",
    "authorization-not-asked",
    "body-too-large",
    "clause-missing",
    "consent-incomplete",
    "consent-withdrawn",
    "count-id-reused",
    "decision-not-reproduced",
    "district-not-yours",
    "duty-done",
    "duty-ends-by-itself",
    "duty-not-waivable",
    "duty-waived",
    "form-not-ours",
    "groups-not-told",
    "handle-unknown",
    "hold-lifted",
    "idempotency-key-reused",
    "identity-check-too-old",
    "index-behind",
    "internal-fault",
    "invalid-request",
    "keys-unavailable",
    "letter-closed",
    "letter-not-requeueable",
    "log-frozen",
    "log-unavailable",
    "lookup-not-specific",
    "malformed-body",
    "match-resolved",
    "method-not-allowed",
    "no-role-here",
    "no-such-activation",
    "no-such-agreement",
    "no-such-consent",
    "no-such-count",
    "no-such-decision",
    "no-such-duty",
    "no-such-entry",
    "no-such-exchange",
    "no-such-letter",
    "no-such-log",
    "no-such-match",
    "no-such-member",
    "no-such-policy-set",
    "no-such-preference",
    "no-such-recipient",
    "no-such-replay",
    "no-such-route",
    "no-such-saved-search",
    "no-such-statistics",
    "no-such-student",
    "no-witnesses-named",
    "not-a-candidate",
    "not-acknowledged",
    "not-found",
    "not-permitted",
    "not-signed-in",
    "not-witnessed-yet",
    "organisation-not-yours",
    "parsed-form-differs",
    "parsed-form-missing",
    "party-suspended",
    "policy-set-empty",
    "policy-set-held-already",
    "policy-set-not-held",
    "policy-set-not-ready",
    "policy-set-not-usable",
    "policy-text-not-parsed",
    "preference-rescinded",
    "purpose-missing",
    "quota-spent",
    "request-incomplete",
    "request-under-way",
    "rights-not-held",
    "seal-broken",
    "shown-in-person-only",
    "sizes-not-ordered",
    "statistics-budget-spent",
    "statistics-table-too-large",
    "statistics-unavailable",
    "step-not-possible",
    "step-up-needed",
    "temporarily-unavailable",
    "too-many-requests",
    "unknown-element",
    "unknown-purpose",
    "unsupported-media-type",
    "version-conflict",
)
"""By code: those that the operations which pages ask for may raise, and those of the pages themselves."""

FROM_THE_LIST: Final = word("Go back to the list, and choose from what is there now.")
THE_FIELD: Final = word("Correct the named field, and send it again.")
IN_A_MOMENT: Final = word("Try again in a moment. A form that is sent twice is done once.")


def remedy_of(problem: SuiteError | type[SuiteError]) -> str:
    """What a person does next, in English. What a problem tells a program to do, by an operation or a header, is no help on a page."""
    if "Idempotency-Key" in problem.remedy:
        return IN_A_MOMENT
    if problem.code == "invalid-request":
        return THE_FIELD
    return FROM_THE_LIST if "/v1" in problem.remedy else problem.remedy


PROBLEM_WORDS: Final = (
    *(said for code in SHOWN for said in (REGISTRY[code].title, remedy_of(REGISTRY[code]))),
    *(problem.title for problem in REGISTRY.values()),
)
"""Their titles and remedies; and the titles of all, since an exchange or an entry of the log may name any that a service refuses with."""
