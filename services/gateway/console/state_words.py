"""What the standing of other states' nodes is called, with its mark, and what to do where something is wrong. Data."""

from collections.abc import Mapping
from typing import Final, Literal

from safepassage.wire_reconciliations import FindingKind, ReconciliationState
from services.gateway.console.decision_words import Tone
from services.gateway.console.words import word

Shown = tuple[Tone, str, str]
"""Tone, mark and words."""

Status = Literal["active", "suspended", "revoked"]
STATUSES: Final[Mapping[Status, Shown]] = {
    "active": ("good", "check", word("Active")),
    "suspended": ("danger", "cross", word("Suspended by the network")),
    "revoked": ("danger", "cross", word("Expelled")),
}

Reach = Literal["answers", "failing", "resting", "pulls", "never", "closed", "unknown"]
REACHES: Final[Mapping[Reach, Shown]] = {
    "answers": ("good", "check", word("Answers")),
    "failing": ("warn", "half", word("No answer now")),
    "resting": ("danger", "clock", word("Left alone")),
    "pulls": ("plain", "arrow-back", word("Calls us itself")),
    "never": ("plain", "dot", word("Nothing exchanged")),
    "closed": ("plain", "cross", word("Not called")),
    "unknown": ("warn", "half", word("Not known now")),
}

Counters = Literal["agree", "differ", "due", "lapsed", "never", "unknown"]
COUNTERS: Final[Mapping[Counters, Shown]] = {
    "agree": ("good", "check", word("Agree")),
    "differ": ("danger", "cross", word("Differ")),
    "due": ("plain", "clock", word("To be compared")),
    "lapsed": ("warn", "half", word("No answer for a week")),
    "never": ("plain", "dot", word("None to compare")),
    "unknown": ("warn", "half", word("Not known now")),
}

Witness = Literal["all", "behind", "late", "none-yet", "could", "no", "wrong", "unknown"]
WITNESSES: Final[Mapping[Witness, Shown]] = {
    "all": ("good", "check", word("Cosigned all of it")),
    "behind": ("good", "check", word("Cosigns it")),
    "late": ("warn", "clock", word("Not for a day")),
    "none-yet": ("warn", "half", word("Not yet cosigned")),
    "could": ("plain", "dot", word("Is not asked to")),
    "no": ("plain", "dot", word("No witness")),
    "wrong": ("danger", "cross", word("Something wrong")),
    "unknown": ("warn", "half", word("Not known now")),
}

DAYS: Final[Mapping[ReconciliationState, Shown]] = {
    "agreed": ("good", "check", word("Agree")),
    "differs": ("danger", "cross", word("Differ")),
    "due": ("plain", "clock", word("To be compared")),
    "lapsed": ("warn", "half", word("No answer for a week")),
}

STREAMS: Final = {
    "requests-sent": word("Requests we sent"),
    "requests-received": word("Requests we received"),
    "answers-sent": word("Answers we sent"),
    "answers-received": word("Answers we received"),
}

FINDINGS: Final[Mapping[FindingKind, str]] = {
    "requests-lacking-here": word("Requests that they sent and we lack"),
    "requests-lacking-there": word("Requests that we sent and they lack"),
    "answers-lacking-here": word("Answers that they sent and we lack"),
    "answers-lacking-there": word("Answers that we sent and they lack"),
    "answers-not-applied-here": word("Answers whose receipt says filed, and that are not filed here"),
    "answers-not-applied-there": word("Answers whose receipt says filed, and that are not filed there"),
    "their-log-differs": word("Their log does not continue what it signed before"),
    "our-log-differs": word("Our log is not what it was when they saw it"),
}

LOST_HERE: Final = (word("Look which backup this node’s store came from."), "safepassage-node letters differences --client FILE")
LOST_THERE: Final = (
    word("Call its operators: its store was restored from an older copy. What it lost is asked for again."),
    "safepassage-node letters differences --client FILE",
)
FINDING_REMEDIES: Final[Mapping[FindingKind, tuple[str, str]]] = {
    "our-log-differs": (word("Stop the node and look at its log before anything else."), "safepassage-node doctor NODE"),
    "their-log-differs": (word("An incident of the network: keep both checkpoints, and tell the other agency by telephone."), ""),
    "requests-lacking-here": LOST_HERE,
    "answers-lacking-here": LOST_HERE,
    "answers-not-applied-here": LOST_HERE,
    "requests-lacking-there": LOST_THERE,
    "answers-lacking-there": LOST_THERE,
    "answers-not-applied-there": LOST_THERE,
}
"""What an operator does (docs/exchange.md), and the command for it."""

WITNESS_FINDINGS: Final[Mapping[str, tuple[str, str]]] = {
    "peer-log-forked": (
        word("Its log has signed two different histories of one size"),
        word("Nothing of that log counts any more: tell the network, and have the member suspended."),
    ),
    "peer-log-not-continued": (
        word("Its log does not show that it continues what we cosigned"),
        word("Ask its operator: an older copy was restored there, or the log was rewritten."),
    ),
    "own-log-rolled-back": (
        word("It has cosigned more of our log than we have"),
        word("Our log is frozen: find the newest copy of its store before anything else."),
    ),
    "own-log-forked": (
        word("It has cosigned another history of our log than ours"),
        word("Our log is frozen: two copies have signed under one key. Stop all but one."),
    ),
    "witness-claims-more": (
        word("It says that it has cosigned more of our log, and does not show it"),
        word("Ask the witness for what it has. If it is under our key, treat it as a frozen log."),
    ),
    "witness-refuses": (
        word("It refuses a checkpoint of ours that is in order"),
        word("Compare the key that its trust list shows for our log with ours."),
    ),
    "witness-forgot": (
        word("It knows less of our log than it has cosigned"),
        word("Its operator restored an older copy. It is taught anew."),
    ),
    "cosignature-invalid": (
        word("Its cosignature does not verify"),
        word("Write the policy of witnesses again from the newest trust list."),
    ),
    "cosignature-missing": (
        word("Its answer has no cosignature by its key"),
        word("Write the policy of witnesses again from the newest trust list."),
    ),
    "cosignature-old": (word("Its cosignature is of an earlier time"), word("Compare the clocks of both nodes.")),
    "cosignature-ahead": (word("Its cosignature is of a time that has not come"), word("Compare the clocks of both nodes.")),
    "answer-unreadable": (
        word("Something else answers at its address"),
        word("Look at its address, and at what stands before it."),
    ),
}
"""Of what a witness or a log should never have said (docs/witnessing.md): what it is, and what to do."""

STATEMENT_PROBLEMS: Final = {
    "message-expired": word("Its statement of keys has ended and it has signed no new one"),
    "unknown-key": word("Its statement of keys is signed by a key that the trust list does not name"),
}
