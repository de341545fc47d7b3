"""Problems with nodes that pull: that cannot be called, and fetch what is for them."""

from safepassage.problems.exchanges import PeerResting
from safepassage.problems.problem import SuiteError


class PeerPulls(PeerResting):
    """The trust list says that the other node fetches what is for it; it is never called."""

    code, status, title = "peer-pulls", 503, "Other node fetches what is for it"
    remedy = "Wait until it fetches it; nothing is to be done here."


class BothPull(SuiteError):
    """Neither node can be called by the other."""

    code, status, title = "both-pull", 409, "Neither node can be called"
    remedy = "One of the two has to be reachable; the trust list says which nodes fetch what is for them."


class StatementNotExpected(SuiteError):
    """The statement is of no member that fetches what is for it: the others are asked for theirs."""

    code, status, title = "statement-not-expected", 422, "Statement is not expected"
    remedy = "Have the trust list say that the node pulls, or publish the statement at its own address."


class ConsistencyWanted(SuiteError):
    """A message's checkpoint does not continue what is known of that log by what is shown, and the log cannot be asked."""

    code, status, title = "consistency-wanted", 409, "A path between two checkpoints is wanted"
    remedy = "Read `/v1/peer/pins`, send the path to `/v1/peer/paths`, then the same message again."
    retry = "after"
