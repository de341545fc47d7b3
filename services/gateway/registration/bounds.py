"""What a client that registers itself may have: never more than whoever let it register may give, and never more than before."""

from collections.abc import Collection

from safepassage.problems import SuiteError
from safepassage.wire_organisations import OrganisationKind
from services.gateway.oauth.scopes import require_grantable
from services.gateway.registration.metadata import ClientMetadata
from services.gateway.registration.registration_errors import MetadataRefused, RedirectRefused
from services.gateway.tables import ClientRow


def require_within(
    *, scopes: Collection[str], purposes: Collection[str], most_scopes: Collection[str], most_purposes: Collection[str]
) -> None:
    """# INVARIANT: nothing is granted that is not in the bounds. Raises MetadataRefused."""
    if not set(scopes) <= set(most_scopes):
        raise MetadataRefused("registration-scope", "scope holds one that this registration may not have")
    if not set(purposes) <= set(most_purposes):
        raise MetadataRefused("registration-purpose", "purposes holds one that this registration may not have")


def require_no_more(metadata: ClientMetadata, row: ClientRow) -> None:
    """# INVARIANT: an update can only narrow what the client has now, whatever it may have had.

    How it proves who it is stays, though keys may be replaced; and of whom people are asked about the name that they are shown, and that an
    administrator has seen. Raises MetadataRefused, RedirectRefused.
    """
    if "authorization_code" in row.grant_types.split() and metadata.client_name != row.name:
        raise MetadataRefused("registration-name", "client_name never changes of who acts for people: register anew")
    require_within(scopes=metadata.scopes, purposes=metadata.purposes, most_scopes=row.scopes.split(), most_purposes=row.purposes.split())
    if not set(metadata.grant_types) <= set(row.grant_types.split()):
        raise MetadataRefused("registration-grants", "grant_types holds one that this registration may not have")
    if not set(metadata.redirect_uris) <= set(row.redirect_uris.split()):
        raise RedirectRefused("redirect_uris holds one that was not approved: register anew")
    subject = "" if metadata.tls_subject is None else metadata.tls_subject.model_dump_json()
    if (metadata.token_endpoint_auth_method, subject) != (row.authentication, row.tls_subject):
        raise MetadataRefused("registration-certificate", "token_endpoint_auth_method and the certificate's name never change")


def require_of_kind(scopes: Collection[str], *, kind: OrganisationKind) -> None:
    """Check that a client of an organisation of this kind may have `scopes` at all. Raises MetadataRefused."""
    try:
        require_grantable(scopes, to=kind, by=None, granter_scopes=())
    except SuiteError as error:
        raise MetadataRefused("registration-scope", "scope holds one that a client of this kind of organization may not have") from error
