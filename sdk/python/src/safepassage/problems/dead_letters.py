"""Problems of what did not arrive: what an operator, or the other node, is told about it."""

from safepassage.problems.problem import SuiteError


class NoSuchLetter(SuiteError):
    """No dead letter has this id."""

    code, status, title = "no-such-letter", 404, "No such dead letter"
    remedy = "List the dead letters, and use an id of that list."


class LetterClosed(SuiteError):
    """Somebody has dealt with it before, or it was settled."""

    code, status, title = "letter-closed", 409, "Dead letter is closed"
    remedy = "Read it: it says what was done, and when. What was sent again and failed again is a dead letter of its own."


class LetterNotRequeueable(SuiteError):
    """Nothing can be sent again in its place."""

    code, status, title = "letter-not-requeueable", 409, "Nothing can be sent again for this"
    remedy = (
        "Read `can`. After a request is over, answered, or its answer rejected, the agency that asked makes a new request; a message that "
        "was refused here is sent again by who sent it."
    )


class NoSuchAnswer(SuiteError):
    """No answer of this node has this id."""

    code, status, title = "no-such-answer", 404, "No such answer"
    remedy = "List the waiting answers, and use an id of that list, or the envelope's id in the log's entry of the disclosure."


class AnswerNotRecallable(SuiteError):
    """The answer was acknowledged by the other node, or it is over: only what waits can be recalled."""

    code, status, title = "answer-not-recallable", 409, "Answer cannot be recalled any more"
    remedy = "Ask the agency that received it to destroy what it received; the log has who that is, and when it acknowledged."


class AnswerWithdrawn(SuiteError):
    """The sender has told that this answer ended; it comes too late."""

    code, status, title = "answer-withdrawn", 410, "Answer was withdrawn by its sender"
    remedy = "Send a new answer under a new id, by a new decision, if one is to be sent."


class EndingOfAnotherExchange(SuiteError):
    """What is said to have ended is no message of an exchange with this node."""

    code, status, title = "ending-of-another-exchange", 404, "No such exchange has been between these nodes"
    remedy = "Tell the node with which the exchange was, with the digest of its request."


class TooManyEndings(SuiteError):
    """More answers of one exchange were withdrawn than a node remembers."""

    code, status, title = "too-many-endings", 422, "Too many answers of one exchange were withdrawn"
    remedy = "Have a new request made, and answer that."
