"""Problems of the readiness scorecard."""

from safepassage.problems.problem import SuiteError


class NoSuchQuestion(SuiteError):
    """The scorecard has no question with this id."""

    code, status, title = "no-such-question", 404, "No such question"
    remedy = "GET /v1/readiness/questions lists them all."


class NoSuchAttestation(SuiteError):
    """No attestation with this id is on record."""

    code, status, title = "no-such-attestation", 404, "No such attestation"
    remedy = "GET /v1/readiness/questions/{id}/attestations lists those of a question."


class AttestationWithdrawn(SuiteError):
    """The attestation was taken back already; it stays in the history."""

    code, status, title = "attestation-withdrawn", 409, "Attestation was withdrawn already"
    remedy = "Attest again if the answer holds again."


class DocumentNeeded(SuiteError):
    """The question is answered by a document, and none was named."""

    code, status, title = "document-needed", 422, "A document is needed"
    remedy = "Name the document: its digest and where the agency keeps it."


class NoSuchSnapshot(SuiteError):
    """No scorecard with this id was kept."""

    code, status, title = "no-such-snapshot", 404, "No such snapshot"
    remedy = "GET /v1/readiness/snapshots lists them."
