"""Decide, by the law's own conditions, whether an element of a student's record may leave. Pure: no FastAPI, no SQLAlchemy, no clock.

`load_policy_set` once; `build_input` from verified evidence; `decide`; record the input's and the outcome's canonical bytes; `reproduce`.
"""

from services.privacy.policy.broken import PolicySetBroken
from services.privacy.policy.counterfactual import Change, Counterfactual, counterfactuals
from services.privacy.policy.evaluate import decide, reproduce
from services.privacy.policy.facts import Circumstances, build_input
from services.privacy.policy.outcome import GroupOutcome, Outcome
from services.privacy.policy.policy_input import PolicyInput
from services.privacy.policy.policy_set import PolicySet, load_policy_set
from services.privacy.policy.rights import rights_role, who_hold_rights
from services.privacy.policy.taxonomy import PURPOSES

__all__ = [
    "PURPOSES",
    "Change",
    "Circumstances",
    "Counterfactual",
    "GroupOutcome",
    "Outcome",
    "PolicyInput",
    "PolicySet",
    "PolicySetBroken",
    "build_input",
    "counterfactuals",
    "decide",
    "load_policy_set",
    "reproduce",
    "rights_role",
    "who_hold_rights",
]
