"""What a person of each role may let an application do: the application's registration is the other half, and both are needed.

Data, and nothing else decides. A role is here what it is at the node's own pages; no role lets an application administer clients, load
records or speak as another node.
"""

from collections.abc import Collection, Mapping
from typing import Final

from safepassage.wire_organisations import OrganisationKind
from services.gateway.oauth.scopes import SCOPES

_READING: Final = frozenset({"agreements:read", "decisions:read", "obligations:read", "duties:read"})

ROLE_SCOPES: Final[Mapping[str, frozenset[str]]] = {
    "auditor": _READING | {"audit:search", "audit:export", "audit:accounting", "evidence:read", "alerts:read", "readiness:read"},
    "privacy-officer": _READING
    | {
        "agreements:write",
        "alerts:read",
        "alerts:review",
        "audit:accounting",
        "audit:search",
        "duties:complete",
        "evidence:read",
        "evidence:write",
        "obligations:discharge",
        "policies:simulate",
        "readiness:attest",
        "readiness:read",
        "retention:hold",
        "rights:act",
    },
    "operator": frozenset({"audit:operate", "alerts:read", "exchange:operate", "readiness:read"}),
    "district-officer": _READING
    | {"audit:accounting", "duties:complete", "exchange:request", "matches:resolve", "records:read", "rights:act"},
    "approver": frozenset({"agreements:read", "decisions:read", "obligations:waive", "policies:approve", "retention:approve"}),
}


def grantable(asked: Collection[str], *, registered: Collection[str], role: str, kind: OrganisationKind) -> tuple[str, ...]:
    """Of the scopes asked for, those that a person of `role` in an organisation of `kind` may give a client that is registered for them.

    In the order of the alphabet; none is a good answer.
    """
    may = ROLE_SCOPES.get(role, frozenset())
    return tuple(sorted(scope for scope in set(asked) if scope in may and scope in registered and kind in SCOPES[scope].kinds))
