"""The closed vocabulary of scopes: what each lets a client do, and which kinds of organisation may have it at all."""

from collections.abc import Collection
from typing import Final, NamedTuple

from safepassage.problems.access import ScopeNotGrantable
from safepassage.wire_organisations import OrganisationKind

PEER_SCOPE: Final = "exchange:peer"
"""The only scope of a peer node's token."""

ROSTERING: Final = "https://purl.imsglobal.org/spec/or/v1p2/scope/"
"""What the names of OneRoster's scopes begin with."""


class ScopeMeaning(NamedTuple):
    """What a scope is for."""

    summary: str
    kinds: frozenset[OrganisationKind]
    """Kinds of organisation whose clients may have it."""


def _scope(summary: str, *kinds: OrganisationKind) -> ScopeMeaning:
    return ScopeMeaning(summary, frozenset(kinds))


SCOPES: Final[dict[str, ScopeMeaning]] = {
    "records:read": _scope(
        "read students' records within the organization, or as an agreement schedules", "sea", "lea", "school", "vendor"
    ),
    "records:read:state": _scope("read any student's record of the state, for a purpose", "sea"),
    "records:msix": _scope("take migratory children's minimum data elements, as a mandate of compliance has it", "agency"),
    f"{ROSTERING}roster.readonly": _scope(
        "read the roster that an agreement schedules, demographics too, as OneRoster", "vendor", "agency"
    ),
    f"{ROSTERING}roster-core.readonly": _scope("read the roster that an agreement schedules as OneRoster", "vendor", "agency"),
    f"{ROSTERING}roster-demographics.readonly": _scope(
        "read the demographics that an agreement schedules as OneRoster", "vendor", "agency"
    ),
    "records:statistics": _scope("ask for statistics, with noise, of the organization's students or the state's", "sea", "lea"),
    "records:residence": _scope("count the students of a blast radius by the state where they live", "sea", "lea"),
    "records:load": _scope("load students, rosters and records", "sea", "lea", "school"),
    "exchange:request": _scope("ask another state for a child's record and follow the request", "sea", "lea", "school"),
    "exchange:operate": _scope("see what was not delivered; have it sent again, give it up, recall what waits", "sea"),
    PEER_SCOPE: _scope("another node's exchange messages", "peer"),
    "matches:resolve": _scope("decide who a child is where the machine may not", "sea", "lea"),
    "rights:act": _scope("act for an identified parent or eligible student", "sea", "lea", "school"),
    "family:links": _scope("make links to the family's page, after the agency's identity check", "sea", "lea", "school"),
    "credentials:revoke": _scope("revoke credentials that were issued", "sea", "lea", "school"),
    "educators:credentials": _scope("issue, file and read micro-credentials of educators", "sea", "lea"),
    "safeguards:keep": _scope("keep the lists of where records are and of who has access to them", "sea", "lea", "school"),
    "agreements:read": _scope("read agreements", "sea", "lea", "school", "vendor"),
    "agreements:write": _scope("record and end agreements", "sea", "lea"),
    "evidence:read": _scope("read the evidence that disclosures rest on", "sea", "lea"),
    "evidence:write": _scope("record and revoke evidence that disclosures rest on", "sea", "lea"),
    "evidence:sealed": _scope("know of secret orders and of the decisions on them, and read the text of a threat", "sea", "lea"),
    "debarments:write": _scope("record and read debarments", "sea"),
    "decisions:read": _scope("read and reproduce decisions", "sea", "lea", "school"),
    "access:evaluate": _scope("ask for access decisions as an enforcement point (AuthZEN)", "sea", "lea", "school"),
    "obligations:read": _scope("read obligations", "sea", "lea", "school"),
    "obligations:discharge": _scope("discharge obligations", "sea", "lea", "school"),
    "policies:draft": _scope("draft, validate, test and replay policy sets", "sea"),
    "policies:approve": _scope("approve policy sets as officials who did not draft them", "sea"),
    "policies:activate": _scope("let approved policy sets decide from an instant on, and call that off", "sea"),
    "policies:simulate": _scope("ask what the policies would answer to supplied facts", "sea"),
    "obligations:waive": _scope("waive obligations, as one of two officials", "sea", "lea"),
    "duties:read": _scope("read duties and their clocks", "sea", "lea", "school"),
    "duties:complete": _scope("open and complete duties", "sea", "lea", "school"),
    "destruction:clear": _scope("ask whether records may be destroyed", "sea", "lea", "school"),
    "destruction:attest": _scope("attest that what was held under an agreement is destroyed", "vendor", "agency"),
    "readiness:read": _scope("read the readiness scorecard", "sea"),
    "readiness:attest": _scope("attest questions of the readiness scorecard, and keep scorecards", "sea"),
    "audit:export": _scope("export what the log tells, with proofs", "sea", "lea"),
    "audit:accounting": _scope("the accounting of disclosures of one student", "sea", "lea", "school"),
    "audit:search": _scope("search the log", "sea", "lea"),
    "audit:operate": _scope("checkpoints, tiles and proofs of the log", "sea"),
    "audit:destinations": _scope("keep the destinations that the log is sent to (SIEM)", "sea"),
    "alerts:read": _scope("read what is unusual in the log, and who looked at it", "sea"),
    "alerts:review": _scope("say what came of alerts, and sign off their weeks", "sea"),
    "retention:hold": _scope("place and lift legal holds on what the log seals", "sea"),
    "retention:destroy": _scope("ask for the destruction of what the log seals", "sea"),
    "retention:approve": _scope("approve its destruction as an official who did not ask for it", "sea"),
    "admin:organisations": _scope("administer organizations", "sea", "lea"),
    "admin:clients": _scope("administer clients", "sea", "lea"),
}

