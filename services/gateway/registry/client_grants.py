"""What a client may be given, and by whom: scopes, ways to get tokens, a name, networks, clients to act for. Each rule raises."""

from collections.abc import Collection
from ipaddress import ip_network
from typing import Final, get_args
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.access import ScopeNotGrantable
from safepassage.problems.privacy import UnknownPurpose
from safepassage.problems.requests import InvalidRequest
from safepassage.wire_clients import ClientGrants, GrantType, NewClient, TlsSubject
from safepassage.wire_organisations import OrganisationKind
from services.gateway.oauth.client_certificates import require_subject
from services.gateway.oauth.codes.redirects import is_loopback
from services.gateway.oauth.scopes import LEGACY_SCOPES, require_grantable, require_own
from services.gateway.registry.purposes import PURPOSES
from services.gateway.tables import ClientRow, OrganisationRow
from shared.contracts.audit import Actor
from shared.internal_token import CallerClaims
from shared.tenancy import within

GRANT_TYPES: Final[tuple[GrantType, ...]] = get_args(GrantType)

Granter = tuple[OrganisationKind, Collection[str]] | None
"""Kind of organisation and scopes of the client that grants; None for the operator."""


def granter_of(caller: CallerClaims) -> Granter:
    """A client that calls, as one who grants."""
    return (caller.organisation_kind, caller.scopes)


def require_grants(scopes: Collection[str], organisation: OrganisationRow, granter: Granter) -> None:
    """Check that clients of an organisation may be given `scopes`, each once, by the granter. Raises ScopeNotGrantable."""
    by, granter_scopes = granter if granter is not None else (None, ())
    require_grantable(scopes, to=organisation.organisation.kind, by=by, granter_scopes=granter_scopes)
    if len(set(scopes)) != len(scopes):
        raise ScopeNotGrantable("a scope comes twice", field="scopes")


def require_purposes(purposes: Collection[str], *, held: Collection[str] = ()) -> None:
    """Check that purposes are of the vocabulary: no rule and no agreement knows another, so that nothing would ever come of it.

    held  what the client may ask for already, whatever it is
    Raises UnknownPurpose.
    """
    if not set(PURPOSES) | set(held) >= set(purposes):
        raise UnknownPurpose("one of " + ", ".join(PURPOSES), field="purposes")


def require_name(subject: TlsSubject) -> None:
    """By which a certificate names its client (RFC 8705 section 2.1.2). Raises InvalidRequest."""
    try:
        require_subject(subject)
    except ValueError as error:
        raise InvalidRequest("not a name of that kind", field="tls_subject") from error


def require_legacy(about: NewClient | ClientGrants) -> None:
    """What a client with a secret may have: rosters, nothing that people or other servers rest on. Raises InvalidRequest."""
    if not LEGACY_SCOPES.issuperset(about.scopes):
        raise InvalidRequest("a client with a secret reads or loads rosters, and does nothing else", field="scopes")
    if about.may_exchange or (isinstance(about, NewClient) and about.resource is not None):
        raise InvalidRequest("a client with a secret exchanges no tokens, and is no resource server", field="authentication")
    if isinstance(about, NewClient):
        if about.redirect_uris or about.grant_types != ("client_credentials",):
            raise InvalidRequest("a client with a secret acts for no person", field="grant_types")
        try:
            networks = [ip_network(one) for one in about.addresses]
        except ValueError as error:
            raise InvalidRequest("not a network", field="addresses") from error
        if any(one.prefixlen < (24 if one.version == 4 else 64) for one in networks):
            raise InvalidRequest("a network has 256 addresses at the most (IPv6: a /64)", field="addresses")


def require_own_client(row: ClientRow, granter: Granter, actor: Actor) -> None:
    """Check that a client has no scope that the granter could not give it.

    INVARIANT: whoever says by what a client proves who it is, or lets it in again, could come as that client. Its own keys a client may
    replace: it gains nothing. Raises ScopeNotGrantable.
    """
    if granter is not None and actor.client_id != str(row.id):
        require_own(row.scopes.split(), by=granter[0], granter_scopes=granter[1])


async def require_exchangeable(tx: AsyncSession, client_ids: Collection[UUID], organisation_id: UUID) -> None:
    """Each is a client of the organisation or of one below it: nobody acts for whom they have no say over. Raises InvalidRequest."""
    query = select(ClientRow.id).where(
        ClientRow.id.in_(client_ids), ClientRow.organisation_id.in_(within(OrganisationRow, organisation_id))
    )
    if len(set(client_ids)) != len(client_ids) or not set((await tx.execute(query)).scalars()).issuperset(client_ids):
        raise InvalidRequest("each is a client of the organization or of one below it, once", field="may_exchange")


def grant_types_of(new: NewClient, *, development: bool) -> tuple[GrantType, ...]:
    """In their order. Raises InvalidRequest for what does not go together."""
    asked = set(new.grant_types)
    if "client_credentials" not in asked:
        raise InvalidRequest("client_credentials is always one of them", field="grant_types")
    if "refresh_token" in asked and "authorization_code" not in asked:
        raise InvalidRequest("refresh_token needs authorization_code", field="grant_types")
    if ("authorization_code" in asked) != bool(new.redirect_uris):
        raise InvalidRequest("authorization_code and redirect_uris need each other", field="redirect_uris")
    if not development and any(is_loopback(uri) for uri in new.redirect_uris):
        raise InvalidRequest("only a node in development sends people to loopback addresses", field="redirect_uris")
    return tuple(one for one in GRANT_TYPES if one in asked)
