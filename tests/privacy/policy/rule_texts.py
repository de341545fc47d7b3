"""Small packs for tests, from Cedar text."""

import json
from collections.abc import Mapping
from typing import Any

import cedarpy

from services.privacy.policy.rule_pack import Pack

ANNOTATIONS: Mapping[str, str] = {
    "title": "A rule of a test",
    "citation": "34 CFR 99.30(a)",
    "authority": "law",
    "effective": "2004-04-21",
    "conditions": "a-condition: 34 CFR 99.30(a)",
    "obligations": "",
    "source": "34 CFR 99.30(a)",
    "source_sha256": "0" * 64,
    "review": "unreviewed-draft",
}

DISCLOSE = 'action == SafePassage::Action::"disclose"'
CONSENT = 'context.basis == "consent"'


def annotated(identifier: str, policy: str, **changes: str) -> str:
    """The text of a policy with every annotation."""
    annotations = {"id": identifier, **ANNOTATIONS, **changes}
    return "\n".join(f'@{name}("{value}")' for name, value in annotations.items()) + "\n" + policy


def est_of(*texts: str) -> dict[str, Mapping[str, Any]]:
    """The ESTs of policies, by id."""
    policies = json.loads(cedarpy.policies_to_json_str("\n".join(texts)))["staticPolicies"].values()
    return {policy["annotations"]["id"]: policy for policy in policies}


def pack(name: str, *texts: str) -> Pack:
    """A pack of policies."""
    return Pack(name, "0" * 64, est_of(*texts))
