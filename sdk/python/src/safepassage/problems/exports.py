"""What can be wrong with an export of the log."""

from safepassage.problems.problem import SuiteError


class ExportTokenInvalid(SuiteError):
    """The plan or a part does not come from this node, this client or this search."""

    code, status, title = "export-token-invalid", 422, "Plan or part of this export is not one that the node made for you"
    remedy = "Send back `plan`, `token` and the same `search` as POST /v1/log/exports answered, and each part's `Export-Part`, unchanged."


class NoSuchPart(SuiteError):
    """The plan has fewer parts."""

    code, status, title = "no-such-part", 422, "The export has no such part"
    remedy = "Ask for parts 0 to `parts` - 1 of the plan."


class PartsMissing(SuiteError):
    """A manifest names every part of the entries once; those of the proofs may be left out as a whole."""

    code, status, title = "parts-missing", 422, "Parts of this export are missing"
    remedy = "Fetch each part of the kind `entries`, and all or none of the kind `proofs`; then send the token of each once."


class IndexBehind(SuiteError):
    """The index of the log has not come as far as the part that was asked for; it would be incomplete."""

    code, status, title = "index-behind", 503, "Index of the log has not caught up yet"
    remedy = "Ask again in some seconds; the metrics of audit say how far behind the index is."
    retry = "after"


class ExportAltered(SuiteError):
    """A file of an export is not what was exported, or its manifest is not what was signed."""

    code, status, title = "export-altered", 422, "Export is not what the node gave out"
    remedy = "Do not rely on it. Export again, and keep this copy as evidence."
