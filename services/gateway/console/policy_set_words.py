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
