"""Problems of decisions and of the evidence that they rest on: facts, consents, agreements, obligations."""

from safepassage.problems.problem import SuiteError


class FactsBehind(SuiteError):
    """privacy holds older facts of a student than those under which the asker would release."""

    code, status, title = "facts-behind", 409, "Facts of a student are behind"
    remedy = "Push the student's facts to privacy, then ask again."
    retry = "after"


class FactsConflict(SuiteError):
    """Other facts of this student came with this version already; versions only grow."""

    code, status, title = "facts-conflict", 409, "Other facts have this version already"
    remedy = "Read the student again and push the facts under the next version."


class NoSuchDecision(SuiteError):
    """No decision with this id is visible to the caller; one may exist for others."""

    code, status, title = "no-such-decision", 404, "No such decision"
    remedy = "Check the id; a decision is shown to the organizations that keep the students' records."


class DecisionNotReproduced(SuiteError):
    """The recorded input no longer leads to the recorded decision: the row or the policies are not those of that time."""

    code, status, title = "decision-not-reproduced", 500, "Decision could not be reproduced"
    remedy = "The node's operator compares the policy set with its hash and restores the row from a backup; nothing is released meanwhile."


class PolicySetNotHeld(SuiteError):
    """The decision was made under a policy set that this version of the node does not have."""

    code, status, title = "policy-set-not-held", 409, "Policy set of the decision is not held"
    remedy = "Reproduce it with the version of the node whose policy set has the hash that the decision names."


class NoSuchConsent(SuiteError):
    """No consent with this id is visible to the caller; one may exist for others."""

    code, status, title = "no-such-consent", 404, "No such consent"
    remedy = "Check the id, and that your organization keeps the student's record."


class ConsentWithdrawn(SuiteError):
    """The consent was taken back; nothing more may be disclosed under it.

    What was received under it must be handled as the agreement with the recipient says.
    """

    code, status, title = "consent-withdrawn", 409, "Consent was withdrawn"
    remedy = "Ask the parent or eligible student for a new consent, or name another basis."


class RightsNotHeld(SuiteError):
    """The person for whom the caller acts does not hold this student's rights now.

    Rights end by a binding document (34 CFR 99.4) and pass to the student at 18 or in postsecondary education (34 CFR 99.5).
    """

    code, status, title = "rights-not-held", 403, "Person does not hold the student's rights"
    remedy = "Act for a parent whose rights have not ended, or for the student once rights have passed to the student."


class ConsentIncomplete(SuiteError):
    """What was sent is not a signed and dated written consent in the sense of 34 CFR 99.30; `field` names the condition that is missing."""

    code, status, title = "consent-incomplete", 422, "A condition of a written consent is missing"
    remedy = "Obtain what 34 CFR 99.30 asks for in the named field, then record the consent again."


class NoSuchRecipient(SuiteError):
    """The recipient is not an organisation of this node."""

    code, status, title = "no-such-recipient", 422, "Recipient is not known here"
    remedy = "Register the recipient as an organization of the node first."


class UnknownElement(SuiteError):
    """An element is not in the catalogue of data elements."""

    code, status, title = "unknown-element", 422, "Data element is not known"
    remedy = "Use ids of the element catalogue (`<section>.<member>`)."


class UnknownPurpose(SuiteError):
    """A purpose is not in the closed list of purposes."""

    code, status, title = "unknown-purpose", 422, "Purpose is not known"
    remedy = "Use one of the purposes that the OpenAPI document lists."


class NoSuchAgreement(SuiteError):
    """No agreement with this id is visible to the caller; one may exist for others."""

    code, status, title = "no-such-agreement", 404, "No such agreement"
    remedy = "Check the id, and that your organization is a party."


class AgreementTerminated(SuiteError):
    """The agreement has ended for every district of the caller."""

    code, status, title = "agreement-terminated", 409, "Agreement was terminated"
    remedy = "Record a new agreement if the party is to serve the district again."


class DistrictNotYours(SuiteError):
    """An agreement binds districts of the caller's own organisation only."""

    code, status, title = "district-not-yours", 403, "District is outside the caller's organization"
    remedy = "Name only your own districts; each district records its own agreements, or its state agency does."


class NoSuchDebarment(SuiteError):
    """No debarment with this id is on record."""

    code, status, title = "no-such-debarment", 404, "No such debarment"
    remedy = "Check the id."


class NoSuchObligation(SuiteError):
    """No obligation with this id is visible to the caller; one may exist for others."""

    code, status, title = "no-such-obligation", 404, "No such obligation"
    remedy = "List those of your organization with GET /v1/obligations."


class ObligationDischarged(SuiteError):
    """The obligation was discharged already; its evidence is on record."""

    code, status, title = "obligation-discharged", 409, "Obligation was discharged already"
    remedy = "Read the obligation to see when."


class AccessRequestNotValid(SuiteError):
    """An AuthZEN request does not have the documented form; `field` names the first member at fault."""

    code, status, title = "access-request-not-valid", 400, "Access request is not valid"
    remedy = "Compare the named field with docs/access-evaluation.md and the OpenAPI document; members that are not there are refused."


class SubjectSearchNotAnswered(SuiteError):
    """A search for subjects is answered for the organisation that asks, and for no other: of those nobody has proved the identity."""

    code, status, title = "subject-search-not-answered", 400, "Search for subjects is not answered"
    remedy = "Name the recipient, say how it was authenticated (context.recipient_proof), and ask for an evaluation."
