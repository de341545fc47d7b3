"""Who takes part in the demo: the clients of each state, by the organisation they belong to and what they may do."""

from dataclasses import dataclass

from safepassage.wire_clients import ClientKind

MOVER_DISTRICT, RECEIVING_DISTRICT = "mover's district", "receiving district"


@dataclass(frozen=True)
class Seat:
    """A client of the demo. Its file is `<name>.json`."""

    name: str
    organisation: str
    """`sea`, a vendor's name, or which of the districts."""
    kind: ClientKind
    role: str
    scopes: tuple[str, ...]
    purposes: tuple[str, ...] = ()


SEA = Seat(
    "state-agency",
    "sea",
    "operations",
    "privacy-officer",
    (
        "records:load",
        "records:read:state",
        "rights:act",
        "agreements:write",
        "decisions:read",
        "obligations:read",
        "matches:resolve",
        "exchange:operate",
        "readiness:read",
        "readiness:attest",
        "audit:accounting",
        "audit:search",
        "audit:operate",
        "admin:organisations",
        "admin:clients",
    ),
    ("audit-evaluation",),
)
DISTRICT_SCOPES = (
    "records:load",
    "records:read",
    "rights:act",
    "credentials:revoke",
    "educators:credentials",
    "agreements:read",
    "agreements:write",
    "decisions:read",
    "obligations:read",
    "obligations:discharge",
    "exchange:request",
    "evidence:write",
    "audit:accounting",
    "audit:search",
)
FORMER_DISTRICT = Seat("former-district", MOVER_DISTRICT, "information-system", "registrar", DISTRICT_SCOPES)
NEW_DISTRICT = Seat("new-district", RECEIVING_DISTRICT, "information-system", "registrar", DISTRICT_SCOPES)
READING_VENDOR = Seat(
    "lantern-reading", "Lantern Reading", "application", "reading-programme", ("records:read", "agreements:read"), ("instruction",)
)

SEATS: dict[str, tuple[Seat, ...]] = {
    "Alder": (SEA, FORMER_DISTRICT, READING_VENDOR),
    "Birch": (SEA, NEW_DISTRICT),
}
VENDORS: dict[str, tuple[str, ...]] = {"Alder": ("Lantern Reading",), "Birch": ()}
