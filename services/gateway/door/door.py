"""What the door needs to let anybody through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.gateway.door.allowances import Allowances
from services.gateway.door.authentication import Authentication
from services.gateway.door.client_address import Network
from services.gateway.door.entrances import Entrances
from services.gateway.door.refusals import Refusals
from services.gateway.door.scope_use import ScopeUse
from services.gateway.door.service_call import Upstream
from services.gateway.door.shared_rates import SharedRates
from services.gateway.family.admission import FamilyAdmission
from services.gateway.people.admission import Admission
from shared.clock import Clock
from shared.internal_token import InternalTokens
from shared.telemetry import Metrics
from shared.who_may_call import ServiceName


@dataclass(frozen=True)
class Door:
    """What the door needs, put together when the process opens; it is on `app.state.door`."""

    clock: Clock
    entrances: Entrances
    authentication: Authentication
    allowances: Allowances
    rates: SharedRates
    internal_tokens: InternalTokens
    upstreams: Mapping[ServiceName, Upstream]
    refusals: Refusals
    metrics: Metrics
    scope_use: ScopeUse
    trusted_proxies: Sequence[Network]
    people: Admission
    families: FamilyAdmission
    certificate_header: bytes | None = None
    """In which a trusted proxy says with which certificate the client came to it."""