LEGACY_SCOPES: Final = frozenset({"records:load", *(scope for scope in SCOPES if scope.startswith(ROSTERING))})
"""All that a client with a secret may have (services.gateway.oauth.legacy)."""

CLIENT_SCOPES: Final = frozenset(SCOPES) - {PEER_SCOPE}
"""All but that of other nodes."""

OFFICIALS_ACT: Final = frozenset(
    {
        "policies:draft",
        "policies:approve",
        "policies:activate",
        "policies:simulate",
        "obligations:waive",
        "readiness:attest",
        "alerts:review",
        "retention:hold",
        "retention:destroy",
        "retention:approve",
        "exchange:operate",
    }
)
"""With these an official is named for whom a client acts."""

STATE_GRANTS_ONLY: Final = frozenset(
    {
        "records:read:state",
        "exchange:operate",
        "debarments:write",
        "policies:draft",
        "policies:approve",
        "policies:activate",
        "policies:simulate",
        "readiness:read",
        "readiness:attest",
        "audit:operate",
        "audit:destinations",
        "alerts:read",
        "alerts:review",
        "retention:hold",
        "retention:destroy",
        "retention:approve",
        "admin:organisations",
        "admin:clients",
    }
)
"""Only the state agency's administrators grant these."""


def require_grantable(
    scopes: Collection[str], *, to: OrganisationKind, by: OrganisationKind | None, granter_scopes: Collection[str]
) -> None:
    """Check that a client of an organisation of kind `to` may be given `scopes`.

    by              kind of the organisation whose client gives them; None for the node's operator at the command line
    granter_scopes  the scopes that client has itself

    INVARIANT: outside the state agency nobody gives what they do not have. Raises ScopeNotGrantable.
    """
    for scope in scopes:
        meaning = SCOPES.get(scope)
        if meaning is None:
            raise ScopeNotGrantable("a scope is not of the vocabulary", field="scopes")
        if to not in meaning.kinds:
            raise ScopeNotGrantable(f"a client of a {to} may not have {scope}", field="scopes")
        require_own([scope], by=by, granter_scopes=granter_scopes)


def require_own(scopes: Collection[str], *, by: OrganisationKind | None, granter_scopes: Collection[str]) -> None:
    """Check that `scopes` are the granter's to give; the parameters are those of `require_grantable`. Raises ScopeNotGrantable."""
    for scope in scopes:
        if by not in (None, "sea") and (scope in STATE_GRANTS_ONLY or scope not in granter_scopes):
            raise ScopeNotGrantable(f"{scope} is granted by the state agency, or by one who has it", field="scopes")
