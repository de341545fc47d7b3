"""What a client that registers itself may have: never more than whoever let it register may give, and never more than before."""

from collections.abc import Collection

from safepassage.problems import SuiteError
from safepassage.wire_organisations import OrganisationKind
from services.gateway.oauth.scopes import require_grantable
from services.gateway.registration.registration_errors import MetadataRefused


def require_within(
    *, scopes: Collection[str], purposes: Collection[str], most_scopes: Collection[str], most_purposes: Collection[str]
) -> None:
    """# INVARIANT: nothing is granted that is not in the bounds. Raises MetadataRefused."""
    if not set(scopes) <= set(most_scopes):
        raise MetadataRefused("registration-scope", "scope holds one that this registration may not have")
    if not set(purposes) <= set(most_purposes):
        raise MetadataRefused("registration-purpose", "purposes holds one that this registration may not have")


def require_of_kind(scopes: Collection[str], *, kind: OrganisationKind) -> None:
    """Check that a client of an organisation of this kind may have `scopes` at all. Raises MetadataRefused."""
    try:
        require_grantable(scopes, to=kind, by=None, granter_scopes=())
    except SuiteError as error:
        raise MetadataRefused("registration-scope", "scope holds one that a client of this kind of organisation may not have") from error
