"""Who may call whom, as data. `deploy/k8s` has the same graph as network policies, and a test says so.

From it follow the keys too: a service holds the public keys of those who may call it, and of no other.
"""

from typing import Final, Literal, get_args

ServiceName = Literal["gateway", "privacy", "records", "audit"]

SERVICES: Final[tuple[ServiceName, ...]] = get_args(ServiceName)

PEERS: Final = "peers"
"""Other nodes' gateways."""

WHO_MAY_CALL: Final[dict[ServiceName, frozenset[str]]] = {
    "gateway": frozenset({"privacy", "records", "audit"}),
    "records": frozenset({"privacy", "audit", PEERS}),
    "privacy": frozenset({"audit"}),
    "audit": frozenset({PEERS}),
}


def callers_of(service: ServiceName) -> tuple[ServiceName, ...]:
    """The services that may call `service`, in the order of SERVICES."""
    return tuple(caller for caller in SERVICES if service in WHO_MAY_CALL[caller])


def forwarded_to(service: ServiceName) -> tuple[ServiceName, ...]:
    """The services whose tokens `service` may meet: those that call it, and those whose callers they call on behalf of."""
    direct = callers_of(service)
    behind = {caller for one in direct for caller in callers_of(one)}
    return tuple(name for name in SERVICES if name in {*direct, *behind})
