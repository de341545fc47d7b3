"""What every service is told: from `SAFE_PASSAGE_*` variables or a settings object; secrets are files in `keys_directory`, never values."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, IPvAnyNetwork, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from shared.origins import is_origin
from shared.who_may_call import ServiceName


class ServiceSettings(BaseSettings):
    """Settings that all four services have. docs/settings.md documents each one; a test compares."""

    model_config = SettingsConfigDict(env_prefix="SAFE_PASSAGE_", extra="forbid", frozen=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given, then the environment. There is no file `.env` and no folder of values to look into, field by field."""
        return init_settings, env_settings

    entity_id: Annotated[str, Field(description="The node's https URL: its name to other nodes and the issuer of its tokens.")]
    database_url: Annotated[
        str, Field(description="`sqlite+aiosqlite:///path` or `postgresql+asyncpg://role@host/database`, without a password.")
    ]
    database_password_file: Annotated[Path | None, Field(description="File with the database role's password, mode 0600.")] = None
    database_schema: Annotated[str | None, Field(description="PostgreSQL schema of this service; its role owns it.")] = None
    database_pool_size: Annotated[int, Field(ge=1, le=100, description="PostgreSQL connections of this process at the most.")] = 10
    keys_directory: Annotated[Path, Field(description="Folder of this service's key files (`safepassage-node keys` makes them).")]
    sibling_urls: Annotated[
        dict[ServiceName, str], Field(description="Base URL of each sibling that this service may call; empty in the embedded node.")
    ] = {}
    sibling_authorities_file: Annotated[
        Path | None, Field(description="PEM file of the only certificate authorities believed for siblings' https; else the system's.")
    ] = None
    peer_authorities_file: Annotated[
        Path | None, Field(description="PEM file of the only certificate authorities believed for other nodes' https; else the system's.")
    ] = None
    inside_networks: Annotated[
        tuple[IPvAnyNetwork, ...],
        Field(
            description="Private networks in which other nodes, witnesses, receivers of the log, Ed-Fi systems or clients' key sets may be "
            "called. Whoever may name one of these reaches everything there that speaks https; left out: public addresses alone."
        ),
    ] = ()
    trust_list_file: Annotated[Path | None, Field(description="The signed list of member agencies.")] = None
    trust_list_digest: Annotated[
        str | None,
        Field(
            pattern=r"^[A-Za-z0-9_-]{43}$", description="Digest of the first trust list to accept, got by another way than the list itself."
        ),
    ] = None
    connections_at_most: Annotated[
        int,
        Field(
            ge=10,
            le=1_000_000,
            description="Open connections of this process; one more is told 503 and closed. The limit of open files is raised for them "
            "as far as the process may; where that is too little, there are fewer, and a line says so.",
        ),
    ] = 10_000
    stop_unready_seconds: Annotated[
        float,
        Field(ge=0, le=60, description="After SIGTERM `/readyz` is 503 and requests are still answered for so long; then nothing new."),
    ] = 5.0
    stop_grace_seconds: Annotated[
        int, Field(ge=1, le=3600, description="What is under way then, streams too, has so long to end before it is cut off.")
    ] = 30
    insecure_development: Annotated[
        bool, Field(description="Accept http on loopback between nodes. For a developer's machine only; never set by default.")
    ] = False

    @model_validator(mode="after")
    def _https_unless_development(self) -> Self:
        if not self.entity_id.startswith("https://") and not self.insecure_development:
            raise ValueError("entity_id must be an https URL (or ask for insecure_development by name)")
        if not is_origin(self.entity_id):
            # Browsers compare their forms' origin with it, and everything published lies at the root of its host.
            raise ValueError("entity_id is scheme and host in lower case, and the port if it is not the scheme's own: no path, no slash")
        return self

    @field_validator("database_url")
    @classmethod
    def _of_a_known_store(cls, url: str) -> str:
        # What is no such URL would be taken for PostgreSQL's, and the fault looked for at a server.
        if not url.startswith(("sqlite+aiosqlite://", "sqlite+inline://", "postgresql+asyncpg://", "postgresql://")):
            raise ValueError("write it as postgresql+asyncpg://role@host/database, or sqlite+aiosqlite:///path")
        return url

    @property
    def host(self) -> str:
        """Host (and port) of the entity id: the first part of the log's origin."""
        return self.entity_id.partition("://")[2]
