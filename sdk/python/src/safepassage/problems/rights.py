"""Problems of people's rights and of the law's clocks: requests to inspect and amend, hearings, duties, waivers, destruction."""

from safepassage.problems.problem import SuiteError


class ConsentExpired(SuiteError):
    """The consent has expired; nothing is disclosed under it, and nothing of it can be narrowed."""

    code, status, title = "consent-expired", 409, "Consent has expired"
    remedy = "Ask the parent or eligible student for a new consent."


class ConsentNotNarrowed(SuiteError):
    """A consent may only shrink: what was sent is not a smaller part of what it still covers."""

    code, status, title = "consent-not-narrowed", 422, "A consent may only be narrowed"
    remedy = "Name what remains: fewer elements or purposes, or an earlier expiry, and something of each. To end it, withdraw it."


class NoSuchRightsRequest(SuiteError):
    """No request, hearing or statement with this id is visible to the caller; one may exist for others."""

    code, status, title = "no-such-rights-request", 404, "No such request"
    remedy = "Check the id, and that your organization keeps the record or took the request in."


class ShownInPersonOnly(SuiteError):
    """The student's address is protected: who received the record may tell where the child lives, so no page on the internet shows it."""

    code, status, title = "shown-in-person-only", 403, "This record is shown in person only"
    remedy = "Let the parent or eligible student inspect the record at the agency, after asking who may know where the student lives."


class NoSuchListEntry(SuiteError):
    """No line with this id is on a list of the caller's organisation."""

    code, status, title = "no-such-list-entry", 404, "No such line"
    remedy = "Read the list and use an id of it; a line belongs to the organization that recorded it."


class StepNotPossible(SuiteError):
    """The request is in a state from which this step does not lead on; `detail` names the state."""

    code, status, title = "step-not-possible", 409, "Not possible in this state"
    remedy = "Read the request and take a step that its state allows."


class RequestIncomplete(SuiteError):
    """What was sent cannot have happened so; `field` names what does not fit."""

    code, status, title = "request-incomplete", 422, "A date or reference of the request does not fit"
    remedy = "Correct the named field to what happened, then send it again."


class IdentityCheckTooOld(SuiteError):
    """Longer ago than this node allows the person was identified, on whose word something is to be done (34 CFR 99.31(c))."""

    code, status, title = "identity-check-too-old", 422, "Identity was checked too long ago"
    remedy = "Identify the person again, and send it with the instant of that check in the named field."


class NotTheOriginatingAgency(SuiteError):
    """The agency that made the record decides whether to amend it; a state agency forwards the request (34 CFR 99.10(a)(2)(i), 99.20)."""

    code, status, title = "not-the-originating-agency", 403, "The agency that made the record decides"
    remedy = "Let the originating district decide; it finds the request among its own."


class HearingShort(SuiteError):
    """The hearing lacks what 34 CFR 99.22 asks for; `field` names the first condition that is not met."""

    code, status, title = "hearing-short", 422, "A condition of the hearing is not met"
    remedy = "Hold the hearing as 34 CFR 99.22 asks: schedule it again with what the named field lacks, or correct the field."


class NoSuchPreference(SuiteError):
    """No opt-out or refusal with this id is visible to the caller; one may exist for others."""

    code, status, title = "no-such-preference", 404, "No such opt-out or refusal"
    remedy = "Check the id, and that your organization keeps the student's record."


class PreferenceRescinded(SuiteError):
    """The opt-out or refusal was rescinded already."""

    code, status, title = "preference-rescinded", 409, "It was rescinded already"
    remedy = "Record a new one if the person wants it again."


class NoSuchDuty(SuiteError):
    """No duty with this id is visible to the caller; one may exist for others."""

    code, status, title = "no-such-duty", 404, "No such duty"
    remedy = "List those of your organization with GET /v1/duties."


class DutyDone(SuiteError):
    """The duty was done already; its evidence is on record."""

    code, status, title = "duty-done", 409, "Duty was done already"
    remedy = "Read the duty to see when."


class DutyEndsByItself(SuiteError):
    """This duty ends with the step of the request that it is about; it cannot be declared done."""

    code, status, title = "duty-ends-by-itself", 409, "This duty ends with what it is about"
    remedy = "Take the step of the request that the duty names in `about`: the duty is done with it."


class DutyNotWaivable(SuiteError):
    """Only a notice of a general law on breaches is waived, once: whether it binds is for counsel to say. Any other duty is done."""

    code, status, title = "duty-not-waivable", 409, "This duty cannot be waived"
    remedy = "Do what the duty asks, and complete it with POST /v1/duties/{id}/completion."


class DutyWaived(SuiteError):
    """The duty was waived already; the reason is on record."""

    code, status, title = "duty-waived", 409, "Duty was waived already"
    remedy = "Read the duty to see when and why."


class OrganisationNotYours(SuiteError):
    """A duty is opened for the caller's own organisation or one below it."""

    code, status, title = "organisation-not-yours", 403, "Organization is outside the caller's own"
    remedy = "Name your own organization or one below it."


class ObligationWaived(SuiteError):
    """The obligation was waived by two officials already."""

    code, status, title = "obligation-waived", 409, "Obligation was waived already"
    remedy = "Read the obligation to see when."


class WaiverNotCounted(SuiteError):
    """An obligation is waived by two different officials of the agency, each on their own word, with one reason."""

    code, status, title = "waiver-not-counted", 409, "This official has waived it already"
    remedy = "Let a second official of the agency, not the same person, waive it."


class OptOutSaidHereAlone(SuiteError):
    """An opt-out stands about the record, and about no other record of the child that stays: it would be lost with the record."""

    code, status, title = "opt-out-said-here-alone", 409, "An opt-out stands that the child's other record has not"
    remedy = "Put it on record for the other record too, or separate the two if they are not one child's; then destroy this one."
    retry = "after"


class InspectionOutstanding(SuiteError):
    """A request to inspect the records is outstanding, so they must not be destroyed (34 CFR 99.10(e)); no destruction of them is taken.

    What was destroyed already is reported to the agency: it owes the person who asked an explanation.
    """

    code, status, title = "inspection-outstanding", 409, "A request to inspect is outstanding"
    remedy = "Keep the records until the request to inspect is complied with or withdrawn, then ask or attest again."
    retry = "after"


class AttestationNotValid(SuiteError):
    """The attestation is not of the documented form, not by the caller's registered key, or not about what the caller owes."""

    code, status, title = "attestation-not-valid", 422, "Attestation of destruction is not valid"
    remedy = "Sign it with the Ed25519 key that the client is registered with, for this node, about your own agreement, after the fact."


class NoSuchClearance(SuiteError):
    """No destruction with this id was cleared for this student: the id of a clearance goes with one student's records."""

    code, status, title = "no-such-clearance", 404, "No such clearance"
    remedy = "Clear the destruction of this student's records first (POST /v1/destructions), and give the id of that."


class NothingToDestroy(SuiteError):
    """Nothing is owed under this agreement that an attestation could discharge."""

    code, status, title = "nothing-to-destroy", 409, "No destruction is owed under this agreement"
    remedy = "Check the agreement; an attestation counts once."


class NoSuchAttestation(SuiteError):
    """No attestation with this id is visible to the caller; one may exist for others."""

    code, status, title = "no-such-attestation", 404, "No such attestation"
    remedy = "Check the id; an attestation is shown to who made it and to the agencies to which it was owed."
