"""Problems of finding the node that has a child."""

from safepassage.problems.problem import SuiteError


class NobodyToAsk(SuiteError):
    """No other node can be asked whether it has the child."""

    code, status, title = "nobody-to-ask", 422, "There is nobody to ask"
    remedy = "Name other nodes of the trust list. A node that fetches its messages asks the state of origin by name instead."


class NoNameToSeek(SuiteError):
    """The given name is a placeholder, or the surname is: everybody could be meant."""

    code, status, title = "no-name-to-seek", 422, "There is no name to seek"
    remedy = "Seek by the names in the child's papers, the given name and the surname."
