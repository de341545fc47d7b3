"""Problems of the evidence of legal bases, and of the clauses and amendments of agreements."""

from safepassage.problems.problem import SuiteError


class NoSuchEvidence(SuiteError):
    """No evidence with this id is visible to the caller; some may exist for others, and some is kept secret by order of a court."""

    code, status, title = "no-such-evidence", 404, "No such evidence"
    remedy = "Check the id, and that the evidence is your own organization's or that of one below it."


class EvidenceRevoked(SuiteError):
    """The evidence was revoked; nothing more is decided on it."""

    code, status, title = "evidence-revoked", 409, "Evidence was revoked"
    remedy = "Record new evidence if the ground for the disclosure exists again."


class EvidenceIncomplete(SuiteError):
    """What was sent cannot have happened so, or lacks what the law asks of this kind; `field` names it, `detail` cites the paragraph."""

    code, status, title = "evidence-incomplete", 422, "A condition of the evidence is missing"
    remedy = "Obtain what the named field asks for, then record the evidence again."


class RecorderNotPermitted(SuiteError):
    """Who may record a kind of evidence is fixed, and whoever would receive the data never records what entitles to them."""

    code, status, title = "recorder-not-permitted", 403, "Organization may not record this evidence"
    remedy = "Let the agency whose disclosure it supports record it; docs/evidence.md says who may record which kind."


class AgencyNotYours(SuiteError):
    """Evidence supports the disclosures of an agency of the caller's own organisation, of a kind that discloses on this ground."""

    code, status, title = "agency-not-yours", 403, "Agency is outside the caller's organization"
    remedy = "Name your own organization, or a district of yours."


class ClauseMissing(SuiteError):
    """The law makes a written agreement of this kind depend on a clause that the document was not shown to have."""

    code, status, title = "clause-missing", 422, "A mandatory clause of the agreement is missing"
    remedy = "Say where the document has the clause that the named field stands for; without it the document has to be amended first."


class AmendmentNotPossible(SuiteError):
    """What was sent does not follow from the agreement as it stands; `field` names what does not fit."""

    code, status, title = "amendment-not-possible", 422, "Amendment does not fit the agreement"
    remedy = "Read the agreement and correct the named field."
