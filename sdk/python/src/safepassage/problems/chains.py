"""What can be wrong with the redisclosure chain of a record."""

from safepassage.problems.problem import SuiteError


class NoSuchChain(SuiteError):
    """No exchange with this id is visible to the caller; one may exist for others."""

    code, status, title = "no-such-chain", 404, "No chain of such an exchange"
    remedy = "Check the id: `exchange_id` in what a search of the log or the accounting of disclosures tells."


class ChainNotProven(SuiteError):
    """A piece of the chain is not what the logs and the signed messages show."""

    code, status, title = "chain-not-proven", 422, "Chain is not proven"
    remedy = "Do not rely on it. Ask the node for the chain again; if it stays so, one of the logs or messages was altered: keep this copy."
