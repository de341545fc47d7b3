"""What the gateway stores: organisations, clients and their public keys, what was used once. No student data, no private key.

The store is trusted with who may call: whoever controls it can register a client of their own.
"""

from services.gateway.tables.allowances import QuotaLimitRow, QuotaUseRow, RateUseRow
from services.gateway.tables.foundation import Base, IdempotencyRow, LeaseRow, NodeStatementRow, OutboxRow, TrustListRow
from services.gateway.tables.people import ConsoleLinkRow, FamilyLinkRow, FamilySessionRow, SessionRow, SignInRow
from services.gateway.tables.registration import InitialTokenRow, PublisherRow, RegistrationRow
from services.gateway.tables.registry import ClientRow, ClientSecretRow, OrganisationRow, ScopeUseRow, SuspensionRow
from services.gateway.tables.tokens import GivenAuthorizationRow, PushedRequestRow, RefreshTokenRow, RevokedTokenRow, SpentRow

__all__ = [
    "Base",
    "ClientRow",
    "ClientSecretRow",
    "ConsoleLinkRow",
    "FamilyLinkRow",
    "FamilySessionRow",
    "GivenAuthorizationRow",
    "IdempotencyRow",
    "InitialTokenRow",
    "LeaseRow",
    "NodeStatementRow",
    "OrganisationRow",
    "OutboxRow",
    "PublisherRow",
    "PushedRequestRow",
    "QuotaLimitRow",
    "QuotaUseRow",
    "RateUseRow",
    "RefreshTokenRow",
    "RegistrationRow",
    "RevokedTokenRow",
    "ScopeUseRow",
    "SessionRow",
    "SignInRow",
    "SpentRow",
    "SuspensionRow",
    "TrustListRow",
]
