"""Problems of a batch as such; those of a member are in its own answer."""

from safepassage.problems.problem import SuiteError


class BatchMalformed(SuiteError):
    """The body is not the members one after the other, each with its length, one to a hundred of them and 8 MiB at most."""

    code, status, title = "batch-malformed", 422, "Batch is malformed"
    remedy = "Send 1 to 100 members, each as u32 length, big-endian, and its bytes, and nothing after the last one."
