"""What the gateway is told."""

from pathlib import Path
from typing import Annotated, Final, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, IPvAnyNetwork, model_validator

from services.gateway.limit_settings import LimitSettings
from services.gateway.people.settings import PeopleSettings
from shared.identity_checks import USUAL_DAYS, IdentityCheckDays

LONGEST_SECONDS: Final = 3600
"""No access token lives longer, whatever the settings of the process that gave it."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("console_zone must be an IANA name, such as America/Chicago") from error
    return name


class GatewaySettings(LimitSettings, PeopleSettings):
    """Settings of the gateway; docs/settings.md documents each one."""

    node_statement_file: Annotated[
        Path | None, Field(description="The node's own signed statement (`safepassage-node keys` makes it), served to peers.")
    ] = None
    access_token_seconds: Annotated[int, Field(ge=60, le=LONGEST_SECONDS, description="Lifetime of an access token.")] = 300
    authorization_seconds: Annotated[
        int, Field(ge=300, le=86_400, description="For so long an application may act for a person before they are asked again.")
    ] = 28_800
    refresh_idle_seconds: Annotated[
        int, Field(ge=60, le=86_400, description="A refresh token that was not used for so long counts no more.")
    ] = 3600
    require_proof_nonce: Annotated[
        bool, Field(description="Every DPoP proof must hold a nonce of this server: one more round trip, no trust in clients' clocks.")
    ] = False
    proofs_directory: Annotated[
        Path | None,
        Field(
            description="Folder that every gateway process of the node shares, all on one machine (best in memory, a tmpfs): there "
            "used DPoP proofs are remembered, and not in the store; each then needs a nonce of this server (docs/deployment.md)."
        ),
    ] = None
    limits_file: Annotated[
        Path | None,
        Field(
            description="JSON object of rates, bursts and daily quotas that count instead of the settings' own, by their names in lower "
            "case without `SAFE_PASSAGE_`; read at the start and at each SIGHUP, which fails no request (docs/deployment.md)."
        ),
    ] = None
    legacy_clients: Annotated[
        bool,
        Field(
            description="Clients that are registered with a secret are let in to rosters, without a proof of possession: for Ed-Fi and "
            "OneRoster systems that can do no better."
        ),
    ] = False
    client_certificate_authorities: Annotated[
        Path | None,
        Field(description="PEM file of the authorities that issue clients' certificates directly (RFC 8705, `tls_client_auth`)."),
    ] = None
    self_signed_client_certificates: Annotated[
        Path | None,
        Field(description="PEM file of the certificates that clients signed themselves: the handshake lets no other through."),
    ] = None
    client_certificate_header: Annotated[
        str | None,
        Field(
            pattern=r"^[a-z0-9-]{1,64}$",
            description="Field in which `trusted_proxies` say with which certificate a client came to them, as RFC 9440 or nginx has it; "
            "they remove it from what clients send.",
        ),
    ] = None
    trusted_proxies: Annotated[
        tuple[IPvAnyNetwork, ...],
        Field(description="Networks of the agency's own proxies, whose `X-Forwarded-For` is believed; left out: nobody's is."),
    ] = ()
    other_hosts: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9._\[\]:-]{1,255}$")], ...],
        Field(
            max_length=20,
            description="What `Host` may say beside the name of the entity id, with the port where it is not the scheme's own; anything "
            "else is answered 421.",
        ),
    ] = ()
    metrics_port: Annotated[
        int | None,
        Field(ge=0, le=65535, description="Port for Prometheus, apart from the public one; left out: counters are not served."),
    ] = None
    metrics_address: Annotated[
        str, Field(min_length=1, max_length=255, description="Internal address on which `metrics_port` listens.")
    ] = "127.0.0.1"
    administration_port: Annotated[
        int | None,
        Field(ge=0, le=65535, description="Port for the routes of administration, which are then not there at the public one."),
    ] = None
    administration_address: Annotated[
        str, Field(min_length=1, max_length=255, description="Internal address on which `administration_port` listens.")
    ] = "127.0.0.1"
    administration_url: Annotated[
        str | None,
        Field(pattern=r"^https?://[^/?#]+$", description="URL of the administration port: proofs name it there; left out: the entity id."),
    ] = None
    developer_page: Annotated[
        bool | None,
        Field(description="Serve `/docs`, where developers try the interface; left out: only where `insecure_development` is."),
    ] = None

    identity_check_days: IdentityCheckDays = USUAL_DAYS
    family_link_hours: Annotated[int, Field(ge=1, le=720, description="A link to the family's page can be used for so long, once.")] = 168
    family_idle_seconds: Annotated[int, Field(ge=60, le=3600, description="A family's visit ends when nothing was asked for so long.")] = (
        1800
    )
    family_session_seconds: Annotated[int, Field(ge=300, le=14_400, description="A family's visit ends after so long in any case.")] = 7200
    console_zone: Annotated[
        str,
        AfterValidator(_known_zone),
        Field(max_length=64, description="Time zone in which the console says instants to who has chosen none: an IANA name."),
    ] = "UTC"

    @model_validator(mode="after")
    def _proxies_are_named(self) -> Self:
        if self.client_certificate_header is not None and not self.trusted_proxies:
            raise ValueError("client_certificate_header needs trusted_proxies: nobody else's word of a certificate counts")
        return self

    @property
    def client_certificate_files(self) -> tuple[Path, ...]:
        """What the handshake believes of clients."""
        files = (self.client_certificate_authorities, self.self_signed_client_certificates)
        return tuple(file for file in files if file is not None)

    @property
    def takes_client_certificates(self) -> bool:
        """Whether a client can come with one."""
        return bool(self.client_certificate_files) or self.client_certificate_header is not None
