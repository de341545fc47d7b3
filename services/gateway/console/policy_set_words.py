"""What the steps of a set of rules are called, and what an approver has to name. Data."""

from collections.abc import Mapping
from typing import Final

from safepassage.wire_policy_sets import Acknowledgement, Stage
from services.gateway.console.decision_words import Tone
from services.gateway.console.words import word

STAGES: Final[Mapping[Stage, tuple[Tone, str, str]]] = {
    "draft": ("plain", "dot", word("Draft")),
    "validated": ("plain", "half", word("Checked")),
    "tested": ("plain", "half", word("Tested")),
    "replayed": ("warn", "half", word("Waits for two approvals")),
    "approved": ("warn", "check", word("Approved, not in force")),
    "scheduled": ("warn", "clock", word("Starts later")),
    "active": ("good", "shield", word("In force")),
    "retired": ("plain", "cross", word("Decided before")),
}
"""Tone, mark and word."""

ACKNOWLEDGEMENTS: Final[Mapping[Acknowledgement, str]] = {
    "deny-to-permit": word("I have seen that records would leave that were denied before, and it is meant."),
    "changed-cases": word("I have seen which of the built-in cases this set changes, and it is meant."),
    "cedar-not-run": word("I know that Cedar’s own parser did not check the texts on this node."),
}

NEEDS: Final[Mapping[str, str]] = {
    "validation": word("It was not checked, or the check found something."),
    "tests": word("Its cases were not tested, or one is not true."),
    "replay": word("No replay over past decisions has ended."),
}
"""What is missing before a set can be approved."""

REASONS: Final[Mapping[str, str]] = {
    "law-changed": word("The law changed"),
    "own-rule": word("A rule of this agency’s own"),
    "correction": word("A rule was wrong"),
    "reviewed": word("Counsel reviewed the rules"),
    "roll-back": word("Back to an earlier set"),
    "release": word("A new version of the software"),
    "law-postponed": word("The law was postponed"),
    "mistake": word("It was activated by mistake"),
    "superseded": word("Another set takes its place"),
}
ACTIVATED_FOR: Final = ("law-changed", "own-rule", "correction", "reviewed", "roll-back")
CALLED_OFF_FOR: Final = ("law-postponed", "mistake", "superseded")
"""Which of them a form offers."""

REPLAY_STATES: Final[Mapping[str, tuple[Tone, str, str]]] = {
    "queued": ("plain", "clock", word("Waits")),
    "running": ("warn", "half", word("Runs")),
    "done": ("good", "check", word("Ended")),
    "failed": ("danger", "cross", word("Failed")),
}
"""Tone, mark and word."""
