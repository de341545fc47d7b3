"""What each role may ask of the services through the console. Data: the services check it again, and narrow it to the organisation."""

from collections.abc import Mapping
from typing import Final

from services.gateway.people.roles import Role

READS: Final = frozenset(
    {
        "agreements:read",
        "alerts:read",
        "audit:accounting",
        "audit:export",
        "audit:operate",
        "audit:search",
        "decisions:read",
        "duties:read",
        "evidence:read",
        "obligations:read",
        "policies:simulate",
        "readiness:read",
        "records:read:state",
        "records:statistics",
    }
)
"""What whoever oversees the state's exchange looks at; nothing of it changes anything but the log."""

OF_A_STATE: Final = frozenset({"records:read:state", "alerts:read", "audit:operate", "policies:simulate", "readiness:read"})

SCOPES_OF_ROLES: Final[Mapping[Role, frozenset[str]]] = {
    "auditor": READS | {"records:read:state"},
    "privacy-officer": READS
    | {
        "records:read:state",
        "agreements:write",
        "alerts:review",
        "duties:complete",
        "matches:resolve",
        "obligations:discharge",
        "policies:draft",
        "readiness:attest",
        "records:residence",
        "retention:hold",
        "rights:act",
    },
    "operator": frozenset({"alerts:read", "audit:operate", "audit:search", "duties:read", "exchange:operate", "readiness:read"}),
    "district-officer": (READS - OF_A_STATE) | {"duties:complete", "matches:resolve", "records:read", "records:residence", "rights:act"},
    "approver": READS | {"obligations:waive", "policies:activate", "policies:approve", "retention:approve"},
}
"""Scopes of the node's vocabulary, which each organisation's kind may have (services.gateway.oauth.scopes)."""

PURPOSE_OF_ROLES: Final[Mapping[Role, str]] = dict.fromkeys(SCOPES_OF_ROLES, "audit-evaluation")
"""For which purpose the log is opened to them: to see whether the law is kept (34 CFR 99.35)."""
