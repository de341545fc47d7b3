"""Problems between a log and who mirrors it."""

from safepassage.problems.problem import SuiteError


class MirrorRequestMalformed(SuiteError):
    """Not the body of an add-entries request (C2SP tlog-mirror), or it breaks off within its first package."""

    code, status, title = "mirror-request-malformed", 400, "Request to the mirror cannot be read"
    remedy = "Send origin, start, end, ticket, and then the packages in their order, each whole (C2SP tlog-mirror)."


class LogNotMirrored(SuiteError):
    """The node mirrors no such log, or has nothing of it yet."""

    code, status, title = "log-not-mirrored", 404, "Log is not mirrored here"
    remedy = "Have the log listed in the network's trust list, and the node's operator give mirrors room (SAFE_PASSAGE_MIRROR_MIB)."


class NoCheckpointToMirror(SuiteError):
    """The mirror has never had a checkpoint of the log."""

    code, status, title = "no-checkpoint-to-mirror", 422, "Mirror has no checkpoint of this log yet"
    remedy = "Submit a checkpoint to the node's witness first (C2SP tlog-witness, add-checkpoint)."


class EntriesNotOfTheLog(SuiteError):
    """The entries of a package are not shown to be part of the tree of the checkpoint."""

    code, status, title = "entries-not-of-the-log", 422, "Entries are not those of the checkpoint's tree"
    remedy = "Send the entries as they were logged, with the proof of their subtree in the tree of the named size."


class MirrorFull(SuiteError):
    """The room that the node gives to mirrors is used up: nothing more is kept, and what is kept stays."""

    code, status, title = "mirror-full", 503, "Mirror has no room left"
    remedy = "Ask the node's operator for more room (SAFE_PASSAGE_MIRROR_MIB); then send the entries again."
    retry = "after"
