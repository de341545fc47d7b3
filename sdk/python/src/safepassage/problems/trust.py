"""What is wrong with a trust list, a node's statement, or a node's standing in them."""

from safepassage.problems.problem import SuiteError


class TrustListMalformed(SuiteError):
    """Not a trust list of version 1."""

    code, status, title = "trust-list-malformed", 422, "Trust list cannot be read"
    remedy = "Fetch the list again from the network's registry."


class TrustListNotSigned(SuiteError):
    """Fewer valid signatures of roots than the threshold."""

    code, status, title = "trust-list-not-signed", 422, "Trust list is not signed by enough roots"
    remedy = "Use a list that carries the signatures of as many roots as its threshold, those of the list before it included."


class TrustListDigestDiffers(SuiteError):
    """The first list to be installed is not the one whose digest was given out of band."""

    code, status, title = "trust-list-digest-differs", 422, "Trust list is not the one that was agreed on"
    remedy = "Get the digest from the network's registry by another way (telephone, letter) and compare both."


class TrustListRolledBack(SuiteError):
    """The list is older than, or no successor of, the one already held."""

    code, status, title = "trust-list-rolled-back", 422, "Trust list does not follow the one held"
    remedy = "Fetch the newest list, and every list between it and the one held, in order."


class TrustListExpired(SuiteError):
    """The list is past its `expires_at`; nothing may be exchanged under it."""

    code, status, title = "trust-list-expired", 503, "Trust list has expired"
    remedy = "The node's operator installs a current trust list."
    retry = "after"


class TrustListStale(SuiteError):
    """The list is older than 7 days: receipts and refusals may go out, records may not."""

    code, status, title = "trust-list-stale", 503, "Trust list is older than seven days"
    remedy = "The node's operator installs a current trust list."
    retry = "after"


class NotAMember(SuiteError):
    """The trust list has no such node, or it is suspended or revoked there."""

    code, status, title = "not-a-member", 403, "Node is not an active member"
    remedy = "Ask the network's registry for the node's standing; after a change install the newer trust list."


class NoSuchMember(SuiteError):
    """The trust list names no other node of that state, or several."""

    code, status, title = "no-such-member", 404, "The trust list names no such node"
    remedy = "Choose one of those that the list of states shows."


class StatementRolledBack(SuiteError):
    """The node's statement has a lower serial than one already seen."""

    code, status, title = "statement-rolled-back", 422, "Node statement is older than one already seen"
    remedy = "Publish the newest statement at /.well-known/safe-passage."
